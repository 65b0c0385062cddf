"""The boards a workspace writes in Python: every ``*.py`` of its ``dashboards/boards/``.

Each defines ``board(source) -> Board`` or ``boards(source) -> Iterable[Board]``, and is executed code. Files
whose name begins with ``_``, and folders, are their helpers: ``from ._prices import panel``. The folder is a
package with a private name of its own and is never put on ``sys.path``: no name in it can stand in the way of
another's.
"""

from __future__ import annotations

import hashlib
import importlib
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from dashboards.model.board import Board
from dashboards.model.errors import BoardInvalid
from dashboards.standard.registry import boards, refuse_invalid, standard_names
from dashboards.standard.source import Source
from foundation.errors import DefinitionError, Problems
from foundation.paths import files_in, open_file
from foundation.workspace import SHIPPED, Workspace

SHIPPED_PACKAGE = "dashboards.boards"
ONE, SEVERAL = "board", "boards"
SIGNATURES = "board(source) -> Board or boards(source) -> Iterable[Board]"


@dataclass(frozen=True, slots=True)
class BoardFile:
    """``line`` is where its function begins; None: it comes from elsewhere."""

    path: Path
    make: Callable[[Source], object]
    several: bool
    line: int | None


@dataclass(frozen=True, slots=True)
class BoardFiles:
    """Of one workspace, in name order; none where it has no such folder."""

    files: tuple[BoardFile, ...] = field(default=())

    def boards(self, source: Source) -> tuple[Board, ...]:
        """The standard boards, and those of these files over and beside them.

        Raises:
            DefinitionErrors: a file raised, answered with something else than boards, or made a board that
                breaks the model's rules or has the name of another file's.
            BoardInvalid: a standard board does not fit the model.
        """
        return boards(source, [board for _, board in self._own(source)])

    def replaced(self, source: Source) -> Mapping[str, Path]:
        """The standard boards whose place another takes, by name, and the file that makes that one.

        Raises:
            DefinitionErrors: as of ``boards``.
        """
        own = self._own(source)
        standard = standard_names(source) if own else frozenset[str]()  # making them all takes a while
        return {board.name: path for path, board in own if board.name in standard}

    def _own(self, source: Source) -> list[tuple[Path, Board]]:
        problems, own, written = Problems(), list[tuple[Path, Board]](), dict[str, Path]()
        for file in self.files:
            for board in problems.attempt(lambda file=file: _made(file, source)) or ():  # type: ignore[misc]
                if board.name in written:
                    reason = f"makes the board {board.name!r}, which {written[board.name].name} makes too"
                    problems.refuse(str(file.path), file.line, "", reason, "Rename one.")
                written.setdefault(board.name, file.path)
                own.append((file.path, board))
        problems.raise_if_any()
        return own


def load_board_files(workspace: Workspace = SHIPPED) -> BoardFiles:
    """Execute them.

    Raises:
        DefinitionErrors: a file cannot be imported, or defines no function that makes boards.
    """
    folder = workspace.boards
    paths = [path for path in files_in(folder, ".py") if not path.name.startswith("_")]
    problems = Problems()
    with _as_package(folder) as package:
        found = [problems.attempt(lambda path=path: _loaded(package, path)) for path in paths]  # type: ignore[misc]
    problems.raise_if_any()
    return BoardFiles(tuple(file for file in found if file is not None))


def package_name(folder: Path) -> str:
    """The private name of a workspace's folder, one for every path; the shipped one is a package already."""
    place = folder.resolve()
    if place == SHIPPED.boards:
        return SHIPPED_PACKAGE
    return f"_mirante_boards_{hashlib.sha256(str(place).encode()).hexdigest()[:12]}"


@contextmanager
def _as_package(folder: Path) -> Iterator[str]:
    """While it holds, the folder's files can be imported; nothing is written into it. What an earlier load
    left is read anew."""
    name = package_name(folder)
    if name == SHIPPED_PACKAGE:
        yield name
        return
    for known in [one for one in sys.modules if one == name or one.startswith(f"{name}.")]:
        del sys.modules[known]
    package = ModuleType(name)
    package.__path__ = [str(folder.resolve())]
    sys.modules[name] = package
    importlib.invalidate_caches()
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield name
    finally:
        sys.dont_write_bytecode = before


def _loaded(package: str, path: Path) -> BoardFile:
    open_file(path).close()
    with _blamed_on(path):
        module = importlib.import_module(f"{package}.{path.stem}")
    for name in (SEVERAL, ONE):  # one that makes several may well have a ``board`` to make them by
        make = vars(module).get(name)
        if callable(make):
            return BoardFile(path, make, name == SEVERAL, _line(make, path))
    fix = f"Define {SIGNATURES}, or begin a helper's name with _"
    raise DefinitionError(str(path), "the file", "makes no board", fix)


def _line(make: Callable[[Source], object], path: Path) -> int | None:
    """Where it begins, if that is in this file."""
    code = getattr(make, "__code__", None)
    return code.co_firstlineno if code is not None and Path(code.co_filename) == path.resolve() else None


def _made(file: BoardFile, source: Source) -> list[Board]:
    with _blamed_on(file.path):
        answer = file.make(source)
        made = list(answer) if file.several and isinstance(answer, Iterable) else [answer]
    return [_checked(board, file) for board in made]


def _checked(board: object, file: BoardFile) -> Board:
    if not isinstance(board, Board):
        name = SEVERAL if file.several else ONE
        reason = f"answers with {type(board).__name__}"
        raise DefinitionError(str(file.path), name, reason, f"Expected: {SIGNATURES}", file.line)
    try:
        refuse_invalid(board)
    except BoardInvalid as invalid:
        raise DefinitionError(str(file.path), "board", str(invalid), "Correct it there.", file.line) from None
    return board


@contextmanager
def _blamed_on(path: Path) -> Iterator[None]:
    """What a board file raises is its author's to fix: the file, the line and the reason, and no trace.

    Raises:
        DefinitionError: it raised anything.
    """
    try:
        yield
    except SyntaxError as error:
        file, line = error.filename or str(path), error.lineno
        raise DefinitionError(file, "the file", f"is not Python: {error.msg}", "Correct it.", line) from None
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever their code raises
        file, line = _place(error, path)
        reason = f"raised {type(error).__name__}: {error}"
        raise DefinitionError(file, "the file", reason, "Correct it there.", line) from None


def _place(error: BaseException, path: Path) -> tuple[str, int | None]:
    """The innermost line of the workspace's own code on the way to the error."""
    folder, trace = path.resolve().parent, traceback.extract_tb(error.__traceback__)
    frames = [frame for frame in trace if Path(frame.filename).is_relative_to(folder)]
    return (frames[-1].filename, frames[-1].lineno) if frames else (str(path), None)
