"""The editor goes by the nearest configuration above each file, as the command line does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.test_nested_configurations import SIZE
from tests.cli.test_related_places import MODEL, TRAIN
from torchlint.project.text import Text
from torchlint.server.documents import Opened
from torchlint.server.projects import Projects
from torchlint.server.settings import FolderSettings


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def codes(projects: Projects, folder: Path, *names: str, whole: bool = False) -> dict[str, list[str]]:
    """The codes reported in open files, or in the whole workspace, by file."""
    opened = Opened({str(folder / name): Text((folder / name).read_text()) for name in names}, {})
    if whole:
        checked = projects.check_workspace([str(folder)], opened, FolderSettings(), lambda: None)
    else:
        checked = projects.check_open(opened, FolderSettings(), lambda: None)
    found: dict[str, list[str]] = {}
    for each in checked:
        for report in each.found:
            found.setdefault(Path(each.file(report.place.path)).relative_to(folder).as_posix(), []).append(report.code)
    return found


@pytest.mark.parametrize("whole", [False, True])
def test_each_file_goes_by_the_nearest_configuration(tmp_path: Path, whole: bool) -> None:
    write(
        tmp_path,
        {
            "pyproject.toml": '[tool.torchlint]\nselect = ["TL1"]\n',
            "sub/torchlint.toml": 'extend = "../pyproject.toml"\nignore = ["TL101"]\n',
            "apart/torchlint.toml": "",
            **dict.fromkeys(("a.py", "sub/a.py", "apart/a.py"), SIZE),
        },
    )
    assert codes(Projects(), tmp_path, "sub/a.py", "a.py", "apart/a.py", whole=whole) == {"a.py": ["TL101"], "apart/a.py": ["TL101"]}


def test_files_of_one_program_under_several_configurations_are_told_once(tmp_path: Path) -> None:
    write(tmp_path, {"pyproject.toml": "", "models/torchlint.toml": "", "models/model.py": MODEL})
    write(tmp_path, {"torchlint.toml": "", "train.py": TRAIN.replace("from model", "from models.model")})
    assert codes(Projects(), tmp_path, "train.py", "models/model.py") == {"models/model.py": ["TL401"]}
    assert codes(Projects(), tmp_path, "train.py") == {"train.py": ["TL401"]}
    write(tmp_path, {"models/torchlint.toml": 'ignore = ["TL401"]\n'})
    assert codes(Projects(), tmp_path, "train.py") == {}


def test_a_changed_configuration_counts_once_files_are_read_anew(tmp_path: Path) -> None:
    write(tmp_path, {"base.toml": "", "torchlint.toml": 'extend = "base.toml"\n', "a.py": SIZE})
    projects = Projects()
    assert codes(projects, tmp_path, "a.py") == {"a.py": ["TL101"]}
    write(tmp_path, {"base.toml": 'ignore = ["TL101"]\n'})
    projects.forget()
    assert codes(projects, tmp_path, "a.py") == {}


def test_a_wrong_configuration_is_told_once_and_its_files_are_linted_by_the_defaults(tmp_path: Path) -> None:
    write(tmp_path, {"torchlint.toml": 'ignore = ["TL101"]\n', "a.py": SIZE})
    write(tmp_path, {"sub/torchlint.toml": "selct = []\n", "sub/a.py": SIZE, "sub/b.py": SIZE})
    projects = Projects()
    assert codes(projects, tmp_path, "a.py") == {}
    assert projects.complaints() == []
    assert codes(projects, tmp_path, "a.py", "sub/a.py") == {"sub/a.py": ["TL101"]}
    (complaint,) = projects.complaints()
    assert "TL903 invalid-configuration unknown key `selct`" in complaint
    codes(projects, tmp_path, "a.py", "sub/a.py", "sub/b.py")
    assert projects.complaints() == []
    write(tmp_path, {"sub/torchlint.toml": ""})
    projects.forget()
    codes(projects, tmp_path, "sub/a.py")
    assert projects.complaints() == []
    write(tmp_path, {"sub/torchlint.toml": "selct = []\n"})
    projects.forget()
    codes(projects, tmp_path, "sub/a.py")
    assert projects.complaints() == [complaint]
