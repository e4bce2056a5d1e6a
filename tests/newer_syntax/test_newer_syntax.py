"""`parse_newer` gives the tree of `ast.parse`, and the nearest one where this Python has none."""

from __future__ import annotations

import ast
import random
import sysconfig
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from torchlint.syntax.newer import parse_newer

CHUNKS = 10
FILES_A_CHUNK = 25
PLACES = ("lineno", "col_offset", "end_lineno", "end_col_offset")


class Comparable(ast.NodeTransformer):
    """Drops what Python's versions disagree on in f-strings.

    The places inside them are those of the whole string in 3.11, or wrong; some versions keep empty
    constants, or the `u` of a neighbour.
    """

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        for inner in ast.walk(node):
            if isinstance(inner, ast.JoinedStr):
                inner.values = [each for each in inner.values if getattr(each, "value", None) != ""]
            if isinstance(inner, ast.Constant):
                inner.kind = None
            for name in PLACES if inner is not node else ():
                if hasattr(inner, name):
                    setattr(inner, name, 0)
        return node


def dump(tree: ast.Module, places: bool = True) -> str:
    return ast.dump(Comparable().visit(tree), include_attributes=places, indent=1)


def reference(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


def has_an_equal(tree: ast.Module) -> bool:
    """Whether the tree must be the same: type parameters and type aliases are documented to differ."""
    nodes = list(ast.walk(tree))
    newer = tuple(getattr(ast, name) for name in ("TypeAlias", "TemplateStr") if hasattr(ast, name))
    return not any(isinstance(node, newer) or getattr(node, "type_params", None) for node in nodes)


def readable(path: Path) -> Iterator[tuple[Path, str]]:
    try:
        text = path.read_bytes().decode().removeprefix("\ufeff")
        if len(text) < 40_000 and has_an_equal(reference(text)):
            yield path, text
    except (SyntaxError, ValueError, RecursionError):
        return


def sample(chunk: int) -> list[tuple[Path, str]]:
    folders = sorted({sysconfig.get_path("stdlib"), sysconfig.get_path("purelib")})
    paths = sorted({path for folder in folders for path in Path(folder).rglob("*.py")})
    random.Random(7).shuffle(paths)
    found: list[tuple[Path, str]] = []
    for path in paths[chunk::CHUNKS]:
        found += readable(path)
        if len(found) == FILES_A_CHUNK:
            break
    return found


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_gives_the_tree_of_ast_for_real_files(chunk: int) -> None:
    files = sample(chunk)
    assert len(files) == FILES_A_CHUNK
    differing = [str(path) for path, text in files if dump(parse_newer(text)) != dump(reference(text))]
    assert not differing


@pytest.mark.parametrize(
    "text",
    [
        "x = (1),\ny = (1), (2)\nz = 1 \\\n  ,\n(  # c\n 1\n , )\n",
        "for a, in b: pass\ndel a, b\ndel (a, b)\ndel (a), b,\n",
        "f (\n (x for x in y)\n)\nf (x for x in y)\nprint(* a, ** b, k = (c))\n",
        "class A(B, *c, k=1, **d): pass\n",
        "def f(*args: *Ts): pass\nx[*a]\nx[*a, 1:2,]\n",
        "x[a := 1]\nx[(a):]\nx[:(b)]\nx[::]\nx[a::]\nx[:, ::c]\nx[a, b,]\nx[(a), b]\n",
        "if x: a;\nif x:\n  a; b;  \n\nelse:\n  c;\n",
        "with (a as b, c): pass\nwith (a), b: pass\nwith (a, b) as c: pass\n",
        "match a, b:\n  case 1, 2: pass\n  case (1), *_: pass\n  case [a, *b,]: pass\n  case * c, : pass\n",
        "match a:\n  case (a | b) as c if d: pass\n  case {'a': 1, **k}: pass\n  case A.b(1, x=(2)): pass\n",
        "match a:\n  case None: pass\n  case -1+2j: pass\n  case 'a' 'b': pass\n  case (1 | 2), 3: pass\n  case _: pass\n",
        "a = f'{x = }'\nb = f'{x=!r:>{w}}' u'a' 'b'\nc = u'a' 'b'\nd = rf'\\{x}{{'\ne = f''\n",
        "f'\\N{EM DASH}\\x41{x}{{}}'\nf'''a\"{x}\"\n\"'''\nf'{x:%H:%M}{y!a}{z:}'\n",
        "try: pass\nexcept (A, B) :\n  pass\ntry: pass\nexcept (A) as  b : x\n",
        "try: pass\nexcept* (A, B) as e: pass\nelse: pass\nfinally: pass;\n",
        "lambda a, /, b=1, *c, d, e=2, **f: (yield)\n",
        "from . import a\nfrom .. a . b import (c as d, e,)\nfrom ... import *\nimport a . b as c, d\n",
        "(a and b) and c and (d or e)\nnot a in b is not c\n",
        "é = 'é'; y = (é, [é])\nﬁ = x.ﬁ\n",
        "\x0cdef f():\n    pass\n\x0c    return 1\n",
        "x = '''\n\x0cabc\n'''\ny = [\n\x0c 1]\nz = 1\\\n + 2\n\x0cw = 3\n",
        "x\r\ny = '''\r\n'''\r\n",
        "x\ry = '''\r'''\r",
        "",
        "# only a comment",
    ],
)
def test_gives_the_tree_of_ast_for_rare_layouts(text: str) -> None:
    assert dump(parse_newer(text)) == dump(reference(text))


@pytest.mark.parametrize(
    ("newer", "same_as"),
    [
        pytest.param(
            "def f[T: int = str, *Ts, **P](x: T): ...", "def f(x: T): ...", id="PEP 695 and 696 functions"
        ),
        pytest.param("class A[T](B): ...", "class A(B): ...", id="PEP 695 classes"),
        pytest.param("type X[T] = list[T]", "X = list[T]", id="PEP 695 aliases"),
        pytest.param("f'{x['a']} {'b'}'", 'f\'{x["a"]} {"b"}\'', id="PEP 701 quotes"),
        pytest.param("f'{'\\n'.join(a)}'", "f'''{\"\"\"\n\"\"\".join(a)}'''", id="PEP 701 backslashes"),
        pytest.param("f'{\n1 # one\n}'", "f'{1}'", id="PEP 701 comments"),
        pytest.param("f'{f'{f'{1}'}'}'", "f'''{f\"{f'{1}'}\"}'''", id="PEP 701 nesting"),
        pytest.param("try: ...\nexcept A, B: ...", "try: ...\nexcept (A, B): ...", id="PEP 758"),
        pytest.param("t'{a}b'", "f'{a}b'", id="PEP 750"),
        pytest.param("lazy import a.b as c", "import a.b as c", id="PEP 810 import"),
        pytest.param("lazy from a import b", "from a import b", id="PEP 810 from"),
        pytest.param("{**x for x in y}", "{x for x in y}", id="PEP 798 dictionaries"),
    ],
)
def test_reads_what_is_newer(newer: str, same_as: str) -> None:
    assert dump(parse_newer(newer), places=False) == dump(reference(same_as), places=False)


def test_what_is_unpacked_in_a_comprehension_is_a_starred_element() -> None:
    (statement,) = parse_newer("[*x for x in y]").body
    assert isinstance(statement, ast.Expr)
    assert isinstance(statement.value, ast.ListComp)
    assert isinstance(statement.value.elt, ast.Starred)


def test_places_inside_a_newer_f_string_are_those_of_the_text() -> None:
    text = "é = 1; print(f'{x[\"é\"]} {torch.nn}')"
    (attribute,) = [node for node in ast.walk(parse_newer(text)) if isinstance(node, ast.Attribute)]
    assert ast.get_source_segment(text, attribute) == "torch.nn"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("(" * 100_000 + ")" * 100_000, id="brackets"),
        pytest.param("f('a', " + "[" * 5_000, id="open brackets"),
        pytest.param("x = a" + " + a" * 50_000, id="operators"),
        pytest.param("x = a" + "()" * 50_000, id="calls"),
        pytest.param("x = a" + ".b\\\n" * 50_000, id="attributes on continued lines"),
        pytest.param("x = (a" + "\n + a" * 50_000 + ")", id="operators in brackets on many lines"),
        pytest.param("x = " + "not " * 50_000 + "a", id="unary operators"),
        pytest.param("x = " + "lambda: " * 50_000 + "a", id="lambdas"),
        pytest.param("if a:\n  pass\n" + "elif a:\n  pass\n" * 50_000, id="elif"),
        pytest.param("f'{" * 5_000 + "a" + "}'" * 5_000, id="f-strings"),
        pytest.param("match a:\n  case " + "{1: " * 20 + "a" + "}" * 20 + ": pass", id="patterns"),
    ],
)
def test_refuses_what_libcst_does_not_survive(text: str) -> None:
    started = time.process_time()
    with pytest.raises(SyntaxError, match="nested too deeply") as caught:
        parse_newer(text)
    assert caught.value.lineno
    assert time.process_time() - started < 10


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("x = [" + "-1 + 2, " * 3_000 + "]", id="a long list"),
        pytest.param("x = 1 + 2\n" * 5_000, id="many statements"),
        pytest.param("x = f'{a[\"(\"]:>{w}} {{ (' '(['\n" * 1_500, id="brackets in strings"),
        pytest.param("x = f'''{a!r:{b}}\n('''\n" * 1_500, id="f-strings over lines"),
        pytest.param("x = '(\\\n(' '''(\\'''(\n''' r'\\'('\n" * 1_500, id="strings over lines"),
        pytest.param(
            "if a:\n  x\nelif b:\n  if c:\n    y\n  elif d:\n    z\n" * 2_000, id="many short chains"
        ),
        pytest.param("x = 1  # ( ' {\n" * 3_000, id="comments"),
    ],
)
def test_reads_what_is_long_but_not_deep(text: str) -> None:
    assert dump(parse_newer(text)) == dump(reference(text))


@pytest.mark.parametrize(("text", "row"), [("x = 1\ny = = 2\n", 2), ("x = (1 2)\n", 1), ("x = 1\n  y\n", 2)])
def test_says_where_the_text_is_no_python(text: str, row: int) -> None:
    with pytest.raises(SyntaxError) as caught:
        parse_newer(text)
    assert caught.value.lineno == row
