"""Of a file that is imported those statements are run that make the names which are asked for, and what they come to is the same."""

from __future__ import annotations

from tests.analysis.reading import HEADER, values
from torchlint.analysis.interpret import machine_for
from torchlint.analysis.values.abstract import Const, Dict, Instance, List, Tensor, Unknown
from torchlint.lint.linter import lint, settings
from torchlint.lint.plugins import rules_in_force
from torchlint.project.program import Program
from torchlint.project.source import Source
from torchlint.syntax.tree import parse


def opened(main: str, **files: str) -> set[str]:
    """The files whose trees were asked for while `main.py` was run."""
    texts = {"main.py": main, **{f"{name.replace('__', '/', 1)}.py": text for name, text in files.items()}}
    sources = {path: Source(path, HEADER + text) for path, text in texts.items()}
    machine = machine_for(Program(sources, frozenset(["main.py"])), {path: parse(source) for path, source in sources.items()})
    with settings():
        machine.run_file("main.py")
    return {path for path in sources if machine.files.is_read(path)}


def test_a_name_is_what_its_statements_make_of_it_in_order() -> None:
    assert values("from a import size\nx = size\n", a="size = 3\nsize = size * 2\nother = size + 1\n")["x"] == Const(6)


def test_a_name_is_made_of_others_that_stand_below_it() -> None:
    found = values("from a import net\nx = net(torch.zeros(2, 4))\n", a=HEADER + "def build():\n    return nn.Linear(width, 3)\nwidth = 4\nnet = build()\n")["x"]
    assert isinstance(found, Tensor) and found.shape == (2, 3)


def test_what_is_put_into_a_list_afterwards_is_in_it() -> None:
    found = values("from a import sizes\nx = len(sizes)\n", a="sizes = [1, 2]\nsizes.append(3)\n")
    assert found["x"] == Const(3)


def test_what_functions_put_into_a_container_is_not_known_to_importers() -> None:
    found = values("from a import known\nx = known\n", a="known = {}\ndef register(cls):\n    known[cls.__name__] = cls\n    return cls\n@register\nclass One:\n    pass\n")
    assert isinstance(found["x"], Unknown)


def test_a_list_of_the_same_name_inside_a_function_is_another_one() -> None:
    found = values("from a import sizes\nx = sizes\n", a="sizes = [1, 2]\ndef collect(items):\n    sizes = []\n    for each in items:\n        sizes.append(each)\n    return sizes\n")
    assert isinstance(found["x"], List)


def test_a_number_that_a_function_sets_is_not_known_to_importers() -> None:
    found = values("from a import count\nx = count\n", a="count = 0\ndef more():\n    global count\n    count += 1\n")
    assert isinstance(found["x"], Unknown)


def test_names_of_all_files_that_a_package_takes_them_from() -> None:
    found = values("from parts import Net\nx = Net()\n", parts____init__="from .one import *\nfrom .two import *\n", parts__one="Other = 3\n", parts__two="class Net(nn.Module):\n    pass\n")
    assert isinstance(found["x"], Instance)


def test_a_module_of_a_package_comes_before_what_it_takes_from_elsewhere() -> None:
    found = values("from parts import two\nx = two.size\n", parts____init__="from .one import *\n", parts__one="two = 3\n", parts__two="size = 5\n")
    assert found["x"] == Const(5)


def test_files_that_import_one_another_know_each_other() -> None:
    found = values("from a import first\nx = first()\n", a="from b import second\ndef first():\n    return second()\nsize = 7\n", b="import a\ndef second():\n    return a.size\n")
    assert found["x"] == Const(7)


def test_either_arm_of_a_condition_makes_a_name() -> None:
    found = values("from a import scale\nx = scale(torch.zeros(2))\n", a="try:\n    from apex import scale\nexcept ImportError:\n    def scale(x):\n        return x\n")
    assert "x" in found


def test_what_stands_under_main_is_seen_by_no_importer() -> None:
    assert isinstance(values("from a import options\nx = options\n", a="if __name__ == '__main__':\n    options = 3\n")["x"], Unknown)


def test_a_loop_at_the_top_level_makes_what_it_binds() -> None:
    found = values("from a import table\nx = table\n", a="table = {}\nfor name in ('a', 'b'):\n    table[name] = nn.Linear(2, 2)\n")["x"]
    assert isinstance(found, Dict)


def test_only_files_whose_names_are_used_are_read() -> None:
    main = "from a import used\nfrom b import unused\nx = used\n"
    assert opened(main, a="used = 1\n", b="unused = 2\n") == {"main.py", "a.py"}


def test_of_a_package_only_the_file_that_has_the_name_is_read() -> None:
    main = "from parts import Two\nx = Two()\n"
    files = {"parts____init__": "from .one import One\nfrom .two import Two\n", "parts__one": "class One:\n    pass\n", "parts__two": "class Two:\n    pass\n"}
    assert opened(main, **files) == {"main.py", "parts/__init__.py", "parts/two.py"}


def test_a_training_loop_of_a_script_is_reported_once_although_another_file_takes_a_name_of_it() -> None:
    script = "model = nn.Linear(2, 2)\noptimizer = torch.optim.SGD(model.parameters(), 1e-2)\nfor x, y in loader:\n    loss = F.cross_entropy(model(x), y)\n    loss.backward()\n    optimizer.step()\n"
    sources = {"a.py": Source("a.py", HEADER + script), "main.py": Source("main.py", HEADER + "from a import model\nmodel(torch.zeros(1, 2))\n")}
    assert [(each.code, each.place.path) for each in lint(Program(sources, frozenset(sources)), rules_in_force())] == [("TL411", "a.py")]
