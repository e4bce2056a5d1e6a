"""Calls: arguments, classes, modules and files."""

from __future__ import annotations

from tests.analysis.reading import values, x
from torchlint.analysis.values.abstract import Const, Instance, Tensor, Unknown
from torchlint.analysis.values.devices import module_device


def test_defaults_keywords_and_stars() -> None:
    program = "def f(a, b=torch.zeros(2), *rest, c=None, **more):\n    return (a, b, rest[0], c, more['d'])\n"
    assert x(program + "x = f(1, *[2, 3], c=4, **{'d': 5})") == "(1, 2, 3, 4, 5)"


def test_a_function_is_run_with_its_caller_s_values() -> None:
    assert x("def twice(a):\n    return torch.cat([a, a])\nx = twice(torch.zeros(2, 3))") == "(4, 3) other"


def test_lambda_partial_and_functions_as_values() -> None:
    assert x("x = (lambda a: a.softmax(0))(torch.zeros(2))") == "(2,) softmax"
    assert x("from functools import partial\nact = partial(F.softmax, dim=1)\nx = act(torch.zeros(2, 3))") == "(2, 3) softmax"
    assert x("act = torch.sigmoid\nx = act(torch.zeros(2))") == "(2,) sigmoid"


def test_a_generator_gives_its_elements() -> None:
    assert x("def batches():\n    yield torch.zeros(4, 3)\nfor b in batches():\n    x = b") == "(4, 3) other"


def test_attributes_set_in_init_are_read_elsewhere() -> None:
    program = """
        class Net(nn.Module):
            def __init__(self, width):
                super().__init__()
                self.fc = nn.Linear(width, 2)
                self.act = nn.Softmax(dim=1)

            def forward(self, a):
                return self.act(self.fc(a))

        x = Net(3)(torch.zeros(5, 3))
        """
    assert x(program) == "(5, 2) softmax"


def test_a_base_class_of_the_program_forwards() -> None:
    program = """
        class Base(nn.Module):
            def __init__(self):
                super().__init__()
                self.head = self.make_head()

            def forward(self, a):
                return self.head(a)

        class Net(Base):
            def make_head(self):
                return nn.Sequential(nn.Linear(3, 2), nn.Sigmoid())

        x = Net()(torch.zeros(5, 3))
        """
    assert x(program) == "(5, 2) sigmoid"


def test_super_reaches_the_next_class() -> None:
    program = """
        class A(nn.Module):
            def forward(self, a):
                return a.softmax(0)

        class B(A):
            def forward(self, a):
                return super().forward(a) * 1

        x = A()(torch.zeros(2))
        y = B()(torch.zeros(2))
        """
    assert x(program) == "(2,) softmax"
    y = values(program)["y"]
    assert isinstance(y, Tensor) and y.activation is not None and y.activation.kind == "other"


def test_properties_static_and_class_methods() -> None:
    program = """
        class Maker:
            size = 3

            @property
            def a(self):
                return torch.zeros(self.size)

            @staticmethod
            def b(n):
                return torch.zeros(n)

            @classmethod
            def c(cls):
                return torch.zeros(cls.size)

        m = Maker()
        x = (m.a, Maker.b(2), m.c())
        """
    assert x(program) == "((3,) other, (2,) other, (3,) other)"


def test_sequential_runs_in_order_and_knows_its_elements() -> None:
    program = "net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.MaxPool2d(2), nn.Flatten())\nx = net(torch.zeros(2, 3, 10, 10))"
    assert x(program) == "(2, 128) unbounded"
    assert x("net = nn.Sequential(nn.ReLU(), nn.Linear(3, 2))\nx = net[1](torch.zeros(4, 3))") == "(4, 2) linear"


def test_layers_made_in_a_loop() -> None:
    program = """
        layers = []
        width = 4
        for out in (8, 16):
            layers.append(nn.Linear(width, out))
            layers.append(nn.ReLU())
            width = out
        x = nn.Sequential(*layers, nn.Softmax(-1))(torch.zeros(2, 4))
        """
    assert x(program) == "(2, 16) softmax"


def test_the_layers_of_a_sequential_are_known_where_their_number_is_not() -> None:
    made = "n = int(input())\nnet = nn.Sequential(*[nn.Linear(3, 3) for _ in range(n)], *[])\n"
    assert x(made, "x = net[0]") == x(made, "for x in net:\n    pass") == "Linear train"


def test_module_lists_and_dicts_are_gone_through() -> None:
    program = """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.layers = nn.ModuleList([nn.Linear(4, 4) for _ in range(3)])
                self.heads = nn.ModuleDict({"a": nn.Linear(4, 2)})

            def forward(self, a):
                for layer in self.layers:
                    a = layer(a)
                return self.heads["a"](a)

        x = Net()(torch.zeros(5, 4))
        """
    assert x(program) == "(5, 2) linear"


def test_factories_and_dispatch_by_name() -> None:
    assert x("def make():\n    return nn.Linear(3, 2)\nx = make()(torch.zeros(1, 3))") == "(1, 2) linear"
    program = "makers = {'a': lambda: nn.Linear(3, 2), 'b': lambda: nn.Linear(3, 2, bias=False)}\nx = makers[input()]()(torch.zeros(1, 3))"
    assert x(program) == "(1, 2) linear"


def test_what_argparse_gives_is_unknown() -> None:
    program = "import argparse\nargs = argparse.ArgumentParser().parse_args()\nx = 1 if args.fast else 2"
    assert x(program) == "?"


def test_train_and_eval_reach_the_sub_modules() -> None:
    program = "net = nn.Sequential(nn.Linear(3, 2), nn.Dropout())\nnet.eval()\nx = net[1]"
    assert x(program) == "Dropout eval"


def test_wrappers_and_moves_keep_the_module() -> None:
    program = "net = nn.DataParallel(nn.Sequential(nn.Linear(3, 2), nn.Softmax(1)).cuda())\nx = net(torch.zeros(4, 3))"
    assert x(program) == "(4, 2) softmax"


def test_a_module_that_code_outside_was_given_may_have_changed_mode() -> None:
    assert x("from elsewhere import prepare\nx = nn.Dropout()\nprepare(x)") == "Dropout ?"


def test_a_value_comes_through_several_files() -> None:
    found = x(
        "from model import build\nx = build()(torch.zeros(2, 3))",
        model="from parts.head import Head as H\ndef build():\n    return H(3)\n",
        parts__head="import torch.nn as nn\nclass Head(nn.Module):\n    def __init__(self, n):\n        super().__init__()\n"
        "        self.fc = nn.Linear(n, 5)\n    def forward(self, a):\n        return self.fc(a).softmax(-1)\n",
    )
    assert found == "(2, 5) softmax"


def test_a_package_hands_on_what_its_modules_define() -> None:
    found = x(
        "import pkg\nx = pkg.zeros()",
        pkg____init__="from .inner import *\n",
        pkg__inner="import torch\ndef zeros():\n    return torch.zeros(2)\n",
    )
    assert found == "(2,) other"


def test_a_file_that_one_arm_of_a_branch_imports_first_is_known_in_the_others() -> None:
    choose = """
        import sys
        if len(sys.argv) == 2:
            from models import small
            x = small()
        elif len(sys.argv) == 3:
            from models import large
            x = large()
        else:
            raise ValueError
        """
    models = "import torch.nn as nn\ndef small():\n    return nn.Linear(2, 3)\ndef large():\n    return nn.LSTM(2, 3)\n"
    assert x(choose, models=models) == "LSTM train | Linear train"


def test_files_that_import_each_other_are_read() -> None:
    found = x(
        "from a import first\nx = first()",
        a="import b\nimport torch\ndef first():\n    return b.second()\ndef third():\n    return torch.zeros(2)\n",
        b="import a\ndef second():\n    return a.third()\n",
    )
    assert found == "(2,) other"


def test_a_script_that_imports_from_itself_gets_what_it_has_defined() -> None:
    program = "class Net(nn.Linear):\n    pass\nif __name__ == '__main__':\n    from main import Net, elsewhere\nx = Net(2, 3), elsewhere"
    assert x(program) == "(Net train, ?)"


def test_aliases_of_every_form_are_one_name() -> None:
    for line in (
        "from torch.nn import functional as fun\nact = fun.softmax",
        "import torch.nn.functional\nact = torch.nn.functional.softmax",
        "from torch.nn.functional import softmax as act",
        "n = torch.nn\nact = n.functional.softmax",
        "from torch.nn.functional import *\nact = softmax",
        "act = getattr(F, 'softmax')",
    ):
        assert x(f"{line}\nx = act(torch.zeros(2, 3), dim=1)") == "(2, 3) softmax", line


def test_two_names_of_one_tensor_change_together() -> None:
    found = values("a = torch.zeros(2)\nb = a\nb.requires_grad_()\nc = a * 2")["c"]
    assert isinstance(found, Tensor) and found.requires_grad is True


def test_deepcopy_is_another_module() -> None:
    assert x("import copy\na = nn.Dropout()\nx = copy.deepcopy(a)\na.eval()") == "Dropout train"


def test_an_own_function_of_a_library_s_name_is_not_the_library_s() -> None:
    assert x("def softmax(a, dim):\n    return a * 2\nx = softmax(torch.zeros(2), 0)") == "(2,) other"


def test_more_trailing_dims_known_than_ranks_are_tried() -> None:
    program = """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(3, 64)

            def forward(self, a):
                return self.fc(a).unflatten(-1, (2, 2, 2, 2, 2, 2)).transpose(-1, -2).relu()

        x = Net()(torch.load("a.pt").float())
        """
    assert x(program) == "(...) unbounded"


def test_numbers_that_are_known_stay_known_through_python_s_functions() -> None:
    assert x("import math\nx = (round(6.4), int(round(8 * 0.35)), math.ceil(2.1), abs(-3), sorted([3, 1, 2])[0])") == "(6, 3, 3, 3, 1)"


def test_the_order_of_what_is_sorted_by_a_key_is_not_known() -> None:
    assert x("x = sorted([3, 1, 2], key=str)[0]") == "?"


def test_a_cast_gives_back_its_value() -> None:
    assert x("from typing import cast\nx = cast(int, 8)") == "8"


def test_the_init_of_a_dataclass_is_inherited() -> None:
    program = """
        from dataclasses import dataclass

        @dataclass
        class Config:
            width: int
            depth: int = 2

        class Wide(Config):
            def __init__(self, width):
                super().__init__(2 * width)

        made = Wide(4)
        x = (made.width, made.depth)
        """
    assert x(program) == "(8, 2)"


def test_an_object_that_is_given_a_model_may_move_it_whatever_its_package_is_called() -> None:
    net = values("from torchkeras import KerasModel\nnet = nn.Linear(3, 2)\nheld = KerasModel(net=net)")["net"]
    assert isinstance(net, Instance) and module_device(net) is None


def test_a_call_is_not_taken_for_one_whose_argument_is_gone() -> None:
    calls = "".join(f"a{number} = first([{number}])\n" for number in range(200))
    found = values(f"def first(v):\n    return v[0]\n{calls}")
    assert [found[f"a{number}"] for number in range(200)] == [Const(number) for number in range(200)]


def test_a_tensor_s_method_by_its_class_without_a_tensor_gives_nothing_known() -> None:
    assert isinstance(values("x = torch.Tensor.view()\ny = torch.Tensor.add_()")["x"], Unknown)
