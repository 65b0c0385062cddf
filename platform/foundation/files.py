"""Files that people edit, read within one limit of size; YAML as places that know their line."""

from __future__ import annotations

from pathlib import Path

from foundation.located import Place, Source
from foundation.problems import Problems
from foundation.yaml_nodes import read_nodes

MAX_BYTES = 10_000_000


def read_bytes(path: Path, file: str, problems: Problems) -> bytes | None:
    """What a file holds, at most one byte too much; ``None`` and a problem where it cannot be read."""
    try:
        with path.open("rb") as source:
            return source.read(MAX_BYTES + 1)
    except OSError as error:
        problem = f"cannot be read: {error.strerror or error}"
        problems.refuse(file, None, "", problem, "Check that the file exists and its permissions.")
        return None


def as_text(content: bytes, file: str, problems: Problems) -> str | None:
    """UTF-8, with or without a byte order mark; ``None`` and a problem otherwise, or if it is too large."""
    if len(content) > MAX_BYTES:
        problems.refuse(file, None, "", f"is over {MAX_BYTES:,} bytes long", "Split it.")
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problem = f"is not UTF-8 here (byte 0x{content[error.start]:02x})"
        problems.refuse(file, line, "", problem, "Save the file as UTF-8.")
        return None


def documents(content: bytes, file: str, problems: Problems) -> list[Place]:
    """The documents of one file, and in ``problems`` what is wrong with the file as a whole."""
    text = as_text(content, file, problems)
    nodes = [] if text is None else read_nodes(text, file, problems)
    source = Source(file, problems)
    return [Place(source, "", node, node.line) for node in nodes]


def document(content: bytes, file: str) -> Place:
    """The one document of a file.

    Raises:
        DefinitionErrors: it is too large, not UTF-8, not YAML, empty, or holds several documents.
    """
    problems = Problems()
    found = documents(content, file, problems)
    if not found and not problems.errors:
        problems.refuse(file, None, "", "is empty", "Write the document, or delete the file.")
    if len(found) > 1:
        found[1].wrong("is a second document", "Keep one, without `---` below it.")
    if not found or len(found) > 1:
        problems.raise_if_any()
    return found[0]


def read_document(path: Path) -> Place:
    """The same of a file by its path.

    Raises:
        DefinitionErrors: or it cannot be read.
    """
    problems = Problems()
    content = read_bytes(path, str(path), problems)
    problems.raise_if_any()
    return document(content or b"", str(path))
