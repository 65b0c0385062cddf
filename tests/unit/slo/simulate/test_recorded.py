from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from foundation.clock import ManualClock
from foundation.count_journal import CounterIncrement, labels_of
from foundation.errors import DefinitionError
from slo.ledger.tally import Tally
from slo.model.errors import SourceError
from slo.model.spec import BudgetingMethod
from slo.simulate import Outage, Traffic, imagine, simulate
from slo.simulate.recorded import (
    timeline_from_counts,
    timeline_from_csv,
    timeline_from_ledger,
)
from slo.simulate.report import as_json, chart, table
from slo.simulate.timeline import Timeline
from tests.support.memory_counts import MemoryCountJournal, MemoryCountReader
from tests.support.memory_ledger import MemoryLedger
from tests.support.slo_samples import HOUR, MINUTE, NOON, a_row, an_slo, key_of

CSV = (
    "minute,good,total\n2026-03-10T12:00:00Z,9,10\n2026-03-10T09:02:30-03:00,5,5\n2026-03-10T12:02:00Z,1,2\n"
)


def csv_file(folder: Path, lines: Iterable[str]) -> Path:
    file = folder / "may.csv"
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return file


def csv_lines(timeline: Timeline) -> Iterator[str]:
    """The timeline as such a file, for keeping."""
    yield "minute,good,total"
    for index, minute in enumerate(timeline.minutes):
        if minute is not None:
            yield f"{timeline.at(index).isoformat().replace('+00:00', 'Z')},{minute.good},{minute.total}"


def test_a_file_of_counts_becomes_a_timeline(tmp_path: Path) -> None:
    timeline = timeline_from_csv(csv_file(tmp_path, CSV.splitlines()))
    assert timeline.start == NOON
    assert timeline.minutes == (Tally(9, 10), None, Tally(6, 7))


def test_bad_counts_and_a_kept_file_are_read_back(tmp_path: Path) -> None:
    lines = ["Minute, Total, Bad", "2026-03-10T12:00:00+00:00,10,1", "", "2026-03-10T12:01:00+00:00,0,0"]
    timeline = timeline_from_csv(csv_file(tmp_path, lines))
    assert timeline.minutes == (Tally(9, 10), Tally(0, 0))
    assert timeline_from_csv(csv_file(tmp_path, csv_lines(timeline))) == timeline


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("", 1, "not supported"),
        ("when,good,total\n", 1, "not supported"),
        ("minute,good,total\n", 2, "no rows of counts"),
        ("minute,good,total\nyesterday,1,2\n", 2, "yesterday"),
        ("minute,good,total\n2026-03-10T12:00:00,1,2\n", 2, "no time zone"),
        ("minute,good,total\n2026-03-10T12:00:00Z,3,2\n", 2, "is impossible"),
        (
            "minute,good,total\n2026-03-10T12:00:00Z,1,2\n2026-03-10T12:01:00Z,x,2\n",
            3,
            "good: 'x' is not a whole",
        ),
        (
            "minute,good,total\n2026-03-10T12:00:00Z,1," + "9" * 5_000 + "\n",
            2,
            "total: .* is not a whole number",
        ),
        ("minute,good,total\n2026-03-10T12:00:00Z,-1,2\n", 2, "good: '-1' is not a whole number"),
        ("minute,good,total\n2026-03-10T12:00:00Z,1\n", 2, "total: is missing"),
        ("minute,good,total\n2020-03-10T12:00:00Z,1,1\n2026-03-10T12:00:00Z,1,1\n", 2, "at most 400"),
    ],
)
def test_a_file_that_cannot_be_used_names_the_line_and_the_fix(
    text: str, line: int, told: str, tmp_path: Path
) -> None:
    with pytest.raises(DefinitionError, match=told) as raised:
        timeline_from_csv(csv_file(tmp_path, text.splitlines()))
    assert f"may.csv:{line}:" in str(raised.value)
    assert "minute,good,total" in str(raised.value)


def test_a_ledger_is_a_recording_of_events_and_not_of_slices() -> None:
    slo, ledger = an_slo(), MemoryLedger()
    ledger.write([a_row(key_of(slo), NOON, 1, 2)])
    timeline = timeline_from_ledger(ledger, slo, slo.objectives[0], "test", NOON, NOON + 2 * MINUTE)
    assert timeline.minutes == (Tally(1, 2), None)
    slices = an_slo(method=BudgetingMethod.TIMESLICES, time_slice_target=Fraction(9, 10))
    with pytest.raises(SourceError, match="counts time slices"):
        timeline_from_ledger(ledger, slices, slices.objectives[0], "test", NOON, NOON + MINUTE)


def test_counters_are_a_recording_even_of_what_is_judged_in_slices() -> None:
    clock = ManualClock(NOON)
    journal = MemoryCountJournal("prober", clock)
    for outcome in ("ok", "failed"):
        journal.add([CounterIncrement("requests_total", labels_of(outcome=outcome), 3)])
        clock.advance(MINUTE)
    slo = an_slo(method=BudgetingMethod.TIMESLICES, time_slice_target=Fraction(9, 10))
    timeline = timeline_from_counts(MemoryCountReader([journal]), slo, NOON, NOON + 2 * MINUTE)
    assert timeline.minutes == (Tally(3, 3), Tally(0, 3))


def test_a_simulation_is_told_as_table_json_and_chart() -> None:
    incident = Outage(Fraction(2, 100), NOON, 45 * MINUTE)
    found = simulate(an_slo(), imagine(incident, Traffic((1000,)), 8 * HOUR, 8 * HOUR))
    told = table(found, NOON)
    assert "03-10 12:44  03-10 12:47  page-fast" in told
    assert "cloudwatch (modelled)" in told
    assert "44min" in told
    document = json.loads(json.dumps(as_json(found)))
    assert document["modelled"] == ["cloudwatch"]
    assert {firing["backend"] for firing in document["firings"]} == {"ledger", "prometheus", "cloudwatch"}
    drawn = ElementTree.fromstring(chart(found, {"P1": "#b3261e"}))
    bars = [element for element in drawn.iter() if element.tag.endswith("rect")]
    assert len(bars) == len(found.firings)
    assert {bar.get("fill") for bar in bars} == {"#b3261e", "currentColor"}


def test_a_quiet_simulation_says_that_nothing_fires() -> None:
    calm = imagine(Outage(Fraction(0), NOON, HOUR), Traffic((10,)), HOUR, HOUR)
    assert "nothing fires" in table(simulate(an_slo(), calm))
    ElementTree.fromstring(chart(simulate(an_slo(), calm)))
