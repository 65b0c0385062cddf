"""The newcomer's path: the commands of ``docs/getting-started.md``, run as they stand, in an empty folder,
against a real Prometheus full of somebody else's metrics. Commands and seconds are printed (``pytest -s``).

With ``MIRANTE_PROOF=full`` it also waits, as a newcomer would, until the boards show what the rules recorded.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.foreign_metrics import PAST, exposed, past, scrape_config
from tests.support.guides import WRITTEN, Step, Walked, commands, run, told
from tests.support.patience import wait_until
from tests.support.prometheus_server import backfill, needs_prometheus, prometheus_server

pytestmark = [needs_prometheus, pytest.mark.proof]

GUIDE = "getting-started.md"
FULL = os.environ.get("MIRANTE_PROOF") == "full"
BURN = "slo:burn_rate:ratio1h"
STATUS = "mirante --workspace shop slo status"


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walked]:
    """``prometheus.yml`` lies in the newcomer's folder, as the guide has it."""
    folder = tmp_path_factory.mktemp("newcomer")
    now = time.time()
    began, steps = now - PAST, list[Step]()
    with (
        exposed(began) as port,
        prometheus_server(
            folder, backfill(past(began, now), tmp_path_factory.mktemp("data")), scrape_config(port)
        ) as url,
    ):
        wait_until(lambda: scraped(url), 30, "every job is scraped")
        for command in commands(GUIDE):
            if FULL and "preview" in command:
                begun = time.monotonic()
                wait_until(lambda: burns(url), 200, "the rules recorded a burn rate")
                steps.append(Step("(waiting for the first evaluation)", time.monotonic() - begun, ""))
            steps.append(run(command, folder, url))
        yield Walked(url, folder, tuple(steps))


def _answers(url: str, query: str) -> bool:
    answer = httpx.get(f"{url}/api/v1/query", params={"query": query}, trust_env=False).json()
    return bool(answer["data"]["result"])


def scraped(url: str) -> bool:
    return _answers(url, "count(scrape_samples_scraped > 0) == 5")


def burns(url: str) -> bool:
    return _answers(url, f"count({BURN}) == 8")


def test_the_path_is_walked_as_the_guide_has_it(newcomer: Walked, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(newcomer.steps) >= 8
    with capsys.disabled():
        sys.stdout.write(told(newcomer.steps))


def test_every_foreign_service_is_found_and_what_is_left_out_is_named(newcomer: Walked) -> None:
    (said,) = newcomer.said("mirante init")
    for service in ("cart", "orders", "payment", "shop"):
        assert f"{service}/availability" in said
        assert f"{service}/latency" in said
    assert "not proposed: promhttp_metric_handler_requests_total" in said
    assert "up of node" in said


def test_the_budget_is_counted_before_any_rule_is_loaded(newcomer: Walked) -> None:
    before = newcomer.said(STATUS)[0]
    assert before.count(" ok ") == 8
    assert "no rules deployed" in before


def test_the_rules_are_loaded_and_no_evaluation_of_them_fails(newcomer: Walked) -> None:
    rules = httpx.get(f"{newcomer.url}/api/v1/rules", trust_env=False).json()["data"]["groups"]
    ours = [group for group in rules if group["name"].startswith("mirante-")]
    assert {str(newcomer.folder) in group["file"] for group in ours} == {True}
    assert sum("-alerts" in group["name"] for group in ours) == 8
    assert {rule["health"] for group in ours for rule in group["rules"]} <= {"ok", "unknown"}


def test_the_boards_are_drawn(newcomer: Walked) -> None:
    page = (newcomer.folder / "preview" / "slo-overview.html").read_text("utf-8")
    assert newcomer.url in page
    if FULL:
        assert "OK" in page
        assert "recorded for less than 30min" in newcomer.said(STATUS)[-1]


def test_nothing_but_the_three_folders_is_left_behind(newcomer: Walked) -> None:
    found = {path.name for path in newcomer.folder.iterdir()}
    assert found <= {"shop", "build", "preview", "prometheus.yml", "prometheus.log"}


def test_a_line_of_the_guide_that_no_longer_works_fails_here(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="No such option"):
        run("mirante init shop --no-such-option", tmp_path, WRITTEN)
