"""``mirante audit``: is the trail of decisions and changes whole?"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.bootstrap.paths import paths_of
from app.cli.context import echo_json, fields_of, json_option, pass_settings, plain_table, say, stderr, stdout
from app.settings import Settings
from foundation.clock import parse_clock
from foundation.exit_status import ExitStatus

if TYPE_CHECKING:
    from dataplatform.security.audit_chain import AuditReport


@click.group()
def audit() -> None:
    """The audit trail: an append-only hash chain, anchored outside its database."""


@audit.command()
@json_option
@pass_settings
def verify(settings: Settings, as_json: bool) -> None:
    """Recompute every link of the chain and compare it with every anchor.

    Works whether the server runs or not; changes nothing. Exit status: 0 intact, 1 damaged (each
    finding names the entry) or without the anchors that were due, 3 there is no trail or it cannot be read.
    """
    from app.bootstrap.platform import audit_report

    with stderr.status("verifying the audit trail"):
        report = asyncio.run(audit_report(settings))
    unconfirmed = report.is_unconfirmed(parse_clock(settings.clock).now())
    if as_json:
        echo_json(_document(report, unconfirmed))
    else:
        _print(report, unconfirmed, paths_of(settings).anchors)
    if not report.intact or unconfirmed:
        raise SystemExit(ExitStatus.NO)


def _print(report: AuditReport, unconfirmed: bool, anchors: Path) -> None:
    table = plain_table("", "", right=("",))
    table.show_header = False
    for action, count in report.by_action.items():
        table.add_row(f"{count:,}", action)
    say(f"{report.entries:,} entries, {report.anchors:,} anchors, head {report.head_sequence:,}")
    stdout.print(table)
    say(f"head digest {report.head_digest}")
    if report.unanchored:
        say(f"{report.unanchored:,} entries follow the newest anchor; the next write anchors them")
    if report.intact:
        _print_intact(report, unconfirmed, anchors)
        return
    say(f"DAMAGED: {len(report.findings):,} findings", "bold red")
    for finding in report.findings:
        say(f"entry {finding.sequence}: {finding.damage.value}: {finding.detail}")
    say("Keep the files as they are for the investigation, then restore the database from a backup.")


def _print_intact(report: AuditReport, unconfirmed: bool, anchors: Path) -> None:
    if unconfirmed:
        last = report.head_sequence - report.unanchored
        which = f"after entry {last:,}, though more were due" if report.anchors else "there"
        say(f"NOT CONFIRMED: every link holds, but {anchors} has no anchor {which}.", "bold red")
        say("Nothing outside the database tells this trail from one that was made anew.")
        say("Find out who removed the anchors, and restore them from a backup.")
    elif report.entries and not report.anchors:
        say("intact: every link holds; too young for its first anchor, so nothing outside confirms it yet")
    else:
        say("intact: every link is valid and every anchor matches the chain", "green")


def _document(report: AuditReport, unconfirmed: bool) -> dict[str, object]:
    findings = [
        {"entry": found.sequence, "damage": found.damage.value, "detail": found.detail}
        for found in report.findings
    ]
    fields = fields_of(report, "unanchored_since", "head_at")
    return {"intact": report.intact, "unconfirmed": unconfirmed, **fields, "findings": findings}
