"""The table of ``mirante import``: each file, whose it is, what became of it and what becomes otherwise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.context import counted, plain_table, say, shown, stderr, stdout
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
    """The table, then every error with its place, then the counts."""
    told = _told(found)
    table = plain_table("file", "format", "SLOs", "result", "what becomes otherwise", right=("SLOs",))
    for file in found.files:
        slos = f"{len(file.catalogue.slos):,}" if file.formats else ""
        cells = (shown(file.name), ", ".join(file.formats), slos)
        table.add_row(*(_plain(cell) for cell in cells), _result(file), _plain(told.get(file.name, "")))
    stdout.print(table)
    for file in found.files:
        for error in file.errors:
            say(str(error), "red")
    numbers = Counter(file.result for file in found.files)
    results = ", ".join(f"{numbers[result]:,} {result.value}" for result in ImportResult if numbers[result])
    say(f"{counted(len(found.files), 'file')}: {results}; {counted(len(found.catalogue.slos), 'SLO')}")


def _plain(text: str) -> Text:
    from rich.text import Text

    return Text(text)


def _result(file: ImportedFile) -> Text:
    from rich.text import Text

    return Text(file.result.value, STYLES[file.result])


def _told(found: Imported) -> dict[str, str]:
    """By file: each thing once, with how often it is so."""
    by_file: dict[str, Counter[str]] = {}
    for change in found.changes:
        by_file.setdefault(change.file, Counter())[f"{change.effect.value}: {change.text}"] += 1
    return {
        file: "\n".join(text if times == 1 else f"{text} ({times:,} times)" for text, times in texts.items())
        for file, texts in by_file.items()
    }
