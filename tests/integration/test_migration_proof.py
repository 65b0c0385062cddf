"""``mirante import --prove`` on a real Prometheus: every page that changes, with its reason."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from tests.golden.peers.record import HERE, recording
from tests.support.command_line import Ran, mirante
from tests.support.hostile_server import deep, hostile, whole
from tests.support.prometheus_server import backfill, needs_prometheus, prometheus_server
from tests.support.shop_history import Incident, Shop

pytestmark = needs_prometheus
NOW = datetime(2026, 3, 20, tzinfo=UTC)
CLOCK = f"scaled:1e-12@{NOW.isoformat()}"  # it stands
DAYS, WARM_UP = 2, 5
MINUTES = (DAYS + WARM_UP) * 1440
FIRST = WARM_UP * 1440
INCIDENTS = (
    Incident("big", FIRST + 300, 40, 0.3),
    Incident("small", FIRST + 900, 60, 1.0),
    Incident("big", FIRST + 1700, 600, 0.01),
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("shop")
    shop = Shop(MINUTES, INCIDENTS)
    data = backfill(shop.lines(NOW - timedelta(minutes=MINUTES)), folder)
    with prometheus_server(folder, data) as url:
        yield url


@pytest.fixture(autouse=True)
def _that_day(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MIRANTE_CLOCK", CLOCK)
    monkeypatch.chdir(tmp_path)


def _prove(server: str, *more: object, file: str = "plain") -> Ran:
    path = HERE / "sloth" / f"{file}.yaml"
    return mirante("import", path, "--prove", "--prometheus", server, "--days", DAYS, *more)


@pytest.fixture(scope="module")
def proved(server: str) -> Ran:
    """Of the plain definitions."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MIRANTE_CLOCK", CLOCK)
        return _prove(server)


def test_what_both_page_alike_is_no_difference(proved: Ran) -> None:
    done = proved
    assert done.status == 0, done.out + done.err
    counts = re.search(r"4 objectives, (\d+) the same in both, (\d+) pages? changed, 0 unexplained", done.out)
    assert counts is not None, done.out
    assert int(counts[1]) >= 6
    assert not list(Path.cwd().iterdir())


def test_the_budget_is_told_by_both(proved: Ran) -> None:
    rows = [line.split() for line in proved.out.splitlines() if line.startswith("shop/basket-")]
    budgets = {row[0]: row[1:] for row in rows if "%" in row}
    assert len(budgets) == 4
    assert all(row[1] == row[3] == "%" for row in budgets.values())


def test_rules_that_the_tool_wrote_are_compared_instead(server: str, tmp_path: Path) -> None:
    written = tmp_path / "rules.yaml"
    text = recording(HERE / "sloth" / "plain.yaml").read_text(encoding="utf-8")
    written.write_text(text, encoding="utf-8")
    # One that asks for less than ours.
    written.write_text(text.replace("(14.4 * ", "(0.1 * "), encoding="utf-8")
    done = _prove(server, "--rules", written)
    assert done.status == 0
    assert "windows: windows, factors or waiting times differ" in done.out


def test_a_difference_without_a_reason_ends_with_1(server: str, tmp_path: Path) -> None:
    written = tmp_path / "rules.yaml"
    text = recording(HERE / "sloth" / "plain.yaml").read_text(encoding="utf-8")
    written.write_text(text.replace('code=~"5.."', 'code=~"2.."'), encoding="utf-8")
    done = _prove(server, "--rules", written)
    assert done.status == 1
    assert "unexplained" in done.out


def test_the_reasons_are_told_in_portuguese_too(server: str) -> None:
    assert "orçamento gasto, outra ferramenta" in _prove(server, "--language", "pt").out


def test_files_of_nobody_have_nothing_to_be_proved(server: str, tmp_path: Path) -> None:
    done = mirante("import", HERE / "sloth" / "plain.yaml")
    assert done.status == 2
    assert "or --prove to see first what changes" in done.err


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        (deep, "nested too deeply"),
        (partial(whole, "200 OK", b'{"status": "success", "data": 7}'), "no matrix"),
    ],
)
def test_a_server_that_is_none_ends_with_3(parts: partial[Iterator[bytes]], told: str) -> None:
    with hostile(parts) as server:
        done = _prove(server.url)
    assert done.status == 3
    assert told in done.err
