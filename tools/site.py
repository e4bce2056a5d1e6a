"""Build the documentation site from README.md, docs/ and rules/, and check every link inside it.

usage: python tools/site.py

The pages are written from the files that are there, and the site into build/site/html; nothing is kept by hand. A
link to a file or heading that does not exist ends the build with exit code 1. Needs the extra `docs`.
"""

from __future__ import annotations

import posixpath
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import groupby
from pathlib import Path
from urllib.parse import unquote, urlsplit

import yaml

from torchlint.evidence.pages import load_page
from torchlint.lint.listing import Listed, listed_rules

ROOT = Path(__file__).parents[1]
WORK = ROOT / "build" / "site"
BLOB = "https://github.com/torchlint/torchlint/blob/main/"
GUIDE = {
    "index.md": ("README.md", "Start"),
    "editors.md": ("docs/editors.md", "In the editor"),
    "features.md": ("docs/features.md", "Beside ruff and TorchFix"),
    "notes.md": ("docs/notes.md", "What torch says"),
    "own-rules.md": ("docs/own-rules.md", "torchlint's own reports"),
    "architecture.md": ("docs/architecture.md", "Architecture"),
    "oracles.md": ("docs/oracles.md", "Oracles"),
    "found.md": ("docs/found.md", "Found in the wild"),
    "read.md": ("docs/read.md", "Read by eye"),
    "contributing.md": ("CONTRIBUTING.md", "Contributing"),
    "changelog.md": ("CHANGELOG.md", "Changelog"),
}
_LINK = re.compile(r"`[^`\n]*`|(?P<before>\]\()(?P<target>[^)\s]+)\)")
_FENCE = re.compile(r"^(`{3,})")


def main() -> int:
    """Write the sources, build, check; the exit code."""
    shutil.rmtree(WORK, ignore_errors=True)
    rules = listed_rules()
    sources = {name: source for name, (source, _) in GUIDE.items()}
    sources |= {f"rules/{each.name}.md": f"rules/{each.name}.md" for each in rules if _has_page(each)}
    pages = {source: name for name, source in sources.items()} | {"rules": "rules/index.md"}
    problems: list[str] = []
    for name, source in sources.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        if name.startswith("rules/"):
            (rule,) = (each for each in rules if f"rules/{each.name}.md" == name)
            text = _with_badges(load_page(rule.name).shown(emphasis=True), rule)
        _write(name, _relinked(text, source, name, pages, problems))
    _write("rules/index.md", _index(rules))
    shutil.copytree(ROOT / "docs" / "images", WORK / "docs" / "images")
    shutil.copy(ROOT / "docs" / "torchlint.schema.json", WORK / "docs")
    _configure(rules)
    if not problems:
        done = subprocess.run([sys.executable, "-m", "zensical", "build", "--strict", "--clean"], cwd=WORK, check=False)
        problems += ["zensical found mistakes"] if done.returncode else _broken(WORK / "html")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


def _has_page(each: Listed) -> bool:
    return (ROOT / "rules" / f"{each.name}.md").exists()


def _write(name: str, text: str) -> None:
    path = WORK / "docs" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _configure(rules: list[Listed]) -> None:
    """mkdocs.yml with the folders and the navigation, which follows the rules."""
    with (ROOT / "mkdocs.yml").open(encoding="utf-8") as file:
        configuration = yaml.safe_load(file)
    families: list[object] = ["rules/index.md"]
    for family, group in groupby(filter(_has_page, rules), key=lambda each: each.family):
        families.append({family: [{f"{each.code} {each.name}": f"rules/{each.name}.md"} for each in group]})
    guide = [{title: name} for name, (_, title) in GUIDE.items()]
    configuration["nav"] = [{"Guide": guide}, {"Rules": families}]
    configuration |= {"docs_dir": "docs", "site_dir": "html"}
    with (WORK / "mkdocs.yml").open("w", encoding="utf-8") as file:
        yaml.safe_dump(configuration, file, sort_keys=False)


def _with_badges(text: str, each: Listed) -> str:
    """The page with a line under its title: family, level, whether it is on, and its fix."""
    title, _, rest = text.partition("\n")
    state = "on by default" if each.default else "off by default"
    fix = "no fix" if each.fix == "none" else f"{each.fix} fix"
    return f"{title}\n\n**{each.family}** · {each.severity} · {state} · {fix}\n{rest}"


def _index(rules: list[Listed]) -> str:
    lines = [
        "---",
        "hide: [toc]",
        "---",
        "# Rules",
        "",
        "Each rule has a page with the pitfall, what to write instead, and the look-alikes that are fine. The tests run",
        "every program of these pages under torch, lint it and fix it.",
        "",
        "A *safe* fix keeps or mends what the program does; an *unsafe* one is applied with `--unsafe-fixes` only.",
    ]
    for family, group in groupby(rules, key=lambda each: each.family):
        lines += ["", f"## {family}", "", "| code | name | level | default | fix | |", f"|{' --- |' * 6}"]
        for each in group:
            page = f"{each.name}.md" if _has_page(each) else f"../own-rules.md#{each.name}"
            state = "on" if each.default else "off"
            cells = (each.code, f"[{each.name}]({page})", each.severity, state, each.fix, each.summary.replace("|", "\\|"))
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _relinked(text: str, source: str, name: str, pages: dict[str, str], problems: list[str]) -> str:
    """The text with its links to files of the repository turned into links of the site."""

    def link(match: re.Match[str]) -> str:
        target = match["target"]
        if target is None or urlsplit(target).scheme or target.startswith("#"):
            return match[0]
        path, _, anchor = target.partition("#")
        wanted = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
        if not (ROOT / wanted).exists():
            problems.append(f"{source}: {target}: there is no such file")
        if wanted in pages:
            found = posixpath.relpath(pages[wanted], posixpath.dirname(name))
        elif wanted.startswith("docs/"):
            found = posixpath.relpath(wanted.removeprefix("docs/"), posixpath.dirname(name))
        else:
            found = BLOB + wanted
        return f"{match['before']}{found}{'#' if anchor else ''}{anchor})"

    return "\n".join(line if code else _LINK.sub(link, line) for line, code in _lines(text))


def _lines(text: str) -> Iterator[tuple[str, bool]]:
    """The lines of a Markdown text, and whether each is in a block of code."""
    fence = ""
    for line in text.split("\n"):
        found = _FENCE.match(line)
        yield line, bool(fence)
        if found and not fence:
            fence = found[1]
        elif line.rstrip() == fence:
            fence = ""


class _Page(HTMLParser):
    """The links of an HTML page, and the places in it that links may name."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.places: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for key, value in attrs:
            if key == "id" and value:
                self.places.add(value)
            elif key in ("href", "src") and value:
                self.links.append(value)


def _broken(output: Path) -> Iterator[str]:
    """Every link of the built site that leads nowhere inside it."""
    pages = {path: _Page(path.read_text(encoding="utf-8")) for path in sorted(output.rglob("*.html"))}
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or path.name == "404.html":
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            if not target.exists():
                yield f"{path.relative_to(output)}: {link}: there is no such page"
            elif parts.fragment and target in pages and unquote(parts.fragment) not in {*pages[target].places, "__skip"}:
                yield f"{path.relative_to(output)}: {link}: there is no such heading"


if __name__ == "__main__":
    sys.exit(main())
