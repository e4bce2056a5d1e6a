"""Which statements of a file's top level make what each of its global names stands for.

Whoever imports one name of a file needs these statements alone, not the whole file.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from torchlint.syntax.blocks import statements
from torchlint.syntax.index import below, own

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
_CHANGING = frozenset({"add", "append", "appendleft", "clear", "discard", "extend", "insert", "pop", "popitem", "remove", "reverse", "setdefault", "sort", "update"})


@dataclass(frozen=True, slots=True)
class Bindings:
    """The statements of a file by the names that they bind or change, and its imports.

    `makers` are, by name, the numbers of the statements (of the file's body) that bind the name or change what it stands
    for; `bound` are, by number, the names that a statement binds. `imports` are the names that are bound once in the file, and by
    an import; `stars` are the imports of all names. What `if __name__ == "__main__"` guards is not seen by who imports the file.
    """

    body: Sequence[ast.stmt]
    makers: Mapping[str, Sequence[int]]
    bound: Mapping[int, frozenset[str]]
    imports: Mapping[str, tuple[ast.Import | ast.ImportFrom, ast.alias]]
    stars: tuple[ast.ImportFrom, ...]

    def statements(self, name: str) -> list[ast.stmt]:
        """The statements that make a name, in order, with those that make what they bind besides."""
        names, numbers, pending = {name}, set[int](), [name]
        while pending:
            for number in self.makers.get(pending.pop(), ()):
                if number not in numbers:
                    numbers.add(number)
                    pending += self.bound[number] - names
                    names |= self.bound[number]
        return [self.body[number] for number in sorted(numbers)]


def bindings(module: ast.Module) -> Bindings:
    """The bindings of a file."""
    bound = {number: frozenset(_binds(node)) for number, node in enumerate(module.body) if not _is_main_guard(node)}
    makers: defaultdict[str, list[int]] = defaultdict(list)
    values = {name for number, names in bound.items() if not isinstance(module.body[number], _DEFINITIONS) for name in names}
    for number, names in bound.items():
        statement = module.body[number]
        for name in names.union(_written(statement), values.intersection(_given(statement))):
            makers[name].append(number)
    times: defaultdict[str, int] = defaultdict(int)
    for name in (name for node in module.body for name in _binds(node)):
        times[name] += 1
    found = [node for node in statements(module.body) if isinstance(node, ast.Import | ast.ImportFrom)]
    imports = {_local(alias): (node, alias) for node in found for alias in node.names if alias.name != "*" and times[_local(alias)] == 1}
    stars = (node for node in found if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names))
    return Bindings(module.body, makers, bound, imports, tuple(stars))


def _local(alias: ast.alias) -> str:
    return alias.asname or alias.name.partition(".")[0]


def _is_main_guard(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and any(isinstance(each, ast.Name) and each.id == "__name__" for each in ast.walk(node.test))


def _binds(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement binds, those of its blocks among them, as often as it does."""
    for node in statements([statement]):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name
            case ast.Import() | ast.ImportFrom():
                yield from (_local(alias) for alias in node.names if alias.name != "*")
            case ast.Assign():
                yield from (each.id for target in node.targets for each in _targets(target))
            case ast.AnnAssign() | ast.AugAssign() | ast.For() | ast.AsyncFor():
                yield from (each.id for each in _targets(node.target))
            case ast.With() | ast.AsyncWith():
                yield from (each.id for item in node.items if item.optional_vars is not None for each in _targets(item.optional_vars))
            case ast.Try() | ast.TryStar():
                yield from (handler.name for handler in node.handlers if handler.name)
            case ast.Match():
                yield from (each.name for case in node.cases for each in ast.walk(case.pattern) if isinstance(each, ast.MatchAs | ast.MatchStar) and each.name)


def _targets(target: ast.expr) -> Iterator[ast.Name]:
    match target:
        case ast.Name():
            yield target
        case ast.Tuple() | ast.List():
            for each in target.elts:
                yield from _targets(each)
        case ast.Starred():
            yield from _targets(target.value)


def _written(statement: ast.stmt) -> Iterator[str]:
    """The names of things that a statement writes to a part of."""
    for node in statements([statement]):
        match node:
            case ast.Assign() | ast.Delete():
                yield from _roots(node.targets)
            case ast.AnnAssign() | ast.AugAssign():
                yield from _roots([node.target])


def _given(statement: ast.stmt) -> Iterator[str]:
    """The names of things that are given to calls whose result nobody takes: they are called for what they do."""
    for node in statements([statement]):
        match node:
            case ast.Expr(value=ast.Call() as call):
                yield from _roots([call.func, *call.args, *(each.value for each in call.keywords)])


def _roots(expressions: Iterable[ast.expr]) -> Iterator[str]:
    """The names that accesses to attributes and items, and calls of these, begin with."""
    for each in expressions:
        while isinstance(each, ast.Attribute | ast.Subscript | ast.Call | ast.Starred):
            each = each.func if isinstance(each, ast.Call) else each.value
        if isinstance(each, ast.Name):
            yield each.id


@lru_cache(maxsize=4096)
def changed_in_functions(module: ast.Module) -> frozenset[str]:
    """The names that functions of a file declare global, or that they change a part of and bind no variable of their own to."""
    return frozenset(_changed_in_functions(module))


def _changed_in_functions(module: ast.Module) -> Iterator[str]:
    for function in below(module, ast.FunctionDef, ast.AsyncFunctionDef):
        for declared in own(function, ast.Global):
            yield from declared.names
        written = [each.value for each in own(function, ast.Subscript) if not isinstance(each.ctx, ast.Load)]
        written += [each.value for each in own(function, ast.Attribute) if each.attr in _CHANGING]
        names = {each.id for each in written if isinstance(each, ast.Name)}
        if names:
            local = {each.id for each in own(function, ast.Name) if isinstance(each.ctx, ast.Store)}
            yield from names - local - {each.arg for each in own(function, ast.arg)}
