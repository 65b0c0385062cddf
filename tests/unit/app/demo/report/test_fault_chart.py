"""The fault is drawn minute by minute, with the threshold and its numbered moments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

from markupsafe import Markup

from app.console import charts
from app.console.charts import Caption
from app.demo.report.fault_chart import ChartMark, FaultPicture, draw_fault
from app.demo.report.model import MinutePoint

CAPTION = Caption("a <title>", 'a "description" & more')
START = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)


def parsed(markup: Markup) -> ElementTree.Element:
    return ElementTree.fromstring(str(markup))


def drawn(markup: Markup, attribute: str) -> list[str]:
    return [node.attrib[attribute] for node in parsed(markup).iter() if attribute in node.attrib]


def fault_picture(points: list[MinutePoint]) -> FaultPicture:
    marks = [
        ChartMark(START + timedelta(minutes=1), 1, "bad"),
        ChartMark(START + timedelta(minutes=1, seconds=1), 2, "p1"),
    ]
    broken = (START + timedelta(minutes=1), None)
    return FaultPicture(points, 14.4, marks, broken, [], "events", "burn", "14.4×")


def test_the_fault_chart_draws_every_minute_and_the_threshold() -> None:
    points = [
        MinutePoint(START, 100, 0, 0.0, 0.0),
        MinutePoint(START + timedelta(minutes=1), 40, 60, 14.4, 300.0),
        MinutePoint(START + timedelta(minutes=2), None, None),
    ]
    chart = draw_fault(fault_picture(points), CAPTION, charts.WIDE)
    assert drawn(chart, "data-good") == ["100", "40"]
    assert drawn(chart, "data-bad") == ["0", "60"]
    assert drawn(chart, "data-factor") == ["14.4"]
    assert drawn(chart, "data-number") == ["1", "2"]
    assert len(drawn(chart, "data-no-data")) == 1
    line = next(node for node in parsed(chart).iter() if "data-factor" in node.attrib)
    last = next(n for n in parsed(chart).iter() if n.attrib.get("class") == "s-s0 line").attrib["d"]
    assert last.endswith(f" {line.attrib['y1']}")


def test_marks_that_lie_close_together_do_not_cover_each_other() -> None:
    chart = draw_fault(
        fault_picture([MinutePoint(START, 1, 0), MinutePoint(START, 1, 0)]), CAPTION, charts.NARROW
    )
    places = [float(n.attrib["cx"]) for n in parsed(chart).iter() if "data-number" in n.attrib]
    assert places[1] - places[0] >= 16


def test_a_fault_without_a_minute_is_an_empty_frame() -> None:
    assert drawn(draw_fault(fault_picture([]), CAPTION, charts.WIDE), "data-good") == []
