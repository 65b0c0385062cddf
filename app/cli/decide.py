"""``mirante decide``: decide anyone's table in process, by the same policy as the API."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from app.cli.context import counted, pass_settings, plain_table, say, stderr, stdout
from app.settings import Settings
from credit.usecases.shipped_mappings import OPENINTRO_LOANS
from foundation.exit_status import ExitStatus

if TYPE_CHECKING:
    from credit.usecases.convert import ConversionReport
    from credit.usecases.decide_batch import BatchDecision, BatchSummary

EXAMPLES = 3
TOP_REASONS = 8


HELP = f"""Decide every row of FILE (CSV) in this process, with the same policy and code as the API.

A mapping says which column is which field. The shipped one reads openintro/loans_full_schema and shows
everything a mapping can contain:

\b
  {OPENINTRO_LOANS}

The smallest mapping, for a file with the columns id,cpf,amount,term,purpose:

\b
  mapping: mine
  version: "1"
  description: my loans
  customer:
    customer_id: {{read: text, column: id}}
    cpf: {{read: cpf, column: cpf}}
  application:
    amount_cents: {{read: money, column: amount}}
    term_months: {{read: integer, column: term}}
    purpose: {{read: choice, column: purpose, values: {{car: CAR, home: HOUSE}}}}

\b
  mirante decide loans.csv --map mine.yaml --out decisions.jsonl

A fact that the policy needs and no column gives is unknown, and refers the application to a person. Unusable
rows are counted by reason, with their lines, and never dropped silently. Nothing is recorded: this is a
calculation, and the same rows give the same SHA-256.

Exit status: 0 decided, 1 no row could be used, or the file, the mapping or the policy is wrong, 3 a file
cannot be read or --out cannot be written, 130 interrupted (then --out is as it was before).
"""


@click.command(help=HELP, short_help="Decide every row of a CSV file with the credit policy.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--map",
    "mapping_file",
    type=click.Path(path_type=Path),
    default=OPENINTRO_LOANS,
    show_default="the shipped loans mapping",
    help="Mapping of columns to fields (YAML).",
)
@click.option("--policy", help="Name or id of the credit policy.  [default: the one in the settings]")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="Decide as of this day.  [default: today]")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the decisions here, one JSON object per line.",
)
@pass_settings
def decide(
    settings: Settings,
    file: Path,
    mapping_file: Path,
    policy: str | None,
    as_of: datetime | None,
    out: Path | None,
) -> None:
    from credit.usecases.convert import ConversionReport, check_columns, convert
    from credit.usecases.decide_batch import BatchSummary, decide_batch
    from credit.usecases.load_policies import load_policies
    from credit.usecases.row_mapping import load_mapping
    from credit.usecases.tables import read_csv

    mapping = load_mapping(mapping_file)
    table = read_csv(file, mapping.encoding, mapping.delimiter)
    check_columns(table.name, table.columns, mapping)
    book = load_policies(settings.policies, settings.policy)
    report, summary = ConversionReport(), BatchSummary()
    rows = convert(table, mapping, report)
    instant = datetime.now(UTC) if as_of is None else as_of.replace(tzinfo=UTC)
    with nullcontext() if out is None else replacing(out) as target:
        for decision in _shown(decide_batch(rows, book.get(policy), instant, summary)):
            _write(decision, target)
    _print(settings, summary, report, str(file))
    if summary.decided == 0:
        say("no row could be used", "red")
        raise SystemExit(ExitStatus.NO)
    if out is not None:
        say(f"written: {out}")


@contextmanager
def replacing(target: Path) -> Iterator[TextIO]:
    """A file beside ``target`` that takes its place at the end, and not at all if anything goes wrong."""
    import tempfile

    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(target)) from error
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            yield file
        Path(name).chmod(0o644)
        os.replace(name, target)
    except BaseException as error:
        Path(name).unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename is None:
            error.filename = str(target)  # a full disk does not say where
        raise


def _shown(decisions: Iterable[BatchDecision]) -> Iterator[BatchDecision]:
    from rich.progress import track

    quiet = not stderr.console.is_terminal
    return iter(track(decisions, "deciding", console=stderr.console, transient=True, disable=quiet))


def _write(decision: BatchDecision, target: TextIO | None) -> None:
    from credit.domain.canonical import verdict_document

    if target is None:
        return
    document = {"row": decision.row, "customer_id": decision.application.customer_id}
    target.write(json.dumps(document | verdict_document(decision.verdict), ensure_ascii=False) + "\n")


def _print(settings: Settings, summary: BatchSummary, report: ConversionReport, file: str) -> None:
    from credit.usecases.load_policies import load_reasons

    reasons = load_reasons(settings.policies)
    say(f"{report.rows:,} rows read, {report.usable:,} decided, {len(report.unusable):,} unusable")
    if summary.decided:
        table = plain_table("outcome", "rows", "share", right=("rows", "share"))
        for outcome, count in summary.outcomes.most_common():
            table.add_row(outcome, f"{count:,}", f"{100 * count / summary.decided:.1f} %")
        stdout.print(table)
        table = plain_table("rows", "top reasons", "", right=("rows",))
        for code, count in summary.reasons.most_common(TOP_REASONS):
            table.add_row(f"{count:,}", code, reasons.text(code).title.en)
        stdout.print(table)
    _print_unusable(report, file)
    say(f"SHA-256 of the verdicts in row order: {summary.digest}")


def _print_unusable(report: ConversionReport, file: str) -> None:
    for (column, reason), count in report.unusable_reasons.most_common():
        same = [row for row in report.unusable if (row.column, row.reason) == (column, reason)]
        lines = ", ".join(str(row.line) for row in same[:EXAMPLES]) + ("…" if count > EXAMPLES else "")
        where = f"column {column!r}: " if column else "the row "
        say(f"{file}:{lines}: {where}{reason} ({counted(count, 'row')} unusable)", "yellow")
