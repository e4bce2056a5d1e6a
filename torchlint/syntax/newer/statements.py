"""libcst's statements as those of `ast`."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

import libcst as cst

from torchlint.syntax.newer.expressions import identifier, operator
from torchlint.syntax.newer.patterns import Patterns


class Statements(Patterns):
    """Converts statements; a method is named for the libcst node that it takes."""

    def module(self, node: cst.Module) -> ast.Module:
        return ast.Module(self._body(node), [])

    def _body(self, node: Any) -> list[ast.stmt]:
        if isinstance(node, cst.SimpleStatementLine | cst.SimpleStatementSuite):
            made = [self._statement(each) for each in node.body]
            if isinstance(semicolon := node.body[-1].semicolon, cst.Semicolon):
                self.spans.end_block(made[-1], self.spans.end(semicolon))
            return made
        made = []
        for each in node.body:
            made += self._body(each) if isinstance(each, cst.SimpleStatementLine) else [self._statement(each)]
        return made

    def _suite(self, node: Any) -> list[ast.stmt]:
        """The statements of an indented block, of the rest of a line, of an else or a finally."""
        if node is None:
            return []
        return self._body(node.body if isinstance(node, cst.Else | cst.Finally) else node)

    def _statement(self, node: cst.CSTNode) -> ast.stmt:
        made: ast.stmt = getattr(self, type(node).__name__)(node)
        if hasattr(made, "lineno"):
            return made
        return self.spans.place(made, self.spans.start(node), self.spans.end(node))

    # Simple statements

    def Expr(self, node: cst.Expr) -> ast.stmt:
        return ast.Expr(self.expression(node.value))

    def Pass(self, node: cst.Pass) -> ast.stmt:
        return ast.Pass()

    def Break(self, node: cst.Break) -> ast.stmt:
        return ast.Break()

    def Continue(self, node: cst.Continue) -> ast.stmt:
        return ast.Continue()

    def Return(self, node: cst.Return) -> ast.stmt:
        return ast.Return(self.maybe(node.value))

    def Raise(self, node: cst.Raise) -> ast.stmt:
        return ast.Raise(self.maybe(node.exc), self.maybe(node.cause.item if node.cause else None))

    def Assert(self, node: cst.Assert) -> ast.stmt:
        return ast.Assert(self.expression(node.test), self.maybe(node.msg))

    def Del(self, node: cst.Del) -> ast.stmt:
        target = node.target
        bare = isinstance(target, cst.Tuple) and not target.lpar
        made = self.expression(target, ast.Del())
        return ast.Delete(made.elts if bare else [made])

    def Global(self, node: cst.Global) -> ast.stmt:
        return ast.Global([identifier(each.name.value) for each in node.names])

    def Nonlocal(self, node: cst.Nonlocal) -> ast.stmt:
        return ast.Nonlocal([identifier(each.name.value) for each in node.names])

    def Assign(self, node: cst.Assign) -> ast.stmt:
        targets = [self.expression(each.target, ast.Store()) for each in node.targets]
        return ast.Assign(targets, self.expression(node.value))

    def AugAssign(self, node: cst.AugAssign) -> ast.stmt:
        target = self.expression(node.target, ast.Store())
        return ast.AugAssign(target, operator(node.operator), self.expression(node.value))

    def AnnAssign(self, node: cst.AnnAssign) -> ast.stmt:
        return ast.AnnAssign(
            self.expression(node.target, ast.Store()),
            self.expression(node.annotation.annotation),
            self.maybe(node.value),
            int(isinstance(node.target, cst.Name) and not node.target.lpar),
        )

    def TypeAlias(self, node: cst.TypeAlias) -> ast.stmt:
        return ast.Assign([self.expression(node.name, ast.Store())], self.expression(node.value))

    # Imports

    def Import(self, node: Any) -> ast.stmt:
        return ast.Import([self._alias(each) for each in node.names])

    def ImportFrom(self, node: Any) -> ast.stmt:
        if isinstance(node.names, cst.ImportStar):
            star = node.names
            names = [self.spans.place(ast.alias("*"), self.spans.start(star), self.spans.end(star))]
        else:
            names = [self._alias(each) for each in node.names]
        module = _dotted(node.module) if node.module else None
        return ast.ImportFrom(module, names, len(node.relative))

    LazyImport = Import
    LazyImportFrom = ImportFrom

    def _alias(self, node: cst.ImportAlias) -> ast.alias:
        asname: Any = node.asname.name if node.asname else None
        made = ast.alias(_dotted(node.name), identifier(asname.value) if asname else None)
        return self.spans.place(made, self.spans.start(node.name), self.spans.end(asname or node.name))

    # Compound statements

    def If(self, node: cst.If) -> ast.stmt:
        orelse = (
            [self._statement(node.orelse)] if isinstance(node.orelse, cst.If) else self._suite(node.orelse)
        )
        body = self._suite(node.body)
        made = ast.If(self.expression(node.test), body, orelse)
        return self.spans.place_block(made, self.spans.start(node), (orelse or body)[-1])

    def While(self, node: cst.While) -> ast.stmt:
        body, orelse = self._suite(node.body), self._suite(node.orelse)
        made = ast.While(self.expression(node.test), body, orelse)
        return self.spans.place_block(made, self.spans.start(node), (orelse or body)[-1])

    def For(self, node: cst.For) -> ast.stmt:
        body, orelse = self._suite(node.body), self._suite(node.orelse)
        kind = ast.AsyncFor if node.asynchronous else ast.For
        made = kind(self.expression(node.target, ast.Store()), self.expression(node.iter), body, orelse)
        return self.spans.place_block(made, self.spans.start(node), (orelse or body)[-1])

    def With(self, node: cst.With) -> ast.stmt:
        body = self._suite(node.body)
        items = [
            ast.withitem(
                self.expression(each.item),
                self.expression(each.asname.name, ast.Store()) if each.asname else None,
            )
            for each in node.items
        ]
        made = (ast.AsyncWith if node.asynchronous else ast.With)(items, body)
        return self.spans.place_block(made, self.spans.start(node), body[-1])

    def Try(self, node: Any) -> ast.stmt:
        body, handlers = self._suite(node.body), [self._handler(each) for each in node.handlers]
        orelse, final = self._suite(node.orelse), self._suite(node.finalbody)
        kind = ast.TryStar if isinstance(node, cst.TryStar) else ast.Try
        made = kind(body, handlers, orelse, final)
        last: Sequence[ast.AST] = final or orelse or handlers
        return self.spans.place_block(made, self.spans.start(node), last[-1])

    TryStar = Try

    def _handler(self, node: Any) -> ast.ExceptHandler:
        body = self._suite(node.body)
        name = identifier(node.name.name.value) if node.name else None
        made = ast.ExceptHandler(self.maybe(node.type), name, body)
        return self.spans.place_block(made, self.spans.start(node), body[-1])

    def Match(self, node: cst.Match) -> ast.stmt:
        cases = [
            ast.match_case(self.pattern(each.pattern), self.maybe(each.guard), self._suite(each.body))
            for each in node.cases
        ]
        made = ast.Match(self.expression(node.subject), cases)
        return self.spans.place_block(made, self.spans.start(node), cases[-1].body[-1])

    def FunctionDef(self, node: cst.FunctionDef) -> ast.stmt:
        body = self._suite(node.body)
        kind = ast.AsyncFunctionDef if node.asynchronous else ast.FunctionDef
        made = kind(
            name=identifier(node.name.value),
            args=self.parameters(node.params),
            body=body,
            decorator_list=[self.expression(each.decorator) for each in node.decorators],
            returns=self.maybe(node.returns.annotation if node.returns else None),
            **_no_type_parameters(kind),
        )
        return self.spans.place_block(made, self.spans.start(node), body[-1])

    def ClassDef(self, node: cst.ClassDef) -> ast.stmt:
        body = self._suite(node.body)
        bases, keywords = self.arguments([*node.bases, *node.keywords])
        made = ast.ClassDef(
            name=identifier(node.name.value),
            bases=bases,
            keywords=keywords,
            body=body,
            decorator_list=[self.expression(each.decorator) for each in node.decorators],
            **_no_type_parameters(ast.ClassDef),
        )
        return self.spans.place_block(made, self.spans.start(node), body[-1])


def _dotted(node: cst.CSTNode) -> str:
    names: list[str] = []
    while isinstance(node, cst.Attribute):
        names.append(identifier(node.attr.value))
        node = node.value
    assert isinstance(node, cst.Name)
    return ".".join([identifier(node.value), *reversed(names)])


def _no_type_parameters(kind: type[ast.AST]) -> dict[str, Any]:
    return {"type_params": []} if "type_params" in kind._fields else {}
