"""``mirante import --prove``: every page that changes with the move, on the team's own history, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click
import httpx

from app.cli.context import counted, list_table, say, stderr, stdout
from app.settings import Settings
from foundation.bilingual import Text
from foundation.clock import parse_clock
from foundation.exit_status import ExitStatus
from foundation.quantities import duration_text, localised

if TYPE_CHECKING:
    from slo.model.spec import Slo
    from slo.proof.budgets import Budget
    from slo.proof.compare import ChangedPage
    from slo.proof.prove import Proof

TIMEOUT_SECONDS = 60.0
MOST_ROWS = 200
_HEADINGS = {
    "en": ("SLO", "group", "kind", "other tool", "Mirante", "windows", "reason"),
    "pt": ("SLO", "grupo", "tipo", "outra ferramenta", "Mirante", "janelas", "razão"),
}
_BUDGETS = {
    "en": ("SLO", "group", "budget spent, other tool", "by events", "reason"),
    "pt": ("SLO", "grupo", "orçamento gasto, outra ferramenta", "por eventos", "razão"),
}
_KINDS = {
    "page": Text("page", "página"),
    "ticket": Text("ticket", "chamado"),
    "silence": Text("silence", "silêncio"),
}
_NO = Text("no", "não")
_GOING_ON = Text("going on", "em curso")
_NOTHING = Text("no data", "sem dados")


def prove_import(
    settings: Settings,
    slos: Sequence[Slo],
    files: Sequence[Path],
    rules: Sequence[Path],
    prometheus: str,
    days: int,
    language: str,
) -> ExitStatus:
    """Print the tables; what the command ends with."""
    from app.new_workspace.asking import address
    from slo.ledger.prometheus_queries import PrometheusQueries
    from slo.peers.files import peer_slos, written_rules
    from slo.proof.prove import prove

    peers = peer_slos(files)
    if not peers:
        raise click.UsageError(
            "--prove needs files of another tool: Sloth's, OpenSLO v1alpha (which Sloth reads) or Pyrra's"
        )
    if rules:
        peers = written_rules(peers, rules)
    where = address(prometheus)
    now = parse_clock(settings.clock).now()
    with (
        httpx.Client(timeout=TIMEOUT_SECONDS, auth=where.credentials) as client,
        stderr.progress(f"asking {where.url}") as step,
    ):
        found = prove(slos, peers, PrometheusQueries(where.url, client), now, timedelta(days=days), step)
    _print(found, language)
    return ExitStatus.NO if found.unexplained else ExitStatus.DONE


def _print(found: Proof, language: str) -> None:
    rows = list(found.differences)
    if rows:
        table = list_table(*_HEADINGS[language])
        for each in rows[:MOST_ROWS]:
            table.add_row(*_row(each, found, language))
        stdout.print(table)
        if len(rows) > MOST_ROWS:
            say(f"... and {len(rows) - MOST_ROWS:,} more")
    budgets = [each for one in found.proved for each in one.budgets]
    if budgets:
        table = list_table(*_BUDGETS[language], right=_BUDGETS[language][2:4])
        for budget in budgets[:MOST_ROWS]:
            table.add_row(*_budget_row(budget, language))
        stdout.print(table)
    for line in _notes(found, language):
        say(line)
    for name, reason in found.not_proved:
        say(f"not proved: {name}: {reason}", "red")
    agreed = sum(one.pages.agreed for one in found.proved)
    span = f"{found.start:%Y-%m-%d %H:%M} to {found.end:%Y-%m-%d %H:%M} UTC"
    say(
        f"{span}: {counted(len(found.proved), 'objective')}, {agreed:,} the same in both, "
        f"{counted(len(rows), 'page')} changed, {found.unexplained:,} unexplained",
        "bold red" if found.unexplained else "green",
    )
    say(f"the server read {found.touched:,} samples in {counted(found.questions, 'question')}")


def _row(each: ChangedPage, found: Proof, language: str) -> Iterator[str]:
    yield each.slo
    yield _group(each.group)
    yield _KINDS[each.kind.value].of(language)
    yield _span(each.peer, found.end, language)
    yield _span(each.ours, found.end, language)
    yield ", ".join(each.titles)
    yield each.reason.value


def _group(labels: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{key}={value}" for key, value in labels)


def _span(span: tuple[datetime, datetime] | None, end: datetime, language: str) -> str:
    if span is None:
        return _NO.of(language)
    last = _GOING_ON.of(language) if span[1] > end else f"{span[1]:%d %H:%M}"
    return f"{span[0]:%m-%d %H:%M} - {last}"


def _budget_row(budget: Budget, language: str) -> Iterator[str]:
    yield budget.slo
    yield _group(budget.group)
    for value in (budget.peer, budget.ours):
        yield _share(value, language)
    yield "" if budget.reason is None else budget.reason.value


def _share(value: float | None, language: str) -> str:
    if value is None:
        return _NOTHING.of(language)
    return "NaN" if value != value else f"{localised(f'{value * 100:,.1f}', language)} %"


def _notes(found: Proof, language: str) -> Iterator[str]:
    """What the reasons mean, and how far the times can be trusted."""
    reasons = {each.reason for each in found.differences}
    reasons |= {each.reason for one in found.proved for each in one.budgets if each.reason}
    for reason in sorted(reasons):
        yield f"{reason.value}: {reason.text.of(language)}"
    yield Text(
        "Evaluated every minute. Windows longer than an hour are added up from five-minute counts in both: "
        "their pages may be up to five minutes off.",
        "Avaliado a cada minuto. Janelas de mais de uma hora são somadas de contagens de cinco minutos nos "
        "dois: suas páginas podem variar em até cinco minutos.",
    ).of(language)
    coarse = {expr: step for one in found.proved for expr, step in one.coarse.items()}
    for expr, step in sorted(coarse.items()):
        yield f"asked every {duration_text(step)} only: {expr}"
