"""What is drawn is what was counted; what is not known is never drawn as zero."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest
from markupsafe import Markup

from app.console import charts
from app.console.burn_down import Tick, burn_down
from app.console.charts import BurnRow, Caption, Column, MinuteBar

CAPTION = Caption("a <title>", 'a "description" & more')
START = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)


def parsed(markup: Markup) -> ElementTree.Element:
    return ElementTree.fromstring(str(markup))


def drawn(markup: Markup, attribute: str) -> list[str]:
    return [node.attrib[attribute] for node in parsed(markup).iter() if attribute in node.attrib]


def hatched(markup: Markup) -> int:
    return len(drawn(markup, "data-no-data"))


def row(long_burn: float | None, short_burn: float | None, factor: float = 14.4) -> BurnRow:
    return BurnRow("P1", factor, "14.4×", "1h", long_burn, "l", "5m", short_burn, "s", firing=False)


def test_every_chart_says_what_it_is_to_a_reader_who_cannot_see_it() -> None:
    every = [
        charts.budget_bar(0.5, "ok", CAPTION),
        charts.burn_rows([row(1.0, 2.0)], "fires", CAPTION),
        charts.minute_bars([MinuteBar("a", 1, 0)], CAPTION),
        burn_down([(0.0, 1.0), (1.0, 0.5)], [], CAPTION, zero_label="0", full_label="1"),
        charts.columns([Column("a", 1.0, "1")], CAPTION),
        charts.split_bar([Column("a", 1.0, "1")], CAPTION),
    ]
    for chart in every:
        root = parsed(chart)
        assert root.attrib["role"] == "img"
        assert [root[0].text, root[1].text] == [CAPTION.title, CAPTION.description]


def test_no_chart_uses_a_style_attribute_or_a_script() -> None:
    chart = charts.burn_rows([row(99.0, None)], "fires", CAPTION)
    assert "style=" not in chart
    assert "<script" not in chart
    assert not re.search(r"\son\w+=", chart)


@pytest.mark.parametrize(("left", "share"), [(1.0, 1.0), (0.25, 0.25), (0.0, 0.0), (-3.0, 0.0), (1.2, 1.0)])
def test_the_budget_bar_is_as_long_as_the_budget_left(left: float, share: float) -> None:
    chart = charts.budget_bar(left, "ok", CAPTION)
    bar = next(node for node in parsed(chart).iter() if "data-value" in node.attrib)
    assert float(bar.attrib["data-value"]) == left
    assert float(bar.attrib["width"]) == pytest.approx(share * charts.NARROW, abs=0.01)


def test_an_unknown_budget_is_hatched_and_has_no_bar() -> None:
    chart = charts.budget_bar(None, "no_data", CAPTION)
    assert hatched(chart) == 1
    assert drawn(chart, "data-value") == []


def test_a_burn_equal_to_its_factor_ends_on_the_red_line() -> None:
    chart = charts.burn_rows([row(14.4, 7.2)], "fires", CAPTION)
    line = next(node for node in parsed(chart).iter() if "threshold" in node.attrib.get("class", ""))
    bars = [node for node in parsed(chart).iter() if "data-value" in node.attrib]
    ends = [float(bar.attrib["x"]) + float(bar.attrib["width"]) for bar in bars]
    assert ends[0] == pytest.approx(float(line.attrib["x1"]), abs=0.02)
    assert ends[1] < float(line.attrib["x1"])
    assert [float(bar.attrib["data-value"]) for bar in bars] == [14.4, 7.2]


def test_burns_beyond_the_scale_end_with_an_arrow() -> None:
    chart = charts.burn_rows([row(600.0, 1.0)], "fires", CAPTION)
    assert [node.text for node in parsed(chart).iter() if node.text == "»"] == ["»"]


def test_a_burn_without_events_is_hatched_and_not_zero() -> None:
    chart = charts.burn_rows([row(None, None)], "fires", CAPTION)
    assert hatched(chart) == 2
    assert drawn(chart, "data-value") == []


def test_minute_bars_carry_the_counts_of_each_minute() -> None:
    bars = [MinuteBar("10:00", 40, 2), MinuteBar("10:01", 0, 0), MinuteBar("10:02", None, None)]
    chart = charts.minute_bars(bars, CAPTION)
    assert drawn(chart, "data-good") == ["40", "0"]
    assert drawn(chart, "data-bad") == ["2"]
    assert hatched(chart) == 1


def test_one_failure_among_thousands_still_shows() -> None:
    chart = charts.minute_bars([MinuteBar("a", 99_999, 1)], CAPTION)
    bad = next(node for node in parsed(chart).iter() if "data-bad" in node.attrib)
    good = next(node for node in parsed(chart).iter() if "data-good" in node.attrib)
    assert float(bad.attrib["height"]) >= 2
    assert float(bad.attrib["y"]) >= 0
    assert float(good.attrib["height"]) > 10 * float(bad.attrib["height"])


def test_the_burn_down_ends_at_the_budget_left_and_leaves_gaps_open() -> None:
    points = [(0.0, 1.0), (0.25, 0.9), (0.5, None), (0.75, 0.7), (1.0, 0.65)]
    chart = burn_down(points, [Tick(0.0, "a")], CAPTION, zero_label="0 %", full_label="100 %")
    assert drawn(chart, "data-left") == ["0.65"]
    assert hatched(chart) == 1
    lines = [node for node in parsed(chart).iter() if node.attrib.get("class") == "s-s0 line"]
    assert len(lines) == 2


def test_a_period_that_ends_in_silence_has_no_point_now() -> None:
    points = [(0.0, 1.0), (0.5, 0.9), (1.0, None)]
    chart = burn_down(points, [], CAPTION, zero_label="0", full_label="1")
    assert drawn(chart, "data-left") == []
    assert hatched(chart) == 1


def test_columns_are_as_tall_as_their_values() -> None:
    chart = charts.columns(
        [Column("a", 50.0, "50"), Column("b", 100.0, "100"), Column("c", None, "?")], CAPTION
    )
    heights = [float(n.attrib["height"]) for n in parsed(chart).iter() if "data-value" in n.attrib]
    assert heights[0] * 2 == pytest.approx(heights[1], abs=0.05)
    assert hatched(chart) == 1


def test_a_split_bar_is_divided_in_proportion() -> None:
    chart = charts.split_bar([Column("a", 1.0, "1"), Column("b", 3.0, "3")], CAPTION)
    widths = [float(n.attrib["width"]) + 1 for n in parsed(chart).iter() if "data-value" in n.attrib]
    assert widths[0] * 3 == pytest.approx(widths[1], abs=0.1)


def test_empty_data_draw_an_empty_chart() -> None:
    assert drawn(charts.columns([], CAPTION), "data-value") == []
    assert drawn(charts.minute_bars([], CAPTION), "data-good") == []
    assert drawn(charts.split_bar([], CAPTION), "data-value") == []
    assert hatched(charts.share_bar(None, "f-ok")) == 1


def test_a_decoration_is_hidden_from_screen_readers() -> None:
    root = parsed(charts.share_bar(0.4, "f-ok"))
    assert root.attrib["aria-hidden"] == "true"


def test_a_fitted_chart_is_drawn_for_three_widths() -> None:
    boxes = re.findall(
        r'viewBox="0 0 ([\d.]+)', charts.fitted(lambda width: charts.columns([], CAPTION, width))
    )
    assert [float(box) for box in boxes] == [charts.NARROW, charts.MIDDLE, charts.WIDE]


def test_a_label_that_is_markup_stays_text() -> None:
    bars = [MinuteBar('"><script>x</script>', 1, 0)]
    chart = charts.minute_bars(bars, CAPTION)
    assert "<script>" not in chart
    assert "&lt;script&gt;" in chart
