"""Files that people edit, read within one limit of size; YAML as places that know their line."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from foundation.errors import WHOLE_FILE, DefinitionError, DefinitionErrors, Problems
from foundation.located import Place, SourceFile
from foundation.paths import open_file
from foundation.yaml_nodes import read_nodes

MAX_BYTES = 10_000_000


def read_bytes(path: Path, name: str | None = None) -> bytes:
    """What a file holds, at most one byte too much; errors call it ``name``.

    Raises:
        DefinitionErrors: it is no file, or cannot be read.
    """
    with open_file(path, name) as source:
        return source.read(MAX_BYTES + 1)


def as_text(content: bytes, file: str) -> str:
    """UTF-8, with or without a byte order mark.

    Raises:
        DefinitionErrors: it is not, or is too large.
    """
    if len(content) > MAX_BYTES:
        raise _refused(file, None, f"is longer than {MAX_BYTES:,} bytes", "Split it.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problem = f"is not UTF-8 on this line (byte 0x{content[error.start]:02x})"
        raise _refused(file, line, problem, "Save the file as UTF-8.") from None


def read_text(path: Path) -> str:
    """
    Raises:
        DefinitionErrors: it cannot be read, is too large or is not UTF-8.
    """
    return as_text(read_bytes(path), str(path))


def documents(content: bytes, file: str, problems: Problems) -> list[Place]:
    """The documents of one file, and in ``problems`` what is wrong with the whole; that it has none is."""
    before = len(problems.errors)
    text = problems.attempt(partial(as_text, content, file))
    nodes = [] if text is None else read_nodes(text, file, problems)
    if not nodes and len(problems.errors) == before:
        problems.refuse(file, None, "", "is empty", "Write the document, or leave the file out.")
    source = SourceFile(file, problems)
    return [Place(source, "", node, node.line) for node in nodes]


def document(content: bytes, file: str) -> Place:
    """The one document of a file.

    Raises:
        DefinitionErrors: it is too large, not UTF-8, not YAML, empty, or holds several documents.
    """
    problems = Problems()
    found = documents(content, file, problems)
    if len(found) == 1:
        return found[0]
    if found:
        found[1].wrong("is a second document", "Keep one document, without `---` below it.")
    raise problems.all()


def read_document(path: Path) -> Place:
    """The same of a file by its path.

    Raises:
        DefinitionErrors: or it cannot be read.
    """
    return document(read_bytes(path), str(path))


def _refused(file: str, line: int | None, problem: str, fix: str) -> DefinitionErrors:
    return DefinitionErrors([DefinitionError(file, WHOLE_FILE, problem, fix, line)])
