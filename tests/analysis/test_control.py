"""Control flow: what is known after branches, loops, guards and exits."""

from __future__ import annotations

from tests.analysis.reading import values, x
from torchlint.analysis.values.abstract import Tensor


def test_branches_that_agree_keep_the_fact() -> None:
    assert x("if input():\n    x = torch.zeros(2, 3)\nelse:\n    x = torch.ones(2, 3)") == "(2, 3) other"


def test_branches_that_differ_make_the_fact_unknown() -> None:
    assert x("x = torch.zeros(2, 3)\nif input():\n    x = x.softmax(1)") == "(2, 3) ?"


def test_a_known_condition_takes_just_its_branch() -> None:
    assert x("flag = False\nx = torch.zeros(2)\nif flag:\n    x = x.softmax(0)") == "(2,) other"


def test_an_arm_that_returns_does_not_join() -> None:
    program = "def f(a):\n    if input():\n        return a.softmax(0)\n    return a.softmax(0)\nx = f(torch.zeros(3))"
    assert x(program) == "(3,) softmax"


def test_an_arm_that_raises_does_not_join() -> None:
    assert x("x = torch.zeros(2)\nif input():\n    x = 1\n    raise ValueError") == "(2,) other"


def test_a_counter_of_a_loop_is_not_taken_for_settled() -> None:
    assert x("x = 0\nfor _ in open('f'):\n    x = x + 1") == "?"


def test_a_loop_over_a_known_list_runs_element_by_element() -> None:
    assert x("x = torch.zeros(1)\nfor n in [2, 3]:\n    x = torch.zeros(n)") == "(3,) other"


def test_a_loop_that_may_not_run_joins_with_what_was_before() -> None:
    assert x("x = torch.zeros(2)\nfor _ in open('f'):\n    x = x.softmax(0)") == "(2,) ?"


def test_break_carries_its_state_out() -> None:
    assert x("x = torch.zeros(2)\nwhile True:\n    x = x.softmax(0)\n    break") == "(2,) softmax"


def test_continue_joins_at_the_head() -> None:
    assert x("x = torch.zeros(2)\nfor n in [1, 2]:\n    if input():\n        continue\n    x = torch.ones(2)") == "(2,) other"


def test_the_second_round_sees_what_the_first_left() -> None:
    program = "m = nn.Dropout()\nseen = []\nfor _ in range(2):\n    seen.append(m.training)\n    m.eval()\nx = m"
    assert x(program) == "Dropout eval"


def test_with_no_grad_holds_just_inside() -> None:
    found = values("w = torch.ones(2, requires_grad=True)\nwith torch.no_grad():\n    a = w * 2\nb = w * 2")
    a, b = found["a"], found["b"]
    assert isinstance(a, Tensor) and isinstance(b, Tensor)
    assert a.requires_grad is False and b.requires_grad is True


def test_a_decorator_holds_for_the_whole_function() -> None:
    for decorator in ("@torch.no_grad()", "@torch.no_grad", "@torch.inference_mode()"):
        found = values(f"w = torch.ones(2, requires_grad=True)\n{decorator}\ndef f():\n    return w * 2\na = f()")["a"]
        assert isinstance(found, Tensor) and found.requires_grad is False, decorator


def test_set_grad_enabled_of_something_unknown_leaves_the_graph_unknown() -> None:
    found = values("w = torch.ones(2, requires_grad=True)\nwith torch.set_grad_enabled(bool(input())):\n    a = w * 2")["a"]
    assert isinstance(found, Tensor) and found.requires_grad is None


def test_set_grad_enabled_as_a_call_lasts() -> None:
    found = values("w = torch.ones(2, requires_grad=True)\ntorch.set_grad_enabled(False)\na = w * 2")["a"]
    assert isinstance(found, Tensor) and found.requires_grad is False


def test_a_context_manager_of_the_program_may_hold_the_guard() -> None:
    program = """
        from contextlib import contextmanager

        @contextmanager
        def quiet():
            with torch.no_grad():
                yield

        w = torch.ones(2, requires_grad=True)
        with quiet():
            a = w * 2
        """
    found = values(program)["a"]
    assert isinstance(found, Tensor) and found.requires_grad is False


def test_a_handler_starts_from_any_point_of_the_body() -> None:
    assert x("x = torch.zeros(2)\ntry:\n    x = x.softmax(0)\nexcept ValueError:\n    pass") == "(2,) ?"


def test_finally_runs_on_every_way_out() -> None:
    assert x("x = 1\ntry:\n    y = input()\nfinally:\n    x = torch.zeros(2)") == "(2,) other"


def test_match_joins_its_cases() -> None:
    program = "match input():\n    case 'a':\n        x = torch.zeros(2)\n    case _:\n        x = torch.ones(2)"
    assert x(program) == "(2,) other"


def test_a_walrus_binds() -> None:
    assert x("if (x := torch.zeros(2)) is not None:\n    pass") == "(2,) other"


def test_del_forgets() -> None:
    assert "x" not in values("x = 1\ndel x")


def test_global_and_nonlocal_write_to_the_scope_they_name() -> None:
    assert x("x = 1\ndef f():\n    global x\n    x = torch.zeros(2)\nf()") == "(2,) other"
    program = "def f():\n    a = 1\n    def g():\n        nonlocal a\n        a = torch.zeros(2)\n    g()\n    return a\nx = f()"
    assert x(program) == "(2,) other"


def test_augmented_assignment_computes() -> None:
    assert x("x = torch.zeros(2, 3)\nx += 1") == "(2, 3) other"


def test_none_is_kept_apart_until_a_use_excludes_it() -> None:
    assert x("c = None\nif input():\n    c = nn.Linear(3, 2)\nx = c(torch.zeros(4, 3))") == "(4, 2) linear"


def test_a_condition_on_none_narrows() -> None:
    program = "def f(y=None):\n    if y is None:\n        return torch.zeros(2)\n    return y\nx = f()"
    assert x(program) == "(2,) other"


def test_nesting_without_end_stays_bounded() -> None:
    assert x("def f(n):\n    return f(n + 1)\nx = f(0)") == "?"
    assert x("x = " + "(" * 90 + "1" + ")" * 90) == "1"


def test_the_names_of_a_comprehension_are_its_own() -> None:
    assert x("x = torch.zeros(2, 3)\nsums = [x.sum() for x in nn.Linear(3, 4)(x)]\nrows = {i: x for i, x in enumerate(x)}") == "(2, 3) other"
    assert "x" not in values("rows = [x for x in torch.zeros(2, 3)]")
    assert x("def f(x):\n    rows = [x[0] for x in x]\n    return x\nx = f(torch.zeros(2, 3))") == "(2, 3) other"
