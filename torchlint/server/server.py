"""The server itself: what it knows of its client, and what it tells it unasked."""

from __future__ import annotations

import gc
import json
import sys
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from torchlint import __version__
from torchlint.server.diagnostics import converted, result_id
from torchlint.server.documents import Documents, Encoding, Opened
from torchlint.server.facts import Facts
from torchlint.server.protocol import Protocol
from torchlint.server.schedule import Reported, Schedule
from torchlint.server.settings import ClientSettings, FolderSettings

_NOTEBOOKS = types.NotebookDocumentSyncOptions(
    notebook_selector=[
        types.NotebookDocumentFilterWithNotebook(
            notebook="jupyter-notebook", cells=[types.NotebookCellLanguage(language="python")]
        )
    ]
)


class TorchlintServer(LanguageServer):
    """One client's server: its documents, its settings, and the schedule at which the linter works."""

    protocol: Protocol

    def __init__(self) -> None:
        super().__init__(
            "torchlint",
            __version__,
            text_document_sync_kind=types.TextDocumentSyncKind.Full,
            notebook_document_sync=_NOTEBOOKS,
            protocol_cls=Protocol,
        )
        self.settings = FolderSettings()
        self.initial = ClientSettings()
        self.schedule = Schedule(self.opened, lambda: self.settings, self._answered, self._failed)
        self.facts = Facts(self.schedule.projects.trees)
        self._documents: Documents | None = None
        self._due = False
        self._published: dict[str, tuple[str, int | None]] = {}

    def serve(self) -> int:
        """Serve standard input and output until the client leaves; 0 if it said `shutdown` first."""
        # The schedule collects garbage when nobody waits for it.
        gc.disable()
        self.start_io()
        self.schedule.close()
        return 0 if self.protocol.ended_well else 1

    def opened(self) -> Opened:
        if self._documents is None:
            self._documents = Documents(self.workspace)
        return self._documents.opened()

    @property
    def encoding(self) -> Encoding:
        chosen = self.workspace.position_encoding
        return Encoding(chosen.value if isinstance(chosen, types.PositionEncodingKind) else chosen or "utf-16")

    @property
    def folders(self) -> list[str]:
        uris = [folder.uri for folder in self.workspace.folders.values()] or [self.workspace.root_uri or ""]
        return [path for uri in uris if uri.startswith("file:") and (path := to_fs_path(uri))]

    def can(self, *names: str) -> Any:
        """A capability of the client by its path, such as `workspace`, `configuration`; None if it has not said."""
        found: Any = self.client_capabilities
        for name in names:
            found = getattr(found, name, None)
        return found

    @property
    def pulled(self) -> bool:
        """Whether the client asks for diagnostics itself; pushing them too would show each one twice."""
        return self.can("text_document", "diagnostic") is not None

    @property
    def relates(self) -> bool:
        """Whether the client shows related places."""
        asked = self.can("text_document", "diagnostic", "related_information")
        return bool(asked or self.can("text_document", "publish_diagnostics", "related_information"))

    def edited(self) -> None:
        """A document was edited: work out what to push, or wait to be asked."""
        self.schedule.touch()
        if not self.pulled and self.settings.base.on_type:
            self.schedule.start()

    def changed(self) -> None:
        """A document was opened or closed."""
        self._due = True
        self.schedule.touch()
        if not self.pulled:
            self.schedule.start()

    async def start_anew(self) -> None:
        """Files on the disk or settings changed: everything shown may be out of date."""
        self._due = True
        await self.schedule.forget()
        if not self.pulled:
            self.schedule.start()
        elif self.can("workspace", "diagnostics", "refresh_support"):
            self.workspace_diagnostic_refresh(None)
        if self.can("workspace", "inlay_hint", "refresh_support"):
            self.workspace_inlay_hint_refresh(None)

    def gone(self, uris: list[str]) -> None:
        """Documents were closed: nothing is shown for them any more."""
        for uri in uris:
            if self._published.pop(uri, None) and not self.pulled:
                self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))

    def told(self, uri: str, identity: str) -> None:
        """The client was given the diagnostics of this identity when it asked."""
        self._published[uri] = (identity, self.opened().versions.get(uri))

    def _answered(self, reported: Reported) -> None:
        if self.settings.base.on_type or self._due:
            self._due = False
            self._show(reported)
        for complaint in self.schedule.projects.complaints():
            self.window_show_message(types.ShowMessageParams(types.MessageType.Warning, complaint))

    def _show(self, reported: Reported) -> None:
        """Push what changed, or let the client ask again where another document's edit changed it."""
        refresh = False
        for uri, (checked, name, reports) in reported.items():
            version = checked.opened.versions.get(uri)
            items = converted(checked, name, reports, self.encoding, self.relates)
            known, current = self._published.get(uri), (result_id(items), version)
            if not self.pulled and known != current:
                self._published[uri] = current
                self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, items, version))
            refresh |= self.pulled and known is not None and known[1] == version and known[0] != current[0]
        if refresh and self.can("workspace", "diagnostics", "refresh_support"):
            self.workspace_diagnostic_refresh(None)

    def _failed(self, error: Exception) -> None:
        self._log(f"torchlint failed ({type(error).__name__}: {error}); please report it")

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Answer what is no JSON as JSON-RPC asks; tell the rest to the client's log, which disturbs nobody."""
        if isinstance(error, json.JSONDecodeError | UnicodeDecodeError):
            self.protocol.refuse(None, types.ErrorCodes.ParseError, f"this is no JSON: {error}")
        else:
            self._log(f"{type(error).__name__}: {error}")

    def _log(self, message: str) -> None:
        print(message, file=sys.stderr)
        self.window_log_message(types.LogMessageParams(types.MessageType.Error, message))
