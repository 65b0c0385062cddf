"""Runbooks as pages: Markdown in, safe HTML out, in the reader's language."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from alarms.policy.runbook import Runbooks, parse
from app.console.application import create_console
from app.console.runbook_files import ShippedRunbooks
from app.console.runbooks import rendered, title_of
from tests.support.console_browser import BASE_URL, browser
from tests.support.console_world import World

TEXT = """# Decisions are slow

## Steps

1. Look at the <b>stores</b>
2. Restart `api`

| store | limit |
| --- | --- |
| hot | 50 ms |

<script>alert(1)</script> [click](javascript:alert(2)) ![x](x" onerror="alert(3))

# Decisões estão lentas

## Passos

1. Olhe os bancos
"""


def shipped(**texts: str) -> ShippedRunbooks:
    return ShippedRunbooks(Runbooks({name: parse(name, text) for name, text in texts.items()}))


def test_each_language_gets_its_own_part() -> None:
    books = shipped(slow=TEXT)
    english, portuguese = books("slow", "en"), books("slow", "pt")
    assert english is not None
    assert portuguese is not None
    assert title_of(english, "slow") == "Decisions are slow"
    assert "Decisões" not in english
    assert title_of(portuguese, "slow") == "Decisões estão lentas"
    assert "Look at" not in portuguese


def test_a_runbook_in_one_language_is_shown_in_it() -> None:
    assert shipped(slow="# Only English\n\ntext")("slow", "pt") == "# Only English\n\ntext"


def test_a_runbook_without_a_title_is_called_by_its_name() -> None:
    assert title_of(shipped(slow="just text")("slow", "en") or "", "slow") == "slow"


def test_a_runbook_that_does_not_exist_is_none() -> None:
    assert shipped(slow=TEXT)("../slow", "en") is None


def test_lists_tables_and_code_are_set() -> None:
    html = rendered(TEXT)
    for expected in ("<ol>", "<table>", "<code>api</code>", "<h2>Steps</h2>"):
        assert expected in html


def test_raw_markup_in_a_runbook_stays_text() -> None:
    html = rendered(TEXT)
    assert "<script>" not in html
    assert "<b>" not in html
    assert 'href="javascript' not in html
    assert ' onerror="' not in html


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def test_the_pages_list_and_show_runbooks(world: World) -> None:
    deps = replace(world.dependencies(), runbooks=shipped(**{"credit-decision-latency": TEXT}))
    async with browser(create_console(deps)) as client:
        await client.get(world.sessions.issue_link(BASE_URL))
        assert "Decisions are slow" in (await client.get("/console/runbooks")).text
        portuguese = await client.get("/console/runbooks/credit-decision-latency?lang=pt")
        assert "<h1>Decisões estão lentas</h1>" in portuguese.text
        detail = await client.get("/console/slo/credit/decision-latency?lang=en")
        assert '<a href="/console/runbooks/credit-decision-latency">Open the runbook</a>' in detail.text
        listed = await client.get("/console/runbooks?lang=en")
        assert 'href="/console/runbooks/credit-decision-latency"' in listed.text


async def test_every_shipped_runbook_has_both_languages(world: World) -> None:
    books = ShippedRunbooks()
    for name in books.names():
        assert books(name, "en") != books(name, "pt"), name
