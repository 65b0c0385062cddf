"""``mirante alerts intake try`` shows what a payload would become, and touches no store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import mirante
from tests.support.hooks import grafana, grafana_alert, pagerduty

INTAKES = """
version: 1
json:
  shop: {name: title, severity: level, labels: {host: host}, links: {page: url}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MIRANTE_ALARM_POLICY", str(tmp_path / "policy"))
    (tmp_path / "policy").mkdir()
    (tmp_path / "policy" / "intakes.yaml").write_text(INTAKES, encoding="utf-8")
    return tmp_path


def tried(folder: Path, name: str, document: Any, *options: str) -> str:
    (folder / "body.json").write_text(json.dumps(document), encoding="utf-8")
    ran = mirante("alerts", "intake", "try", name, "body.json", *options)
    assert ran.status == 0, ran
    assert not (folder / "mirante-data").exists()
    return ran.out


def test_it_shows_each_alert_as_it_would_be(folder: Path) -> None:
    sent = {"title": "Till [1] down", "level": "urgent", "host": "t1", "url": "https://shop.example"}
    shown = tried(folder, "shop", sent)
    assert "firing: Till [1] down" in shown
    for line in ("severity   P1", "label host  t1", "link page   https://shop.example"):
        assert " ".join(line.split()) in " ".join(shown.split())
    assert "1 alert, 0 parts that cannot be read" in shown


def test_it_shows_what_would_be_left_out_and_told(folder: Path) -> None:
    shown = tried(folder, "grafana", {**grafana(), "alerts": [grafana_alert(), 5]})
    assert "in quarantine, and told: grafana payload: alerts[]: expected an object" in shown
    assert "1 alert, 1 part that cannot be read" in shown


def test_it_says_where_a_payload_belongs(folder: Path) -> None:
    assert "This is of grafana" in tried(folder, "alertmanager", grafana(grafana_alert()))
    assert "acknowledges the incident of its key" in tried(folder, "pagerduty", pagerduty("acknowledge"))


def test_machines_read_it_as_json(folder: Path) -> None:
    document = json.loads(tried(folder, "shop", {"title": "x"}, "--json"))
    assert (document["kind"], document["alerts"][0]["name"], document["unread"]) == ("json/shop", "x", [])


def test_a_name_that_is_none_says_which_there_are(folder: Path) -> None:
    ran = mirante("alerts", "intake", "try", "shpo", "body.json")
    assert ran.status == 2
    assert "known: shop, alertmanager, grafana" in ran.err


def test_check_reads_the_file_too(folder: Path) -> None:
    (folder / "policy" / "intakes.yaml").write_text(
        "version: 1\njson:\n  shop: {name: 'a['}\n", encoding="utf-8"
    )
    ran = mirante("check")
    assert ran.status == 1
    assert "intakes.yaml:3" in ran.out + ran.err
