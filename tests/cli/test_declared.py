"""What a project declares of the torch that it supports."""

from __future__ import annotations

from pathlib import Path

import pytest

from torchlint.project.declared import declared_torch, oldest


@pytest.mark.parametrize(
    ("requirement", "version"),
    [
        ("torch>=1.13,<2.4", "1.13"),
        ("torch >= 2.6", "2.6"),
        ("torch==2.1.0+cu118", "2.1.0"),
        ("torch~=2.0 ; python_version < '3.12'", "2.0"),
        ("torch[opt]>=2.3", "2.3"),
        ("torch (>=1.8)", "1.8"),
        ("torch ^2.1", "2.1"),
        ("pytorch==1.3.1", "1.3.1"),
        ("torch<2", "1"),
        ("torch<2.6", "2.5"),
        ("torch<2.6.1", "2.6"),
        ("torch<2.0", "1"),
        ("torch<=2.5", "2.5"),
        ("torch!=2.0", None),
        ("torch", None),
        ("torch  # any", None),
        ("torchvision>=0.8", None),
        ("torch-geometric==2.0", None),
        ("-r torch.txt", None),
    ],
)
def test_a_requirement_bounds_the_version(requirement: str, version: str | None) -> None:
    assert oldest(requirement) == version


@pytest.mark.parametrize(
    ("name", "text", "row"),
    [
        ("pyproject.toml", '[project]\ndependencies = [\n  "torch>=2.1",\n]\n', 3),
        ("pyproject.toml", '[project.optional-dependencies]\nall = ["torch>=2.1"]\n', 2),
        ("pyproject.toml", '[tool.poetry.dependencies]\ntorch = "^2.1"\n', 2),
        ("pyproject.toml", '[tool.poetry.dependencies]\ntorch = { version = "2.1", optional = true }\n', 2),
        ("pyproject.toml", '[tool.poetry.group.gpu.dependencies]\ntorch = [{ version = "2.1", platform = "linux" }, { version = "2.3" }]\n', 2),
        ("setup.cfg", "[options.extras_require]\nall =\n    torch>=2.1\n", 3),
        ("setup.cfg", "[options]\ninstall_requires =\n    numpy\n    torch>=2.1\n", 4),
        ("setup.py", "from setuptools import setup\nsetup(\n    install_requires=['torch>=2.1'],\n)\n", 3),
        ("setup.py", "from setuptools import setup\nNEEDED = ['torch>=2.1']\nsetup(install_requires=NEEDED, extras_require={})\n", 2),
        ("setup.py", "from setuptools import setup\nsetup(\n    extras_require={'gpu': ['torch>=2.1']},\n)\n", 3),
        ("requirements/base.txt", "torch>=2.1\n", 1),
        ("environment.yml", "channels:\n  - pytorch\ndependencies:\n  - pytorch=2.1=py3.11_cuda\n  - pytorch-cuda=11.8\n", 4),
        ("conda-env.yaml", "dependencies:\n  - pytorch::pytorch>=2.1,<3\n", 2),
        ("environment.yml", "dependencies:\n  - pip:\n    - torch==2.1\n", 3),
        ("requirements-dev.txt", "numpy\n\ntorch>=2.1\n", 3),
    ],
)
def test_wherever_projects_declare_it(name: str, text: str, row: int, tmp_path: Path) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(text)
    (tmp_path / "src").mkdir()
    found = declared_torch(str(tmp_path / "src"))
    assert found is not None
    assert (found.version, Path(found.path).name, found.row) == ("2.1", Path(name).name, row)


@pytest.mark.parametrize("text", ["[project", "[project]\ndependencies = 3\n", "[tool]\npoetry = 1\n"])
def test_a_broken_declaration_says_nothing(text: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    assert declared_torch(str(tmp_path)) is None


def test_of_several_bounds_the_lowest_counts(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("torch>=2.6; python_version>='3.12'\ntorch>=1.13; python_version<'3.12'\n")
    found = declared_torch(str(tmp_path))
    assert found is not None and (found.version, found.row) == ("1.13", 2)


def test_another_project_s_requirements_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("torch==1.4\n")
    (tmp_path / "own/.git").mkdir(parents=True)
    assert declared_torch(str(tmp_path / "own")) is None


def test_the_nearest_requirements_that_name_torch_decide(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("torch==1.4\n")
    for part, text in {"docs": "sphinx\n", "new": "torch\n", "old": "torch==2.1\n"}.items():
        (tmp_path / part).mkdir()
        (tmp_path / part / "requirements.txt").write_text(text)
    found = {part: declared_torch(str(tmp_path / part)) for part in ("docs", "new", "old")}
    assert {part: each and each.version for part, each in found.items()} == {"docs": "1.4", "new": None, "old": "2.1"}
