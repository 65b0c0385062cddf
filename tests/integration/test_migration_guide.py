"""The commands of ``docs/migration.md``, run as they stand on files of Sloth, OpenSLO and Pyrra, against a
real Prometheus that has their metrics. Commands and seconds are printed.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.foreign_metrics import PAST, exposed, past, scrape_config
from tests.support.guides import Walked, commands, run, told
from tests.support.patience import wait_until
from tests.support.prometheus_server import backfill, needs_prometheus, prometheus_server

pytestmark = [needs_prometheus, pytest.mark.proof]

GUIDE = "migration.md"
FILES = Path(__file__).parents[1] / "support" / "foreign_definitions"
SLOS = ("cart/requests", "orders/orders-availability", "shop/payment-errors")


def scraped(url: str) -> bool:
    query = {"query": "count(scrape_samples_scraped > 0) == 5"}
    answer = httpx.get(f"{url}/api/v1/query", params=query, trust_env=False).json()
    return bool(answer["data"]["result"])


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walked]:
    folder, now = tmp_path_factory.mktemp("moved"), time.time()
    shutil.copytree(FILES, folder / "slos")
    began, history = now - PAST, tmp_path_factory.mktemp("data")
    with (
        exposed(began) as port,
        prometheus_server(folder, backfill(past(began, now), history), scrape_config(port)) as url,
    ):
        wait_until(lambda: scraped(url), 30, "every job is scraped")
        yield Walked(url, folder, tuple(run(command, folder, url) for command in commands(GUIDE)))


def test_the_move_is_made_as_the_guide_has_it(moved: Walked, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(moved.steps) >= 10
    with capsys.disabled():
        sys.stdout.write(told(moved.steps))


def test_each_file_is_imported_and_the_table_says_what_becomes_otherwise(moved: Walked) -> None:
    (table,) = moved.said("--dry-run")
    assert "3 files: 3 imported; 3 SLOs" in table
    for tool in ("Sloth", "OpenSLO", "Pyrra"):
        assert tool in table


def test_the_proof_leaves_nothing_unexplained(moved: Walked) -> None:
    (proof,) = moved.said("--prove")
    assert "0 unexplained" in proof


def test_every_imported_level_is_counted_and_its_rules_are_loaded(moved: Walked) -> None:
    before = moved.said("slo status")[0]
    for slo in SLOS:
        assert slo in before
    assert before.count(" ok ") == 3
    groups = httpx.get(f"{moved.url}/api/v1/rules", trust_env=False).json()["data"]["groups"]
    alerts = [rule for group in groups for rule in group["rules"] if rule["type"] == "alerting"]
    levels = {rule["labels"]["slo"] for rule in alerts if "tier" in rule["labels"]}
    assert levels == set(SLOS)
    assert {rule["health"] for rule in alerts} <= {"ok", "unknown"}


def test_the_old_files_are_as_they_were(moved: Walked) -> None:
    for file in FILES.iterdir():
        assert (moved.folder / "slos" / file.name).read_bytes() == file.read_bytes()
