"""A replay as sentences and rows, which the terminal and a pull request share, and as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from alarms.reports.page import ToldPage
from alarms.reports.page_changes import ChangeKind, PageChange
from alarms.reports.postmortem import safe
from alarms.reports.replay import Replay
from alarms.reports.replay_totals import by_hour, by_team
from alarms.reports.unheard import MissedAlert
from foundation.quantities import span_text

CHANGES = ("when (UTC)", "severity", "step", "who", "what", "why")
MISSED = ("from (UTC)", "lasted", "severity", "what", "why")
OTHERS = ("when (UTC)", "severity", "step", "who", "what", "why not")
TEAMS = ("team", "before", "after", "out of hours before", "after")
BELIEVED = 0.95  # of the real pages, or it is a warning
Rows = list[tuple[str, ...]]


def sentences(found: Replay) -> list[str]:
    """What was asked and how far it can be believed."""
    added, removed, moved = (len(found.of(kind)) for kind in ChangeKind)
    since, policies = max(found.since, found.record_begins), ", ".join(found.policies)
    lines = [
        f"From {since:%Y-%m-%d %H:%M} to {found.until:%Y-%m-%d %H:%M} UTC: {found.receipts:,} payloads "
        f"with {found.alerts:,} alerts, under what was in force ({policies}) and the change.",
        f"Pages: {len(found.before):,} before, {len(found.after):,} after; {added:,} added, "
        f"{removed:,} removed, {moved:,} moved.",
        _missed(found),
        _reproduces(found),
    ]
    if found.quarantined:
        lines.append(f"{found.quarantined:,} payloads could not be read when they came; both page for them.")
    if found.left_out:
        lines.append(
            f"{len(found.left_out):,} things that people did could not be done in the simulation, "
            f"as {found.left_out[0]}"
        )
    if found.without_policy:
        lines.append(
            f"{found.without_policy:,} policies that were in force are not on file: today's is used."
        )
    if found.unreadable:
        lines.append(f"{found.unreadable:,} rows of the record could not be read, and were left out.")
    return lines


def warnings(found: Replay) -> list[str]:
    """What a person has to know before believing it."""
    said = []
    if not found.is_complete:
        said.append(
            f"the record begins at {found.record_begins:%Y-%m-%d %H:%M} UTC, after what was asked for "
            f"({found.since:%Y-%m-%d %H:%M} UTC): nothing is said of the time before"
        )
    seen = found.reproduction
    if seen.reproduced < BELIEVED * seen.real:
        said.append(
            f"the simulation reproduces {seen.reproduced:,} of {seen.real:,} real pages: see which it "
            "does not, and why, before believing the difference"
        )
    return said


def _missed(found: Replay) -> str:
    newly, all_of_them = len(found.newly_missed), len(found.missed)
    also = f", and {all_of_them - newly:,} that nobody heard of before, either" if all_of_them > newly else ""
    return f"Missed: {newly:,} severe alerts that somebody heard of before{also}."


def _reproduces(found: Replay) -> str:
    seen = found.reproduction
    lost = f" ({seen.undelivered:,} of them were never delivered)" if seen.undelivered else ""
    extra = f", and has {len(seen.extra):,} that were never sent" if seen.extra else ""
    return (
        f"The simulation of what was in force reproduces {seen.reproduced:,} of {seen.real:,} "
        f"real pages{lost}{extra}."
    )


def change_rows(changes: Iterable[PageChange]) -> Rows:
    return [
        (
            *[_arrow(*pair) for pair in zip(_cells(change.old), _cells(change.new), strict=True)],
            change.reason.text,
        )
        for change in changes
    ]


def _arrow(before: str, after: str) -> str:
    return after if before == after else f"{before} -> {after}"


def _cells(page: ToldPage) -> tuple[str, ...]:
    return (f"{page.at:%Y-%m-%d %H:%M}", page.severity.value, page.step.value, page.target, page.title)


def missed_rows(missed: Iterable[MissedAlert]) -> Rows:
    return [
        (
            f"{one.began:%Y-%m-%d %H:%M}",
            span_text(one.ended - one.began),
            _arrow(one.severity_before.value, one.severity_after.value),
            one.title,
            one.reason.text + (" (nobody heard of it before, either)" if one.before_too else ""),
        )
        for one in missed
    ]


def other_rows(found: Replay) -> Rows:
    """Real pages that the simulation does not have."""
    return [(*_cells(one.page), one.reason) for one in found.reproduction.others]


def extra_rows(found: Replay) -> Rows:
    """Pages of the simulation that were never sent."""
    return [(*_cells(page), "never sent") for page in found.reproduction.extra]


def team_rows(found: Replay) -> Rows:
    return [
        (
            one.team,
            f"{one.before:,}",
            f"{one.after:,}",
            f"{one.before_out_of_hours:,}",
            f"{one.after_out_of_hours:,}",
        )
        for one in by_team(found)
    ]


def hour_rows(found: Replay, time_zone: str) -> Rows:
    return [(f"{one.hour:02d}", f"{one.before:,}", f"{one.after:,}") for one in by_hour(found, time_zone)]


def markdown(found: Replay, time_zone: str, exceeded: Sequence[str], most: int = 100) -> str:
    """For a pull request: what changes first; no list has more than ``most`` rows."""
    verdict = f"**Not within the limits: {'; '.join(exceeded)}.**" if exceeded else "Within the limits."
    lines = ["## Pages under the changed alarm policy", "", verdict, ""]
    lines += [f"- {safe(line)}" for line in (*sentences(found), *warnings(found))]
    lines += ["", *_table(TEAMS, team_rows(found), most)]
    newly = sorted(found.missed, key=lambda one: one.before_too)
    parts = [
        ("Missed", MISSED, missed_rows(newly)),
        *[(kind.value.capitalize(), CHANGES, change_rows(found.of(kind))) for kind in ChangeKind],
        ("Real pages that the simulation does not have", OTHERS, other_rows(found)),
        ("Simulated pages that were never sent", OTHERS, extra_rows(found)),
        ("By hour", (f"hour ({time_zone})", "before", "after"), hour_rows(found, time_zone)),
    ]
    for title, headings, rows in parts:
        if rows:
            lines += ["", f"<details><summary>{title} ({len(rows):,})</summary>", ""]
            lines += [*_table(headings, rows, most), "", "</details>"]
    return "\n".join(lines)


def _table(headings: Sequence[str], rows: Rows, most: int) -> list[str]:
    shown = [f"| {' | '.join(safe(cell) for cell in row)} |" for row in rows[:most]]
    left = [f"\n{len(rows) - most:,} more; `--json` has all of them."] if len(rows) > most else []
    return [f"| {' | '.join(headings)} |", f"|{'---|' * len(headings)}", *shown, *left]
