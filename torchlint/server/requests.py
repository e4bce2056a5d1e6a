"""The answers to a client's messages; each handler is a line or two over what the package knows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from lsprotocol import types
from pygls.uris import to_fs_path

from torchlint.diagnostic import Diagnostic, Position
from torchlint.server import hover as hovers
from torchlint.server.actions import FIX_ALL, KINDS, SHOW_PAGE, Actions
from torchlint.server.diagnostics import converted, result_id
from torchlint.server.hints import inlay_hints
from torchlint.server.projects import Checked
from torchlint.server.server import TorchlintServer
from torchlint.server.settings import FolderSettings

_WATCHED = (
    "**/*.py",
    "**/*.ipynb",
    "**/*.toml",
    "**/setup.cfg",
    "**/requirements*.{txt,in}",
    "**/requirements/*.{txt,in}",
    "**/{environment,conda}*.{yml,yaml}",
    "**/.gitignore",
)


def initialize(ls: TorchlintServer, params: types.InitializeParams) -> None:
    ls.initial = ls.initial.with_values(params.initialization_options)
    ls.settings = FolderSettings(ls.initial)


async def initialized(ls: TorchlintServer, params: types.InitializedParams) -> None:
    wanted: list[types.Registration] = []
    if ls.can("workspace", "did_change_watched_files", "dynamic_registration"):
        watchers = [types.FileSystemWatcher(pattern) for pattern in _WATCHED]
        options = types.DidChangeWatchedFilesRegistrationOptions(watchers)
        wanted.append(types.Registration("files", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options))
    if ls.can("workspace", "did_change_configuration", "dynamic_registration"):
        section = types.DidChangeConfigurationRegistrationOptions("torchlint")
        wanted.append(types.Registration("configuration", types.WORKSPACE_DID_CHANGE_CONFIGURATION, section))
    if wanted:
        await ls.client_register_capability_async(types.RegistrationParams(wanted))
    if ls.can("workspace", "configuration"):
        await _configure(ls, None)


async def did_change_configuration(ls: TorchlintServer, params: types.DidChangeConfigurationParams) -> None:
    await _configure(ls, params.settings)


async def _configure(ls: TorchlintServer, given: object) -> None:
    """Take the client's configuration, asking for it where it can be asked for."""
    settings = FolderSettings(ls.initial.with_values(_plain(given)))
    if ls.can("workspace", "configuration"):
        folders = list(ls.workspace.folders.values())
        items = [types.ConfigurationItem(each, "torchlint") for each in (None, *(folder.uri for folder in folders))]
        answers = list(await ls.workspace_configuration_async(types.ConfigurationParams(items)))
        base, *own = [_plain(each) for each in answers] or [None]
        everywhere = ls.initial.with_values(base)
        by_folder = zip(folders, map(everywhere.with_values, own), strict=False)
        different = ((to_fs_path(folder.uri), its) for folder, its in by_folder if its != everywhere)
        settings = FolderSettings(everywhere, {path: its for path, its in different if path})
    if settings != ls.settings:
        ls.settings = settings
        await ls.start_anew()


def _plain(given: Any) -> object:
    """JSON as dicts and lists, whatever pygls made of it."""
    if hasattr(given, "_asdict"):
        given = given._asdict()
    if isinstance(given, dict):
        return {key: _plain(value) for key, value in given.items()}
    return [_plain(each) for each in given] if isinstance(given, list | tuple) else given


async def files_changed(ls: TorchlintServer, params: object) -> None:
    await ls.start_anew()


async def folders_changed(ls: TorchlintServer, params: object) -> None:
    if ls.can("workspace", "configuration"):
        await _configure(ls, None)
    await ls.start_anew()


def opened(ls: TorchlintServer, params: object) -> None:
    ls.changed()


def edited(ls: TorchlintServer, params: object) -> None:
    ls.edited()


def closed(ls: TorchlintServer, params: types.DidCloseTextDocumentParams) -> None:
    ls.gone([params.text_document.uri])
    ls.changed()


def notebook_closed(ls: TorchlintServer, params: types.DidCloseNotebookDocumentParams) -> None:
    ls.gone([cell.uri for cell in params.cell_text_documents])
    ls.changed()


async def diagnostics(ls: TorchlintServer, params: types.DocumentDiagnosticParams) -> types.DocumentDiagnosticReport:
    reported = await ls.schedule.newest()
    uri = params.text_document.uri
    items: list[types.Diagnostic] = []
    if uri in reported:
        checked, name, reports = reported[uri]
        items = converted(checked, name, reports, ls.encoding, ls.relates)
    identity = result_id(items)
    ls.told(uri, identity)
    if params.previous_result_id == identity:
        return types.RelatedUnchangedDocumentDiagnosticReport(identity)
    return types.RelatedFullDocumentDiagnosticReport(items, result_id=identity)


async def workspace_diagnostics(
    ls: TorchlintServer, params: types.WorkspaceDiagnosticParams
) -> types.WorkspaceDiagnosticReport:
    known = {each.uri: each.value for each in params.previous_result_ids}
    folders = [folder for folder in ls.folders if ls.settings.of(folder).workspace_diagnostics]
    reported = await ls.schedule.workspace(folders)
    reports: list[types.WorkspaceDocumentDiagnosticReport] = []
    for uri, (checked, name, own) in reported.items():
        items = converted(checked, name, own, ls.encoding, ls.relates)
        identity, version = result_id(items), checked.opened.versions.get(uri)
        if known.pop(uri, None) == identity:
            reports.append(types.WorkspaceUnchangedDocumentDiagnosticReport(uri, identity, version=version))
        else:
            reports.append(types.WorkspaceFullDocumentDiagnosticReport(uri, items, version=version, result_id=identity))
    reports += [types.WorkspaceFullDocumentDiagnosticReport(uri, [], result_id=result_id([])) for uri in known]
    return types.WorkspaceDiagnosticReport(reports)


async def hover(ls: TorchlintServer, params: types.HoverParams) -> types.Hover | None:
    found = await _document(ls, params.text_document.uri)
    if found is None:
        return None
    checked, name, reports = found
    position = ls.encoding.from_client(checked.lines(name), params.position)
    here = [each for each in reports if each.place.span.start <= position <= each.place.span.end]
    path, above = checked.path(name)
    place = Position(position.row + above, position.column)
    variable = await ls.schedule.ask(lambda: ls.facts.variable(checked, path, place))
    formats = ls.can("text_document", "hover", "content_format") or ()
    return hovers.hover(here, variable, types.MarkupKind.Markdown in formats)


async def hints(ls: TorchlintServer, params: types.InlayHintParams) -> list[types.InlayHint] | None:
    found = await _document(ls, params.text_document.uri)
    if found is None:
        return None
    checked, name, _ = found
    if not ls.settings.of(checked.file(name)).inlay_hints:
        return None
    path, above = checked.path(name)
    lines = checked.lines(name)
    known = await ls.schedule.ask(lambda: ls.facts.hints(checked, path))
    return inlay_hints([hint.moved(-above) for hint in known], lines, ls.encoding, params.range)


async def actions(ls: TorchlintServer, params: types.CodeActionParams) -> list[types.CodeAction] | None:
    found = await _document(ls, params.text_document.uri)
    if found is None:
        return None
    checked, name, reports = found
    own = _actions(ls, checked, name)
    wanted = _wanted(params.context.only)
    here = [each for each in reports if _overlaps(ls, checked.lines(name), each, params.range)]
    answer: list[types.CodeAction] = []
    if wanted(types.CodeActionKind.QuickFix.value):
        shown = converted(checked, name, here, ls.encoding, ls.relates)
        answer += await ls.schedule.ask(lambda: list(own.on(here, shown)))
    if wanted(FIX_ALL) and any(each.fix and checked.wants(each.fix, name) for each in reports):
        action = types.CodeAction("Fix all that torchlint can fix safely", kind=FIX_ALL)
        if _resolves(ls):
            action.data = {"uri": params.text_document.uri}
        else:
            action.edit = await ls.schedule.ask(lambda: own.fix_all(ls.schedule.projects.trees))
        answer.append(action)
    return answer


async def resolve(ls: TorchlintServer, action: types.CodeAction) -> types.CodeAction:
    uri = _plain(action.data)
    found = await _document(ls, str(uri["uri"])) if isinstance(uri, dict) and "uri" in uri else None
    if found is not None and action.kind == FIX_ALL:
        own = _actions(ls, found[0], found[1])
        action.edit = await ls.schedule.ask(lambda: own.fix_all(ls.schedule.projects.trees))
    return action


def show_page(ls: TorchlintServer, url: str) -> None:
    if ls.can("window", "show_document", "support"):
        ls.window_show_document(types.ShowDocumentParams(url, external=True))
    else:
        ls.window_show_message(types.ShowMessageParams(types.MessageType.Info, url))


async def _document(ls: TorchlintServer, uri: str) -> tuple[Checked, str, Sequence[Diagnostic]] | None:
    return (await ls.schedule.newest()).get(uri)


def _actions(ls: TorchlintServer, checked: Checked, name: str) -> Actions:
    return Actions(checked, name, ls.encoding, bool(ls.can("workspace", "workspace_edit", "document_changes")))


def _resolves(ls: TorchlintServer) -> bool:
    return "edit" in (ls.can("text_document", "code_action", "resolve_support", "properties") or ())


def _wanted(only: Sequence[types.CodeActionKind | str] | None) -> Callable[[str], bool]:
    kinds = [each.value if isinstance(each, types.CodeActionKind) else each for each in only or ()]
    return lambda kind: only is None or any(kind == each or kind.startswith(f"{each}.") for each in kinds)


def _overlaps(ls: TorchlintServer, lines: Sequence[str], each: Diagnostic, wanted: types.Range) -> bool:
    start, end = (ls.encoding.from_client(lines, place) for place in (wanted.start, wanted.end))
    return each.place.span.start <= end and start <= each.place.span.end


def register(ls: TorchlintServer) -> None:
    """Make the server answer these messages."""
    pulled = types.DiagnosticOptions(inter_file_dependencies=True, workspace_diagnostics=True, identifier="torchlint")
    for method, handler, options in (
        (types.INITIALIZE, initialize, None),
        (types.INITIALIZED, initialized, None),
        (types.TEXT_DOCUMENT_DID_OPEN, opened, None),
        (types.TEXT_DOCUMENT_DID_CHANGE, edited, None),
        (types.TEXT_DOCUMENT_DID_SAVE, files_changed, None),
        (types.TEXT_DOCUMENT_DID_CLOSE, closed, None),
        (types.NOTEBOOK_DOCUMENT_DID_OPEN, opened, None),
        (types.NOTEBOOK_DOCUMENT_DID_CHANGE, edited, None),
        (types.NOTEBOOK_DOCUMENT_DID_CLOSE, notebook_closed, None),
        (types.WORKSPACE_DID_CHANGE_CONFIGURATION, did_change_configuration, None),
        (types.WORKSPACE_DID_CHANGE_WATCHED_FILES, files_changed, None),
        (types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS, folders_changed, None),
        (types.TEXT_DOCUMENT_DIAGNOSTIC, diagnostics, pulled),
        (types.WORKSPACE_DIAGNOSTIC, workspace_diagnostics, None),
        (types.TEXT_DOCUMENT_HOVER, hover, None),
        (types.TEXT_DOCUMENT_INLAY_HINT, hints, None),
        (types.TEXT_DOCUMENT_CODE_ACTION, actions, types.CodeActionOptions(KINDS, resolve_provider=True)),
        (types.CODE_ACTION_RESOLVE, resolve, None),
    ):
        ls.feature(method, options)(handler)

    def show(url: str) -> None:
        show_page(ls, url)

    ls.command(SHOW_PAGE)(show)
