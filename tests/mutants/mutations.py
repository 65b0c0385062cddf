"""Every way in which one rule of a module can be removed or flipped, as source that still compiles."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

FLIPPED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
# Removing them breaks the module instead of a rule, which any test would notice.
NO_RULE = (
    ast.Import,
    ast.ImportFrom,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.Assign,
    ast.AnnAssign,
    ast.Pass,
)


@dataclass(frozen=True, slots=True)
class Mutation:
    """``text`` says what was done to which code; with ``line`` it names the mutation."""

    line: int
    text: str
    source: str


def mutations(source: str) -> Iterator[Mutation]:
    """In the order of the file."""
    tree = ast.parse(source)
    found = [made for index, node in enumerate(ast.walk(tree)) for made in _of(tree, index, node)]
    yield from sorted(found, key=lambda mutation: (mutation.line, mutation.text))


def _of(tree: ast.Module, index: int, node: ast.AST) -> Iterator[Mutation]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.If | ast.For | ast.With | ast.Try):
        yield from _removed(tree, index, node)
    if isinstance(node, ast.Compare):
        for place, operator in enumerate(node.ops):
            other = FLIPPED[type(operator)]()
            yield _changed(
                tree, index, node, f"flip {place + 1}", lambda n, p=place, o=other: n.ops.__setitem__(p, o)
            )
    if isinstance(node, ast.BoolOp):
        for place in range(len(node.values)):
            yield _changed(tree, index, node, f"drop {place + 1}", lambda n, p=place: n.values.pop(p))
    if isinstance(node, ast.If | ast.IfExp):
        for verdict in (True, False):
            always = ast.Constant(verdict)
            yield _changed(
                tree, index, node.test, f"always {verdict}", lambda n, a=always: setattr(n, "test", a)
            )
    if isinstance(node, ast.comprehension):
        for place, condition in enumerate(node.ifs):
            yield _changed(tree, index, condition, "no filter", lambda n, p=place: n.ifs.pop(p))


def _removed(tree: ast.Module, index: int, node: ast.AST) -> Iterator[Mutation]:
    for field in ("body", "orelse", "finalbody"):
        for place, statement in enumerate(getattr(node, field, [])):
            docstring = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
            if docstring or isinstance(statement, NO_RULE):
                continue

            def remove(n: ast.AST, field: str = field, place: int = place) -> None:
                getattr(n, field)[place] = ast.Pass()

            yield _changed(tree, index, statement, "remove", remove)


def _changed(
    tree: ast.Module, index: int, shown: ast.AST, what: str, change: Callable[..., object]
) -> Mutation:
    copied = copy.deepcopy(tree)
    change(list(ast.walk(copied))[index])
    text = f"{what}: {ast.unparse(shown).splitlines()[0][:100]}"
    line = getattr(shown, "lineno", 0)
    return Mutation(line, text, ast.unparse(ast.fix_missing_locations(copied)))
