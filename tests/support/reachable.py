"""What of the product can run: the modules and names that its entry points reach, read from the code alone.

A name is a function, a class or a constant at the top of a module. Reached code reaches every name that it
loads, wherever it was imported from, and every name that a text of it spells in full (``package.module.name``
or ``package.module:name``: handlers of functions, entry points). What only tests reach is left over.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES: Mapping[str, Path] = {
    **{name: ROOT / name for name in ("slo", "dashboards", "alarms", "exporters", "app")},
    **{name: ROOT / "platform" / name for name in ("foundation", "credit", "dataplatform")},
}
REGISTERS = {"command", "group", "register"}  # decorators of a click group, and of functools.singledispatch
_FULL_NAME = re.compile(r"\w+(\.\w+)+(:\w+)?")


@dataclass(slots=True)
class Module:
    """``aliases`` are local names of other modules' names: the module, and the name or None for itself."""

    name: str
    path: Path
    names: dict[str, list[ast.stmt]] = field(default_factory=dict)
    aliases: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    runs: list[ast.stmt] = field(default_factory=list)  # at import, whoever loads what
    registered: list[str] = field(default_factory=list)  # names of some of these


def product_modules() -> dict[str, Module]:
    return modules_of(PACKAGES)


def modules_of(packages: Mapping[str, Path]) -> dict[str, Module]:
    found = {}
    for package, folder in packages.items():
        for path in sorted(folder.rglob("*.py")):
            parts = [package, *path.relative_to(folder).with_suffix("").parts]
            name = ".".join(parts).removesuffix(".__init__")
            found[name] = Module(name, path)
    for module in found.values():
        _read(module, found)
    return found


def _read(module: Module, product: Mapping[str, Module]) -> None:
    tree = ast.parse(module.path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        for alias, target in _imports(node, product):
            module.aliases[alias] = target
    for statement in tree.body:
        names = _defined(statement)
        for name in names:
            module.names.setdefault(name, []).append(statement)
        if _registers(statement):
            module.registered += names
        if (not names or _registers(statement)) and not _for_types_alone(statement):
            module.runs.append(statement)


def _imports(node: ast.AST, product: Mapping[str, Module]) -> Iterator[tuple[str, tuple[str, str | None]]]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            assert alias.name not in product, f"{alias.name}: written `from ... import ...` in the product"
    elif isinstance(node, ast.ImportFrom):
        assert node.module is not None, "the product imports by full names"
        for alias in node.names:
            whole = f"{node.module}.{alias.name}"
            target = (whole, None) if whole in product else (node.module, alias.name)
            yield alias.asname or alias.name, target


def _defined(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [statement.name]
    targets: list[ast.expr] = []
    if isinstance(statement, ast.Assign):
        targets = [part for target in statement.targets for part in getattr(target, "elts", [target])]
    elif isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    names = [target.id for target in targets if isinstance(target, ast.Name)]
    return names if len(names) == len(targets) else []


def _registers(statement: ast.stmt) -> bool:
    """Whether a decorator hands it to something that runs: ``@group.command(...)``, ``@text_of.register``.

    ``@click.command()`` hands it to nobody: such a command is reached by the text that names it.
    """
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    calls = [one.func if isinstance(one, ast.Call) else one for one in decorators]
    return any(
        isinstance(call, ast.Attribute) and call.attr in REGISTERS and ast.unparse(call.value) != "click"
        for call in calls
    )


def _for_types_alone(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.If) and ast.unparse(statement.test) == "TYPE_CHECKING"


class Reached:
    """Everything reached so far; ``enter`` with each entry point."""

    def __init__(self, product: Mapping[str, Module]) -> None:
        self._product = product
        self.modules: set[str] = set()
        self.names: set[tuple[str, str]] = set()
        self._waiting: list[tuple[str, ast.AST]] = []

    def enter(self, full_name: str) -> None:
        """A module with all that is in it, or one name of a module."""
        if full_name in self._product:
            self._load(full_name)
            for name in self._product[full_name].names:
                self._reach(full_name, name)
        else:
            self._reach_text(full_name)
        while self._waiting:
            self._visit(*self._waiting.pop())

    def left_over(self) -> tuple[list[str], list[str]]:
        """Modules that nothing loads, and names that nothing reaches in the others."""
        modules = [
            name for name, module in self._product.items() if name not in self.modules and module.names
        ]
        names = [
            f"{module}.{name}"
            for module in sorted(self.modules)
            for name in self._product[module].names
            if (module, name) not in self.names and not name.startswith("__")
        ]
        return modules, names

    def _load(self, module: str) -> None:
        while module:
            if module in self._product and module not in self.modules:
                self.modules.add(module)
                self._waiting += [(module, statement) for statement in self._product[module].runs]
                self.names |= {(module, name) for name in self._product[module].registered}
            module = module.rpartition(".")[0]

    def _reach(self, module: str, name: str) -> None:
        """A name as ``module`` knows it, which may be another module's."""
        known = self._product.get(module)
        if known is None or (module, name) in self.names:
            return
        if name in known.names:
            self.names.add((module, name))
            self._waiting += [(module, statement) for statement in known.names[name]]
        elif name in known.aliases:
            target, attribute = known.aliases[name]
            if attribute is not None:
                self._reach(target, attribute)

    def _visit(self, module: str, statement: ast.AST) -> None:
        for node in ast.walk(statement):
            if isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    self._load(f"{node.module}.{alias.name}")
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                self._reach(module, node.id)
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                self._reach_attribute(module, node.value.id, node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                self._reach_text(node.value)

    def _reach_attribute(self, module: str, alias: str, attribute: str) -> None:
        target, of_target = self._product[module].aliases.get(alias, ("", None))
        if of_target is None:
            self._reach(target, attribute)

    def _reach_text(self, text: str) -> None:
        if _FULL_NAME.fullmatch(text):
            module, _, name = text.replace(":", ".").rpartition(".")
            if name in self._product.get(module, Module("", ROOT)).names:
                self._load(module)
                self._reach(module, name)
