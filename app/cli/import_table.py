"""The table of ``mirante import``: each file, whose it is, what became of it and what becomes otherwise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.context import counted, plain_table, say, shown, stderr, stdout
from foundation.errors import Effect
from slo.loaders.imported_file import ImportedFile, ImportResult
from slo.loaders.importer import Imported, import_files

if TYPE_CHECKING:
    from rich.text import Text

STYLES = {
    ImportResult.IMPORTED: "green",
    ImportResult.INCOMPLETE: "yellow",
    ImportResult.REFUSED: "red",
    ImportResult.NO_SLO_FILE: "dim",
}
NO_SLO_FILE = ImportResult.NO_SLO_FILE.value
EFFECTS = {  # as they are told, the gravest first
    Effect.LOST: "red",
    Effect.ASSUMED: "yellow",
    Effect.CHANGED: "cyan",
    Effect.ADDED: "green",
}
MOST_FILES = 3  # named where something becomes otherwise


def imported(paths: Sequence[Path]) -> Imported:
    """What they define, with a word of how far it is while many are read."""
    with stderr.progress("reading") as step:
        return import_files(paths, lambda done: step(f"reading: {counted(done, 'file')} done"))


def tell_changes(found: Imported) -> None:
    """Every change and every error, a line each, away from what is written."""
    for change in found.changes:
        stderr.print(str(change), markup=False, soft_wrap=True)
    for file in found.files:
        for error in file.errors:
            stderr.print(str(error), markup=False, soft_wrap=True, style="red")


def tell(found: Imported) -> None:
    """The table; what becomes otherwise, each thing once with the files where it does; every error with its
    place; the counts."""
    folded = Counter(name for file in found.files if (name := _folded(file)))
    changes = Counter(change.file for change in found.changes)
    table = plain_table("file", "format", "SLOs", "result", "changes", right=("SLOs", "changes"))
    for file in found.files:
        if not _folded(file):
            slos = f"{len(file.catalogue.slos):,}" if file.formats else ""
            cells = (shown(file.name), ", ".join(file.formats), slos)
            told = f"{changes[file.name]:,}" if changes[file.name] else ""
            table.add_row(*(_plain(cell) for cell in cells), _result(file), told)
    for folder, number in folded.items():
        table.add_row(_plain(f"{shown(folder)}/ ({counted(number, 'file')})"), "", "", NO_SLO_FILE)
    stdout.print(table)
    _tell_otherwise(found)
    for file in found.files:
        for error in file.errors:
            say(str(error), "red")
    numbers = Counter(file.result for file in found.files)
    results = ", ".join(f"{numbers[result]:,} {result.value}" for result in ImportResult if numbers[result])
    say(f"{counted(len(found.files), 'file')}: {results}; {counted(len(found.catalogue.slos), 'SLO')}")


def _folded(file: ImportedFile) -> str:
    """The folder that says it all for a file that is none of the formats; empty: the file gets its row."""
    return str(Path(file.name).parent) if file.result is ImportResult.NO_SLO_FILE and not file.errors else ""


def _tell_otherwise(found: Imported) -> None:
    """What is lost first."""
    places: dict[tuple[Effect, str], Counter[str]] = {}
    for change in found.changes:
        places.setdefault((change.effect, change.text), Counter())[change.file] += 1
    if not places:
        return
    table = plain_table("", "what becomes otherwise", "where")
    rank = {effect: number for number, effect in enumerate(EFFECTS)}
    for effect, text in sorted(places, key=lambda told: (rank[told[0]], told[1])):
        where = _where(places[effect, text])
        table.add_row(_text(effect.value, EFFECTS[effect]), _plain(text), _plain(where))
    stdout.print()
    stdout.print(table)
    stdout.print()


def _where(files: Counter[str]) -> str:
    if len(files) > MOST_FILES:
        return f"{len(files):,} files, {files.total():,} times"
    return "\n".join(
        shown(name) if times == 1 else f"{shown(name)} ({times:,} times)" for name, times in files.items()
    )


def _plain(text: str) -> Text:
    return _text(text, "")


def _text(text: str, style: str) -> Text:
    from rich.text import Text

    return Text(text, style)


def _result(file: ImportedFile) -> Text:
    return _text(file.result.value, STYLES[file.result])
