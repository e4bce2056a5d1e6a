"""Import resolution by paths: one test a reason."""

from __future__ import annotations

import time

import pytest

from torchlint.project.imports import ImportIndex, resolve


def test_importers_own_folder_comes_first() -> None:
    paths = ["a/model.py", "a/train.py", "model.py"]
    assert resolve("a/train.py", "model", 0, paths, [""]) == "a/model.py"


def test_root_is_searched() -> None:
    assert resolve("tools/train.py", "lib.model", 0, ["lib/model.py", "tools/train.py"], ["."]) == "lib/model.py"


def test_src_of_a_root_is_searched() -> None:
    paths = ["src/lib/model.py", "other/src/lib/model.py", "tools/train.py"]
    assert resolve("tools/train.py", "lib.model", 0, paths, [""]) == "src/lib/model.py"


def test_package_means_its_init() -> None:
    assert resolve("train.py", "models", 0, ["models/__init__.py", "train.py"], [""]) == "models/__init__.py"


def test_package_goes_before_a_module_of_its_name() -> None:
    paths = ["models/__init__.py", "models.py", "train.py"]
    assert resolve("train.py", "models", 0, paths, [""]) == "models/__init__.py"


def test_folder_without_init_is_no_module() -> None:
    assert resolve("train.py", "models", 0, ["models/net.py", "train.py"], [""]) is None


@pytest.mark.parametrize(
    ("module", "level", "expected"),
    [
        ("model", 1, "p/q/model.py"),
        ("model", 2, "p/model.py"),
        ("q.model", 2, "p/q/model.py"),
        ("", 1, "p/q/__init__.py"),
        ("absent", 1, None),
    ],
)
def test_relative_import_counts_its_dots(module: str, level: int, expected: str | None) -> None:
    paths = ["p/q/train.py", "p/q/model.py", "p/q/__init__.py", "p/model.py", "p/__init__.py", "p/r/model.py"]
    assert resolve("p/q/train.py", module, level, paths, [""]) == expected


def test_flattened_project_is_read_by_last_names() -> None:
    paths = ["data/one/train.py", "data/one/resnet.py", "data/two/resnet.py"]
    index = ImportIndex(paths, [""])
    assert index.resolve("data/one/train.py", "models.resnet") == "data/one/resnet.py"
    assert index.resolve("data/one/train.py", "models.resnet", 2) == "data/one/resnet.py"


def test_whole_ending_wins_over_the_last_name() -> None:
    paths = ["lib/models/net.py", "tools/net.py", "tools/train/main.py"]
    assert resolve("tools/train/main.py", "models.net", 0, paths, [""]) == "lib/models/net.py"


def test_relative_import_climbs_above_the_current_folder() -> None:
    assert resolve("train.py", "model", 2, ["train.py", "../model.py"], [".."]) == "../model.py"


def test_import_of_itself_is_the_installed_package() -> None:
    assert resolve("datasets.py", "datasets", 0, ["datasets.py"], [""]) is None


def test_folder_above_the_importer_is_searched() -> None:
    paths = ["one/utils/net.py", "one/tools/train.py", "two/utils/net.py"]
    assert resolve("one/tools/train.py", "utils.net", 0, paths, [""]) == "one/utils/net.py"


def test_only_file_of_that_ending_is_taken_at_last() -> None:
    assert resolve("tools/train.py", "net", 0, ["lib/deep/net.py", "tools/train.py"], [""]) == "lib/deep/net.py"


def test_two_files_equally_near_are_not_guessed_between() -> None:
    assert resolve("tools/train.py", "net", 0, ["a/net.py", "b/net.py", "tools/train.py"], [""]) is None


def test_nearer_file_wins_over_one_of_another_project() -> None:
    paths = ["one/lib/net.py", "one/tools/train.py", "two/lib/net.py"]
    assert resolve("one/tools/train.py", "net", 0, paths, [""]) == "one/lib/net.py"


def test_installed_package_is_not_a_file_that_ends_alike() -> None:
    paths = ["backends/torch.py", "backends/__init__.py", "backends/other.py", "ops/nn/functional.py", "train.py"]
    index = ImportIndex(paths, [""])
    assert index.resolve("train.py", "torch") is None
    assert index.resolve("backends/other.py", "torch") is None
    assert index.resolve("train.py", "torch.nn.functional") is None


def test_checkout_of_an_installed_package_is_found_at_its_root() -> None:
    paths = ["torch/__init__.py", "torch/nn/functional.py", "setup.py"]
    assert resolve("setup.py", "torch.nn.functional", 0, paths, [""]) == "torch/nn/functional.py"


def test_absolute_notation() -> None:
    paths = ["/p/src/net.py", "/p/tools/train.py"]
    assert resolve("/p/tools/train.py", "net", 0, paths, ["/p"]) == "/p/src/net.py"


def test_thousands_of_questions_are_quick() -> None:
    paths = [f"p{i}/m{j}.py" for i in range(100) for j in range(50)]
    index = ImportIndex(paths, [""])
    start = time.perf_counter()
    answers = [index.resolve(path, f"m{(int(path[-4]) + 1)}") for path in paths]
    assert all(answers)
    assert time.perf_counter() - start < 2
