"""``mirante decide``: decide anyone's table in process, by the same policy as the API."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import click
from rich.progress import track
from rich.table import Table as TextTable

from app.cli.context import pass_settings, stderr, stdout
from app.domain.canonical import verdict_document
from app.settings import Settings
from app.usecases.convert import SHIPPED_MAPPINGS, ConversionReport, check_columns, convert
from app.usecases.decide_batch import BatchDecision, BatchSummary, decide_batch
from app.usecases.load_policies import load_policies, load_reasons
from app.usecases.row_mapping import load_mapping
from app.usecases.tables import read_csv

EXAMPLES = 3


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--map",
    "mapping_file",
    type=click.Path(path_type=Path),
    default=SHIPPED_MAPPINGS / "openintro-loans.yaml",
    show_default="the shipped loans mapping",
    help="Which column is what.",
)
@click.option("--policy", help="Name or id of the credit policy.")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="The day to decide as of.  [default: today]")
@click.option("--out", type=click.Path(path_type=Path), help="Write decisions here, one JSON object a line.")
@pass_settings
def decide(
    settings: Settings,
    file: Path,
    mapping_file: Path,
    policy: str | None,
    as_of: datetime | None,
    out: Path | None,
) -> None:
    """Decide every row of FILE (CSV). Rows that cannot be used are counted by reason, never dropped silently.

    Exit status 1 when no row could be used.
    """
    mapping = load_mapping(mapping_file)
    table = read_csv(file, delimiter=mapping.delimiter)
    check_columns(table.name, table.columns, mapping)
    book = load_policies(settings.policies, settings.policy)
    report, summary = ConversionReport(), BatchSummary()
    rows = convert(table, mapping, report)
    instant = datetime.now(UTC) if as_of is None else as_of.replace(tzinfo=UTC)
    with ExitStack() as stack:
        target = stack.enter_context(nullcontext(None) if out is None else out.open("w", encoding="utf-8"))
        for decision in _shown(decide_batch(rows, book.get(policy), instant, summary)):
            _write(decision, target)
    _print(settings, summary, report, out)
    if summary.decided == 0:
        raise SystemExit(1)


def _shown(decisions: Iterable[BatchDecision]) -> Iterator[BatchDecision]:
    return iter(track(decisions, "deciding", console=stderr, transient=True))


def _write(decision: BatchDecision, target: TextIO | None) -> None:
    if target is None:
        return
    document = {"row": decision.row, "customer_id": decision.application.customer_id}
    target.write(json.dumps(document | verdict_document(decision.verdict), ensure_ascii=False) + "\n")


def _print(settings: Settings, summary: BatchSummary, report: ConversionReport, out: Path | None) -> None:
    reasons = load_reasons(settings.policies)
    stdout.print(f"{report.rows:,} rows read, {report.usable:,} decided, {len(report.unusable):,} unusable")
    table = TextTable(box=None, pad_edge=False)
    for outcome, count in summary.outcomes.most_common():
        table.add_row(outcome, f"{count:,}", f"{100 * count / summary.decided:.1f} %")
    stdout.print(table)
    table = TextTable(box=None, pad_edge=False, title="top reasons", title_justify="left")
    for code, count in summary.reasons.most_common(8):
        table.add_row(f"{count:,}", code, reasons.text(code).title.en)
    stdout.print(table)
    _print_unusable(report)
    stdout.print(f"sha256 of the verdicts in row order: {summary.digest}", soft_wrap=True)
    if out is not None:
        stdout.print(f"written: {out}")


def _print_unusable(report: ConversionReport) -> None:
    for (column, reason), count in report.unusable_reasons.most_common():
        first = [row.row for row in report.unusable if (row.column, row.reason) == (column, reason)]
        shown = ", ".join(str(number) for number in first[:EXAMPLES])
        stdout.print(f"unusable: {count:,} rows, {column}: {reason} (rows {shown}{'…' if count > 3 else ''})")
