"""YAML files into located sections; syntax and encoding errors name their line."""

from __future__ import annotations

from pathlib import Path

import yaml

from slo.loaders.problems import Problems
from slo.loaders.section import Section

LARGEST_FILE_BYTES = 20_000_000


def read_bytes(path: Path, file: str, problems: Problems) -> bytes | None:
    try:
        content = path.read_bytes()
    except OSError as error:
        problem = f"cannot be read: {error.strerror or error}"
        problems.refuse(file, None, "(file)", problem, "Check that the file exists and its permissions.")
        return None
    if len(content) > LARGEST_FILE_BYTES:
        problems.refuse(file, None, "(file)", f"is {len(content)} bytes long", "Split it; 20 MB is the most.")
        return None
    return content


def parse_documents(content: bytes, file: str, problems: Problems) -> list[Section]:
    """The documents of one file; a document that is empty or only comments is skipped."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problem = f"byte 0x{content[error.start]:02x} is not UTF-8"
        problems.refuse(file, line, "(file)", problem, "Save the file as UTF-8.")
        return []
    try:
        nodes = list(yaml.compose_all(text, Loader=yaml.CSafeLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = f"is not valid YAML: {error.problem or error.context}"
        problems.refuse(file, mark.line + 1 if mark else None, "(syntax)", problem, _SYNTAX_MEND)
        return []
    except (yaml.YAMLError, RecursionError) as error:
        problem = f"is not valid YAML: {str(error).splitlines()[0]}"
        problems.refuse(file, None, "(syntax)", problem, _SYNTAX_MEND)
        return []
    return [s for s in (_document(node, file, problems) for node in nodes) if s is not None]


_SYNTAX_MEND = "Check indentation, quotes and colons on this line and the one above."


def _document(node: yaml.Node | None, file: str, problems: Problems) -> Section | None:
    if node is None or (isinstance(node, yaml.ScalarNode) and not node.value):
        return None
    if isinstance(node, yaml.MappingNode):
        return Section(node, file, "", problems)
    line = node.start_mark.line + 1
    problems.refuse(file, line, "(document)", "is not a mapping", "Start it with `apiVersion:` and `kind:`.")
    return None
