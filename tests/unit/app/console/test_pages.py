"""Every page over real parts: shipped definitions, a ledger with counts, the router with incidents."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from alarms.model.errors import StoreBusy
from alarms.model.incident import NOT_REPORTED, Incident, IncidentState
from alarms.model.severity import Severity
from alarms.model.source import AskedState, SourceReport
from app.console.application import create_console
from app.console.guards import CONTENT_SECURITY_POLICY
from app.console.languages import texts_in
from exporters.collectors.consistency_index import PairReading
from foundation.clock import ScaledClock
from foundation.count_journal import labels_of
from slo.judge.status import ObjectiveState, ObjectiveStatus
from slo.ledger.minute_counts import MinuteCount
from slo.model.errors import LedgerError
from tests.support.console_browser import BASE_URL, browser, signed_in, tags_of, text_of
from tests.support.console_world import MINUTE, NOW, World, healthy_then_burning

END = NOW.replace(second=0, microsecond=0)
XSS = '"><img src=x onerror=alert(1)><script>alert(2)</script>'
ERRORS, LATENCY = "credit/transaction-errors", "credit/decision-latency"
AVAILABLE, CONSISTENT = "credit/decision-availability", "credit/data-consistency"
LOADED = {"script": "src", "link": "href", "img": "src", "iframe": "src", "form": "action", "use": "href"}


@pytest.fixture
def world(tmp_path: Path) -> World:
    """One objective burns, one is fine, one has been silent for 26 minutes, one never had a row."""
    made = World(tmp_path)
    made.fill(ERRORS, healthy_then_burning(NOW, 180, 0.0, 0.6, 9))
    made.fill(LATENCY, healthy_then_burning(NOW, 180, 0.01, 0.01, 9))
    made.fill(CONSISTENT, ((END - i * MINUTE, 400, 400) for i in range(300, 26, -1)), bound=1)
    made.evaluate()
    return made


def paths_of(world: World) -> list[str]:
    incident = world.router.incidents()[0].id
    slos = [f"/console/slo/{slo.id}" for slo in world.catalogue.slos]
    pages = ["/console/", "/console/incidents", f"/console/incidents/{incident}", "/console/kpi"]
    return [*pages, "/console/kpi?period=7d", "/console/runbooks", "/console/nothing", *slos]


async def page(world: World, path: str, language: str = "en") -> str:
    async with signed_in(world) as client:
        answer = await client.get(path, params={"lang": language})
        return answer.text


def card(html: str, name: str) -> str:
    """The article that holds ``name``."""
    found = [part.partition("</article>")[0] for part in html.split("<article")[1:]]
    return next(part for part in found if name in part)


def slo_card(html: str, slo_id: str) -> str:
    return card(html, f'<h3><a href="/console/slo/{slo_id}"')


def status_of(world: World, slo_id: str) -> ObjectiveStatus:
    return next(status for status in world.statuses() if status.slo.id == slo_id)


async def test_every_page_loads_nothing_from_elsewhere(world: World) -> None:
    async with signed_in(world) as client:
        for path in paths_of(world):
            html = (await client.get(path)).text
            for tag, attributes in tags_of(html):
                target = attributes.get(LOADED.get(tag, ""))
                if target is not None:
                    assert urlsplit(target).netloc == "", (path, tag, target)
                    assert urlsplit(target).scheme == "", (path, tag, target)


async def test_no_page_has_a_script_or_style_of_its_own(world: World) -> None:
    async with signed_in(world) as client:
        for path in paths_of(world):
            for tag, attributes in tags_of((await client.get(path)).text):
                assert tag != "style", path
                assert tag != "script" or attributes.get("src"), path
                assert "style" not in attributes, (path, tag)
                assert not [name for name in attributes if name.startswith("on")], (path, tag)


@pytest.mark.parametrize("language", ["en", "pt"])
async def test_every_page_is_whole_in_its_language(world: World, language: str) -> None:
    other = texts_in("pt" if language == "en" else "en")
    async with signed_in(world) as client:
        for path in paths_of(world):
            html = (await client.get(path, params={"lang": language})).text
            assert f'lang="{"pt-BR" if language == "pt" else "en"}"' in html
            said = text_of(html)
            for key in (
                "nav.oncall",
                "nav.board",
                "nav.sign_out",
                "card.budget",
                "board.promises",
                "detail.tiers",
            ):
                assert other(key) not in said, (path, key)


async def test_the_language_is_remembered(world: World) -> None:
    async with signed_in(world) as client:
        await client.get("/console/?lang=pt")
        assert "Plantão" in (await client.get("/console/incidents")).text
        await client.get("/console/?lang=en")
        assert "Plantão" not in (await client.get("/console/incidents")).text


async def test_the_browser_s_language_is_used_when_none_was_chosen(world: World) -> None:
    async with signed_in(world) as client:
        answer = await client.get("/console/", headers={"accept-language": "pt-BR,pt;q=0.9"})
        assert "Plantão" in answer.text


async def test_a_language_we_do_not_speak_changes_nothing(world: World) -> None:
    async with signed_in(world) as client:
        answer = await client.get("/console/", params={"lang": XSS})
        assert "On call" in answer.text
        assert XSS not in answer.text
        assert "set-cookie" not in answer.headers


async def test_a_burning_objective_is_red_and_says_so(world: World) -> None:
    shown = slo_card(await page(world, "/console/"), ERRORS)
    assert "edge-bad" in shown or "edge-warn" in shown
    assert status_of(world, ERRORS).state in (ObjectiveState.BURNING, ObjectiveState.EXHAUSTED)
    assert texts_in("en")(f"state.{status_of(world, ERRORS).state.value}") in text_of(shown)


async def test_an_objective_without_data_is_grey_and_says_since_when(world: World) -> None:
    shown = slo_card(await page(world, "/console/"), CONSISTENT)
    assert "edge-no-data" in shown
    assert "c-ok" not in shown
    said = text_of(shown)
    assert "No data since 23 Nov 2026 14:16" in said
    assert "26 minutes without data" in said


async def test_an_objective_that_never_had_a_row_is_grey_too(world: World) -> None:
    shown = slo_card(await page(world, "/console/"), AVAILABLE)
    assert "edge-no-data" in shown
    assert "No data has ever arrived" in text_of(shown)
    assert "f-ok" not in shown


async def test_no_traffic_is_neither_green_nor_no_data(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.fill(ERRORS, ((END - i * MINUTE, 0, 0) for i in range(120, 0, -1)))
    shown = slo_card(await page(world, "/console/"), ERRORS)
    assert "edge-no-traffic" in shown
    assert "No traffic" in text_of(shown)


async def test_the_numbers_on_a_card_are_the_ledger_s(world: World) -> None:
    status = status_of(world, LATENCY)
    shown = slo_card(await page(world, "/console/"), LATENCY)
    said = text_of(shown).replace("\u00a0", " ")
    assert f"{status.counts.good:,} good of {status.counts.total:,} events" in said
    assert "exact" in said
    drawn = re.findall(r'data-value="([^"]+)" data-factor="([^"]+)"', shown)
    wanted = [(burn.burn, tier.factor) for tier in status.tiers for burn in (tier.long, tier.short)]
    assert [(float(burn), float(factor)) for burn, factor in drawn] == [
        (float(burn or 0), float(factor)) for burn, factor in wanted
    ] * 3


async def test_the_last_hour_is_drawn_minute_by_minute(world: World) -> None:
    key = world.ledger.series(slo_id=ERRORS)[0]
    minutes = world.ledger.minutes(key, END - 60 * MINUTE, END)
    shown = slo_card(await page(world, "/console/"), ERRORS)
    assert [int(n) for n in re.findall(r'data-good="(\d+)"', shown)] == [c.good for c in minutes.values()]
    bad = [c.bad for c in minutes.values() if c.bad]
    assert [int(n) for n in re.findall(r'data-bad="(\d+)"', shown)] == bad


async def test_counts_that_may_be_off_say_by_how_much(world: World) -> None:
    status = status_of(world, CONSISTENT)
    assert status.error_bound
    assert f"may be off by {status.error_bound:,}" in text_of(await page(world, "/console/"))


async def test_the_worst_objective_comes_first(world: World) -> None:
    html = await page(world, "/console/")
    names = re.findall(r'<h3><a href="/console/slo/([^"]+)"', html)
    assert names[0] == ERRORS
    assert names[-1] == LATENCY


async def test_an_open_incident_shows_severity_age_and_what_happens_next(world: World) -> None:
    world.clock.advance(timedelta(minutes=3))
    incident = world.router.open_incidents()[0]
    shown = text_of(card(await page(world, "/console/"), incident.id)).replace("\u00a0", " ")
    assert incident.severity.value in shown
    assert "for 3 min" in shown
    assert "If not acknowledged by" in shown
    assert "(in 12 min)" in shown
    assert "Data Engineering (backup)" in shown


async def test_a_quiet_night_says_that_nobody_needs_to_be_woken(tmp_path: Path) -> None:
    assert "Nobody needs to be woken." in text_of(await page(World(tmp_path), "/console/"))


async def test_a_label_with_markup_in_it_stays_text_everywhere(world: World) -> None:
    incident = world.alert(XSS, Severity.P2, component=XSS, summary=XSS)
    world.router.acknowledge(incident, XSS, note=XSS)
    async with signed_in(world) as client:
        for path in ("/console/", "/console/incidents", f"/console/incidents/{incident}"):
            html = (await client.get(path)).text
            assert "<img" not in html, path
            assert "<script>" not in html, path
            assert "&lt;script&gt;alert(2)" in html, path


async def test_an_incident_page_holds_timeline_arithmetic_and_decisions(world: World) -> None:
    incident = next(item for item in world.router.open_incidents() if item.burn is not None)
    world.router.acknowledge(incident.id, "ana", note="looking at it")
    said = text_of(await page(world, f"/console/incidents/{incident.id}")).replace("\u00a0", " ")
    burn = incident.burn
    assert burn is not None
    bad = burn.long_total - burn.long_good
    assert f"{burn.long_window}: {bad:,} bad of {burn.long_total:,} = burn" in said
    for expected in (
        "Opened",
        "Acknowledged",
        "ana",
        "looking at it",
        "first notified",
        "Operations",
        "severity",
    ):
        assert expected in said, expected
    for delivery in world.router.notifications(incident.id):
        assert text_of(delivery.notification.message.subject) in said


async def test_an_ending_of_an_incident_s_id_is_enough(world: World) -> None:
    incident = world.router.incidents()[0]
    assert incident.title in await page(world, f"/console/incidents/{incident.id[-8:]}")


async def test_the_detail_page_shows_terms_tiers_and_history(world: World) -> None:
    said = text_of(await page(world, f"/console/slo/{ERRORS}")).replace("\u00a0", " ")
    for expected in (
        "decisions and ingested transactions", "recorded in full", "client errors (4xx)",
        "2 % × 30d ÷ 1h = 14.4×", "5 % × 30d ÷ 6h = 6×", "page-fast", "fires",
        "credit_financial_transactions_total", "Incidents of this service level",
    ):  # fmt: skip
        assert expected in said, expected
    portuguese = text_of(await page(world, f"/console/slo/{ERRORS}", "pt"))
    assert "gravadas por inteiro" in portuguese
    assert "Transações financeiras sem erro" in portuguese


async def test_the_burn_down_ends_at_the_budget_left(world: World) -> None:
    html = await page(world, f"/console/slo/{LATENCY}")
    drawn = {float(value) for value in re.findall(r'data-left="([^"]+)"', html)}
    assert len(drawn) == 1
    assert drawn.pop() == pytest.approx(float(status_of(world, LATENCY).budget.left_ratio), abs=1e-9)


@pytest.mark.parametrize(
    "ahead", [0, 1, 60], ids=["in its first minute", "the minute after", "an hour ahead"]
)
async def test_an_objective_with_no_history_before_now_has_a_page(tmp_path: Path, ahead: int) -> None:
    """Its first minute, or counts that a clock ahead of this one wrote."""
    young = World(tmp_path)
    young.fill(ERRORS, [(END + ahead * MINUTE, 400, 400)])
    young.evaluate()
    async with signed_in(young) as client:
        assert (await client.get(f"/console/slo/{ERRORS}")).status_code == 200


async def test_availability_shows_the_event_ratio_beside_the_time_ratio(world: World) -> None:
    world.fill(AVAILABLE, ((END - i * MINUTE, int(i > 3), 1) for i in range(60, 0, -1)))
    name = "credit_decision_requests_total"
    world.counts = [
        MinuteCount(name, labels_of(outcome=outcome), END - 10 * MINUTE, "api-1/4f2c", count)
        for outcome, count in (("ok", 999), ("error", 1), ("client_error", 500))
    ]
    said = text_of(await page(world, f"/console/slo/{AVAILABLE}")).replace("\u00a0", " ")
    assert "57 good of 60 minutes" in said
    assert "999 good of 1,000 events" in said
    assert "99.900 %" in said


async def test_other_objectives_have_no_ratio_beside(world: World) -> None:
    assert "Two ways to look at it" not in await page(world, f"/console/slo/{ERRORS}")


def decisions(world: World) -> None:
    counts: list[MinuteCount] = []
    minute = END - 30 * MINUTE
    for outcome, count in (("APPROVE", 60), ("DECLINE", 30), ("REFER", 10)):
        labels = labels_of(decision=outcome, policy="personal-credit")
        counts.append(MinuteCount("credit_decisions_total", labels, minute, "api-1/4f2c", count))
        amount = labels_of(decision=outcome)
        name = "credit_decision_amount_cents_total"
        counts.append(MinuteCount(name, amount, minute, "api-1/4f2c", count * 1_000_00))
    for edge, count in (("0.05", 96), ("0.2", 99), ("+Inf", 100)):
        name = "credit_decision_duration_seconds_bucket"
        counts.append(MinuteCount(name, labels_of(outcome="ok", le=edge), minute, "api-1/4f2c", count))
    world.counts = counts
    world.alive = [minute - i * MINUTE for i in range(30)]


async def test_the_board_counts_decisions_money_and_time(world: World) -> None:
    decisions(world)
    said = text_of(await page(world, "/console/kpi?period=24h")).replace("\u00a0", " ")
    for expected in (
        "Decisions 100", "Decisions per hour 200", "Approval rate 60.0 %", "R$ 100,000", "R$ 60,000",
        "95 % within 50 ms", "99.0 % within 200 ms", "Approved 60 (60.0 %)", "Referred to a "
            "person 10 (10.0 %)",
    ):  # fmt: skip
        assert expected in said, expected


async def test_a_board_without_a_living_counter_knows_nothing(world: World) -> None:
    said = text_of(await page(world, "/console/kpi"))
    assert "Decisions –" in said
    assert "Approval rate –" in said


async def test_promises_are_kept_broken_or_not_known(world: World) -> None:
    html = await page(world, "/console/kpi")
    rows = {
        name: row for row in html.split("<tr")[1:] for name in (ERRORS, LATENCY, CONSISTENT) if name in row
    }
    assert "Kept" in rows[LATENCY]
    assert "Broken" in rows[ERRORS] or "At risk" in rows[ERRORS]
    assert "Unknown" in rows[CONSISTENT]
    assert "c-no-data" in rows[CONSISTENT]


async def test_a_promise_below_its_target_is_broken(world: World) -> None:
    world.fill(LATENCY, healthy_then_burning(NOW, 180, 0.2, 0.2, 1))
    row = next(part for part in (await page(world, "/console/kpi")).split("<tr") if LATENCY in part)
    assert "Broken" in row
    assert "c-bad" in row


async def test_the_board_shows_incidents_by_severity_and_how_long_they_took(world: World) -> None:
    incident = world.alert("Something", Severity.P2)
    world.clock.advance(timedelta(minutes=4))
    world.router.acknowledge(incident, "ana")
    world.clock.advance(timedelta(minutes=16))
    world.router.resolve(incident, "ana")
    said = text_of(await page(world, "/console/kpi")).replace("\u00a0", " ")
    assert "Time to acknowledge 4 min median of 1 incident" in said
    assert "Time to resolve 20 min median of 1 incident" in said


async def test_the_consistency_index_is_shown_with_what_it_proves(world: World) -> None:
    world.readings = (
        PairReading("relational/hot", 30_000, 1, 29_999 / 30_000, 0.99984, 0.95, NOW - 5 * MINUTE),
        PairReading("relational/cache", 0, 0, None, None, 0.95, NOW),
    )
    said = text_of(await page(world, "/console/kpi")).replace("\u00a0", " ")
    assert "relational ↔ hot 99.996 % 99.984 % 30,000 5 min ago" in said
    assert "relational ↔ cache – – 0" in said


async def test_consistency_that_was_never_measured_is_said_so(world: World) -> None:
    html = await page(world, "/console/kpi")
    assert '<b class="c-no-data">Not measured yet</b>' in html


def broken_ledger() -> Sequence[ObjectiveStatus]:
    raise LedgerError("disk I/O error")


async def test_a_ledger_that_cannot_be_read_leaves_the_incidents_on_the_page(world: World) -> None:
    world.statuses = broken_ledger
    said = text_of(await page(world, "/console/"))
    assert "Could not read service levels: disk I/O error" in said
    assert "If not acknowledged by" in said


async def test_a_router_that_cannot_be_read_leaves_the_objectives_on_the_page(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object, **__: object) -> Sequence[Incident]:
        raise StoreBusy("locked")

    monkeypatch.setattr(world.router, "open_page", busy)
    monkeypatch.setattr(world.router, "incidents", busy)
    said = text_of(await page(world, "/console/"))
    assert "Could not read incidents" in said
    assert "Error budget left" in said
    assert "Nobody needs to be woken" not in said
    async with signed_in(world) as client:
        answer = await client.get("/console/incidents")
        assert answer.status_code == 503
        assert "Traceback" not in answer.text
        board = text_of((await client.get("/console/kpi")).text)
        assert "Could not read incidents" in board
        assert "Credit decisions" in board


async def test_an_error_nobody_foresaw_shows_no_trace(world: World) -> None:
    def surprise() -> Sequence[ObjectiveStatus]:
        raise ZeroDivisionError("secret detail")

    world.statuses = surprise
    async with signed_in(world) as client:
        answer = await client.get("/console/")
    assert answer.status_code == 500
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert "Something went wrong in the console" in answer.text
    assert "secret detail" not in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/console/nothing",
        "/console/slo/credit/nothing",
        "/console/incidents/NOPE",
        "/console/runbooks/nothing",
        "/console/runbooks/..%2f..%2fpyproject",
        "/console/slo/a/b/c",
        "/console/static/nothing.css",
        "/console/static/..%2fapplication.py",
    ],
)
async def test_what_is_not_there_is_a_helpful_404(world: World, path: str) -> None:
    async with signed_in(world) as client:
        answer = await client.get(path)
    assert answer.status_code == 404
    assert "Page not found" in answer.text
    assert 'href="/console/"' in answer.text


async def test_an_unknown_slo_is_answered_with_those_that_exist(world: World) -> None:
    assert "credit/decision-latency" in text_of(await page(world, "/console/slo/credit/nope"))


async def test_the_pages_say_how_fast_an_accelerated_clock_runs(world: World) -> None:
    deps = replace(world.dependencies(), clock=ScaledClock(60.0, NOW))
    async with browser(create_console(deps)) as client:
        html = (await client.get(world.sessions.issue_link(BASE_URL))).text
    assert "This clock runs 60 times as fast as real time" in html


async def test_a_page_says_the_zone_of_its_times(world: World) -> None:
    assert "Times are America/Sao_Paulo (UTC−03:00)" in text_of(await page(world, "/console/"))


async def test_the_on_call_page_shows_who_is_asked_what_fires(world: World) -> None:
    assert "am:9093" not in await page(world, "/console/")
    report = SourceReport("alertmanager http://am:9093", NOW, AskedState.SILENT, NOW, None, 7, 5, 2)
    with world.router._store.transaction() as tx:
        tx.save_source_report(report)
    shown = text_of(await page(world, "/console/"))
    assert "alertmanager http://am:9093 does not answer · 7 firing for us, 2 missing here" in shown
    shown = text_of(await page(world, "/console/", "pt"))
    assert "alertmanager http://am:9093 não responde · 7 disparando para nós, 2 faltando aqui" in shown


async def test_an_incident_that_its_source_no_longer_reports_says_so(world: World) -> None:
    incident = world.router.incidents()[0]
    with world.router._store.transaction() as tx:
        tx.save_incident(
            replace(
                incident,
                state=IncidentState.RESOLVED,
                resolved_at=incident.updated_at,
                resolved_by=NOT_REPORTED,
            )
        )
    path = f"/console/incidents/{incident.id}"
    assert "no longer reported by its source, closed at" in text_of(await page(world, path))
    assert "a origem não o relata mais, encerrado em" in text_of(await page(world, path, "pt"))
