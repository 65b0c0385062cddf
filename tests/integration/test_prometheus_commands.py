"""``dashboards preview`` and ``alerts calibrate`` ask a real Prometheus that holds a recorded week."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command_line import mirante
from tests.support.prometheus_server import backfill, needs_prometheus, prometheus_server

pytestmark = needs_prometheus
AWAY = "http://127.0.0.1:9"
MINUTES = 7 * 24 * 60
SPIKE = range(3_000, 3_020)  # twenty bad minutes


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder, now = tmp_path_factory.mktemp("prometheus"), int(time.time()) // 60 * 60
    name = 'component_saturation_ratio{component="aurora",resource="connections"}'
    lines = ["# TYPE component_saturation_ratio gauge"]
    lines += [f"{name} {used(minute)} {now - 60 * (MINUTES - minute)}" for minute in range(MINUTES + 1)]
    with prometheus_server(folder, backfill(lines, folder)) as url:
        yield url


def used(minute: int) -> float:
    """A day's wave between 0.3 and 0.5, and one spike."""
    return 0.95 if minute in SPIKE else round(0.4 + 0.1 * math.sin(minute / 1_440 * 2 * math.pi), 4)


def test_a_threshold_is_suggested_from_the_record_with_its_price(server: str) -> None:
    told = mirante(
        "alerts", "calibrate", "ComponentSaturationHigh", "--prometheus", server, "--days", 7, "--json"
    )
    assert told.status == 0, told.err
    (found,) = json.loads(told.out).values()
    assert found["suggested"] == pytest.approx(0.95)  # twenty in ten thousand exceed one in a thousand
    assert found["pages"] == 0
    assert 12 < found["at_most_per_month"] < 14
    lower = mirante(
        *("alerts", "calibrate", "ComponentSaturationHigh", "--prometheus", server),
        *("--days", 7, "--percentile", 99.5, "--json"),
    )
    (found,) = json.loads(lower.out).values()
    assert 0.49 < found["suggested"] <= 0.5
    assert found["pages"] == 1


def test_without_history_nothing_is_suggested_and_the_status_says_so(server: str) -> None:
    told = mirante("alerts", "calibrate", "--prometheus", server)
    assert told.status == 1
    assert "0 samples are too few for a 99.9th percentile" in told.out


def test_a_board_is_drawn_with_what_prometheus_answers_and_grey_where_it_answers_nothing(
    server: str, tmp_path: Path
) -> None:
    told = mirante("dashboards", "preview", "component-aurora", "--prometheus", server, "--out", tmp_path)
    assert told.status == 0, told.err
    page = (tmp_path / "component-aurora.html").read_text(encoding="utf-8")
    assert "<polyline" in page
    assert "connections" in page
    assert "No data" in page
    both = mirante("dashboards", "preview", "--prometheus", server, "--out", tmp_path, "--language", "pt")
    assert both.status == 0
    assert "Sem dados" in (tmp_path / "executive.pt.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("dashboards", "preview"), 2, "give --prometheus"),
        (("dashboards", "preview", "nobody", "--prometheus", AWAY), 2, "there is no board"),
        (
            ("dashboards", "preview", "--prometheus", AWAY, "--out", "{tmp}"),
            3,
            "cannot be reached",
        ),
        (
            ("alerts", "calibrate", "Nothing", "--prometheus", AWAY),
            2,
            "there is no indicator",
        ),
        (
            ("alerts", "calibrate", "--prometheus", AWAY, "--percentile", "x"),
            2,
            "not a percentile",
        ),
        (("alerts", "calibrate", "--prometheus", AWAY), 3, "cannot be reached"),
    ],
)
def test_what_cannot_be_asked_says_so(
    arguments: tuple[str, ...], status: int, words: str, tmp_path: Path
) -> None:
    told = mirante(*(argument.replace("{tmp}", str(tmp_path)) for argument in arguments))
    assert (told.status, words in told.err) == (status, True), told.err
