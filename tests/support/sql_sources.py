"""Finds the SQL of files: module constants and what hangs on them, literals in functions, and .sql files."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import TextClause

ROOT = Path(__file__).parents[2]
_STATEMENT = re.compile(
    r"\s*(SELECT|INSERT|UPDATE|DELETE|REPLACE|WITH|CREATE|ALTER|DROP|TRUNCATE|EXPLAIN|SET)\s+[A-Za-z(@'`:]"
)
_EXECUTING = ("text", "exec_driver_sql", "rows", "change", "change_all")
_HOLE = "\0"  # what is put in when the program runs


@dataclass(frozen=True)
class Source:
    """A statement and the file it stands in. ``whole``: nothing is put in when it runs but values."""

    file: str
    statement: str
    whole: bool = True


def sources(*patterns: str) -> list[Source]:
    """Every statement of the files that the patterns (from the root) find, each once."""
    files = sorted({path for pattern in patterns for path in ROOT.glob(pattern)})
    found: dict[Source, None] = {}
    for path in files:
        name = path.relative_to(ROOT).as_posix()
        for statement in _of_sql(path) if path.suffix == ".sql" else _of_python(path):
            found[Source(name, _filled(statement).strip(), _HOLE not in statement)] = None
    return list(found)


def unseen(path: Path) -> list[str]:
    """Where a function makes SQL of something else than a literal, a constant of its module or what it was
    given, which ``sources`` cannot see."""
    return [
        f"{path.name}:{call.lineno}"
        for function in _functions(path)
        for call in ast.walk(function)
        if isinstance(call, ast.Call)
        and _called(call) in _EXECUTING
        and not _is_seen(call.args[0], {argument.arg for argument in function.args.args})
    ]


def _is_seen(statement: ast.expr, given: set[str]) -> bool:
    if isinstance(statement, ast.Name):
        return statement.id.isupper() or statement.id in given
    return isinstance(statement, ast.Constant | ast.JoinedStr | ast.Attribute)


def _functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def _called(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _filled(statement: str) -> str:
    """Names stand for what is put in: an assignment after SET, else a name."""
    assigned = re.sub(rf"(\bSET\s+){_HOLE}", r"\1 x = x ", statement)
    return assigned.replace(_HOLE, " x ")


def _of_sql(path: Path) -> Iterator[str]:
    text = re.sub(r"--[^\n]*", "", path.read_text(encoding="utf-8"))
    return (part for part in text.split(";\n") if part.strip())


def _of_python(path: Path) -> Iterator[str]:
    parts = path.relative_to(ROOT).with_suffix("").parts
    module = importlib.import_module(".".join(parts[1:] if parts[0] == "platform" else parts))
    for value in vars(module).values():
        yield from _within(value, module.__name__)
    for function in _functions(path):
        if function.name != "__init__":  # what a constructor makes hangs on the module's objects
            yield from _literals(function)


def _literals(function: ast.AST) -> Iterator[str]:
    pieces = {
        id(part) for node in ast.walk(function) if isinstance(node, ast.JoinedStr) for part in node.values
    }
    for node in ast.walk(function):
        if isinstance(node, ast.JoinedStr):
            values = [part.value if isinstance(part, ast.Constant) else _HOLE for part in node.values]
            yield from _statement("".join(map(str, values)))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in pieces:
            yield from _statement(node.value)


def _statement(text: str) -> Iterator[str]:
    if _STATEMENT.match(text.replace(_HOLE, "x")):
        yield text


def _within(value: object, module: str) -> Iterator[str]:
    if isinstance(value, TextClause):
        yield value.text
    elif isinstance(value, str):
        yield from _statement(re.sub(r"\{\w+\}", _HOLE, value))
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _within(item, module)
    elif isinstance(value, dict):
        yield from _within(list(value.values()), module)
    elif type(value).__module__ == module:
        yield from _within(list(getattr(value, "__dict__", {}).values()), module)
