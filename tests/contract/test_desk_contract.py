"""One contract for every desk: the router in this process, and one that is asked over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from alarms.http.auth import READ, TOKENS, WRITE, BearerTokens, Principal
from alarms.http.desk_api import DeskApi
from alarms.http.desk_client import HttpDesk
from alarms.http.token_api import TokenApi
from alarms.model.access_token import TokenScope
from alarms.model.errors import (
    AlarmsError,
    InvalidRequest,
    NotAllowed,
    RouterRefused,
    RouterUnreachable,
    UnknownIncident,
    UnknownReceipt,
    UnknownToken,
)
from alarms.model.incident import IncidentState
from alarms.model.receipt import Receipt, ReceiptState
from alarms.model.severity import Severity
from alarms.model.silence import Matcher
from alarms.model.source import AskedState, SourceReport
from alarms.policy.people import People, Person
from alarms.policy.schedule import Rotation, Schedule, Schedules
from alarms.router.desk import Desk
from tests.support.alerts import MONDAY_10, burn_alert, foreign_alert
from tests.support.router import Scene
from tests.support.router_application import create_application

HOUR = timedelta(hours=1)
Opened = Callable[[Scene], Desk]


def transport_to(application: Starlette) -> httpx.BaseTransport:
    """To an application in this process, no socket between."""

    async def answer(request: httpx.Request) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(application)) as client:
            found = await client.request(
                request.method, request.url, headers=request.headers, content=request.content
            )
        return httpx.Response(found.status_code, headers=found.headers, content=found.content)

    return httpx.MockTransport(lambda request: asyncio.run(answer(request)))


def router_desk(scene: Scene) -> Desk:
    return scene.router


def http_desk(scene: Scene) -> Desk:
    known = BearerTokens.of({"token": Principal("operator", frozenset({READ, WRITE, TOKENS}))})
    tokens = TokenApi(scene.router.tokens, known)
    application = create_application(None, DeskApi(scene.router, known), before=tokens.routes())
    return HttpDesk("http://router/", "token", transport_to(application))


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = Scene()
    yield made
    made.close()


@pytest.fixture(params=[router_desk, http_desk])
def desk(request: pytest.FixtureRequest, scene: Scene) -> Desk:
    opened: Opened = request.param
    return opened(scene)


def test_it_shows_the_same_incident_with_all_its_arithmetic(desk: Desk, scene: Scene) -> None:
    made = scene.receive(burn_alert())
    scene.receive(foreign_alert("DiskFull", Severity.P3))
    assert [one.severity for one in desk.open_incidents()] == [Severity.P1, Severity.P3]
    assert desk.incident(made.id) == scene.router.incident(made.id)
    assert desk.incident(made.id[-4:]).id == made.id
    assert desk.timeline(made.id) == scene.router.timeline(made.id)
    assert desk.notifications(made.id) == scene.router.notifications(made.id)
    assert desk.notifications(limit=1) == scene.router.notifications(limit=1)
    assert desk.explain(made.id) == scene.router.explain(made.id)
    assert len(desk.incidents(limit=1)) == 1
    assert desk.incidents(since=MONDAY_10 + HOUR) == []


def test_what_people_do_is_done_in_their_name(desk: Desk, scene: Scene) -> None:
    made = scene.receive(burn_alert())
    desk.note(made.id, "Bía", "looking")
    assert desk.acknowledge(made.id, "ana", "mine").state is IncidentState.ACKNOWLEDGED
    assert desk.reassign(made.id, "security:eva", "ana").owner == "security"
    assert desk.snooze(made.id, MONDAY_10 + HOUR, "eva").snoozed_until == MONDAY_10 + HOUR
    assert desk.resolve(made.id, "eva", "done").state is IncidentState.RESOLVED
    actors = [entry.actor.partition(" (")[0] for entry in desk.timeline(made.id)]
    assert actors == ["router", "Bía", "ana", "ana", "eva", "eva"]


def test_an_old_p1_behind_a_thousand_p4_is_first_and_what_is_left_is_said(desk: Desk, scene: Scene) -> None:
    """One incident a name; the storm guard is out of the way by time."""
    scene.router.receive(foreign_alert("Old", Severity.P1))
    for number in range(30):
        scene.clock.advance(timedelta(minutes=1))
        scene.router.receive(foreign_alert(f"Later{number}", Severity.P4))
    page = desk.open_page(10)
    assert (page.alerts[0].name, len(page.alerts), page.left) == ("Old", 10, 21)
    seen = list(page.alerts)
    while page.next:
        page = desk.open_page(10, page.next)
        seen += page.alerts
    assert [one.id for one in seen] == [one.id for one in desk.open_incidents()]
    assert len(seen) == 31
    newest = desk.newest_page(3)
    assert [one.name for one in newest.alerts] == ["Later29", "Later28", "Later27"]
    assert newest.left == 28
    with pytest.raises((InvalidRequest, RouterRefused), match="cursor"):
        desk.open_page(3, "nonsense")


def test_duty_is_shown_overridden_swapped_and_given_back(desk: Desk, scene: Scene) -> None:
    turns = Rotation(datetime(2026, 3, 2), timedelta(days=1), ("ana", "bia"))  # noqa: DTZ001 - local
    people = People({"ana": Person("ana", "Ana Souza")})
    scene.router.routing.schedules = Schedules({"operations": Schedule("UTC", (turns,))}, people)

    def shown() -> list[str | None]:
        duty = desk.duty(MONDAY_10, MONDAY_10 + 48 * HOUR)
        operations = next(one for one in duty if one.team == "operations")
        assert operations.name_of("ana") == "Ana Souza"
        return [span.person for span in operations.spans]

    assert shown() == ["ana", "bia", "ana"]
    made = desk.override_duty("operations", "bia", MONDAY_10 + HOUR, MONDAY_10 + 2 * HOUR, "chief", "doctor")
    assert (made.person, made.why) == ("bia", "doctor")
    assert shown() == ["ana", "bia", "ana", "bia", "ana"]
    desk.end_override(made.id, "chief")
    assert shown() == ["ana", "bia", "ana"]
    swapped = desk.swap_duty("operations", "ana", "bia", "chief", second=MONDAY_10 + 20 * HOUR)
    assert [one.person for one in swapped] == ["bia", "ana"]
    assert shown() == ["bia", "ana"]
    assert scene.router.routing.schedules.zone_of("operations") == "UTC"


@pytest.mark.parametrize(
    "ask",
    [
        lambda desk: desk.override_duty("nobody", "ana", MONDAY_10, MONDAY_10 + HOUR, "chief"),
        lambda desk: desk.override_duty("operations", "anna", MONDAY_10, MONDAY_10 + HOUR, "chief"),
        lambda desk: desk.override_duty("operations", "ana", MONDAY_10, MONDAY_10, "chief"),
        lambda desk: desk.override_duty("operations", "ana", MONDAY_10, MONDAY_10 + 9999 * HOUR, "chief"),
        lambda desk: desk.swap_duty("operations", "ana", "ana", "chief"),
        lambda desk: desk.swap_duty("operations", "ana", "carla", "chief"),
        lambda desk: desk.duty(MONDAY_10, MONDAY_10 - HOUR),
        lambda desk: desk.end_override("no-such-override", "chief"),
    ],
)
def test_duty_that_cannot_be_meant_so_is_refused(
    desk: Desk, scene: Scene, ask: Callable[[Desk], object]
) -> None:
    turns = Rotation(datetime(2026, 3, 2), timedelta(days=1), ("ana",))  # noqa: DTZ001 - local
    people = People({"carla": Person("carla", "Carla")})
    scene.router.routing.schedules = Schedules({"operations": Schedule("UTC", (turns,))}, people)
    with pytest.raises((InvalidRequest, NotAllowed, RouterRefused)):
        ask(desk)
    assert list(scene.store.duty_overrides(ending_after=MONDAY_10 - HOUR)) == []


def test_silences_are_made_listed_and_ended(desk: Desk) -> None:
    matchers = [Matcher("component", "=~", "redis.*")]
    made = desk.silence(matchers, MONDAY_10, MONDAY_10 + HOUR, "ana", "failover")
    assert list(desk.silences()) == [made]
    assert made.matchers == tuple(matchers)
    assert desk.covered(made.id).alerts == 0
    desk.expire_silence(made.id, "ana")
    assert list(desk.silences()) == []


def test_it_reports_quality_and_what_could_not_be_read(desk: Desk, scene: Scene) -> None:
    scene.receive(burn_alert())
    assert desk.quality(MONDAY_10) == scene.router.quality(MONDAY_10)
    assert desk.quality(MONDAY_10 + HOUR) == []
    receipt = Receipt("r", "alertmanager", MONDAY_10, b"\xff{not json", 3, ReceiptState.PENDING)
    scene.store.append_receipts([receipt])
    with scene.store.transaction() as tx:
        tx.settle_receipt("r", ReceiptState.QUARANTINED, "is not JSON")
    (kept,) = desk.quarantined()
    assert (kept.problem, kept.bytes, kept.begins) == ("is not JSON", 10, "�{not json")
    assert desk.quarantined_one(kept.id).payload == "�{not json"
    desk.requeue(kept.id, "ana", '{"version": "4", "alerts": []}')
    assert list(desk.quarantined()) == [kept], "until the correction was read"
    (pending,) = scene.store.receipts(ReceiptState.PENDING)
    assert (pending.payload, pending.corrects) == (b'{"version": "4", "alerts": []}', "r")


def test_tokens_are_made_listed_and_revoked_in_a_persons_name(desk: Desk, scene: Scene) -> None:
    made = desk.tokens.create("shop", TokenScope.SEND, ["grafana"], "ana")
    assert made.token.created_by.partition(" (")[0] == "ana"
    assert list(desk.tokens.listed()) == [made.token]
    (revoked,) = desk.tokens.revoke("shop", "bia")
    assert revoked.revoked_by.partition(" (")[0] == "bia"
    assert [token.revoked_at for token in scene.store.tokens()] == [MONDAY_10]


def test_a_silence_of_everything_is_one_that_says_so(desk: Desk) -> None:
    covers_all = [Matcher("alertname", "=~", ".+")]
    made = desk.silence(covers_all, MONDAY_10, MONDAY_10 + HOUR, "ana", "the move", everything=True)
    assert list(desk.silences()) == [made]


@pytest.mark.parametrize("text", ["", "  ", "\n\t"])
def test_a_blank_note_is_none(desk: Desk, scene: Scene, text: str) -> None:
    made = scene.receive(burn_alert())
    before = scene.router.incident(made.id)
    with pytest.raises(AlarmsError, match="blank"):
        desk.note(made.id, "ana", text)
    assert scene.router.incident(made.id) == before
    desk.acknowledge(made.id, "ana", text)
    assert "note" not in scene.router.timeline(made.id)[-1].detail


@pytest.mark.parametrize(
    "mistake",
    [
        lambda desk: desk.incident("no-such-incident"),
        lambda desk: desk.expire_silence("no-such-silence", "ana"),
        lambda desk: desk.quarantined_one("no-such-receipt"),
        lambda desk: desk.requeue("no-such-receipt", "ana"),
        lambda desk: desk.tokens.revoke("no-such-token", "ana"),
        lambda desk: desk.silence([], MONDAY_10, MONDAY_10 + HOUR, "ana", "everything"),
        lambda desk: desk.silence([Matcher("a", "=~", "(")], MONDAY_10, MONDAY_10 + HOUR, "ana", "x"),
        lambda desk: desk.silence([Matcher("a", "=~", ".+")], MONDAY_10, MONDAY_10 + HOUR, "ana", "x"),
        lambda desk: desk.silence(
            [Matcher("a", "=~", ".+"), Matcher("b", "!=", "info")], MONDAY_10, MONDAY_10 + HOUR, "ana", "x"
        ),
    ],
)
def test_a_mistake_is_told_in_words(desk: Desk, mistake: Callable[[Desk], object]) -> None:
    with pytest.raises(AlarmsError) as raised:
        mistake(desk)
    assert isinstance(
        raised.value,
        UnknownIncident | UnknownReceipt | UnknownToken | NotAllowed | InvalidRequest | RouterRefused,
    )
    assert any(word in str(raised.value) for word in ("no-such", "silence everything", "is not a pattern"))
    assert list(desk.silences()) == []


def test_a_router_that_does_not_answer_says_what_to_check() -> None:
    with pytest.raises(RouterUnreachable, match="Check router_url"):
        HttpDesk("http://127.0.0.1:1", "token").open_incidents()


def test_a_wrong_token_says_which_setting_to_fix(scene: Scene) -> None:
    desk = http_desk(scene)
    assert isinstance(desk, HttpDesk)
    desk._headers = {"authorization": "Bearer wrong"}
    with pytest.raises(RouterRefused, match="Set hook_token"):
        desk.open_incidents()


def test_something_else_at_the_address_is_no_router(scene: Scene) -> None:
    page = Starlette(routes=[Route("/v1/alerts", lambda _: PlainTextResponse("hello"))])
    with pytest.raises(RouterUnreachable, match="not a Mirante router"):
        HttpDesk("http://router", "token", transport_to(page)).open_incidents()


def test_what_came_of_asking_the_sources_is_told(desk: Desk, scene: Scene) -> None:
    assert list(desk.sources()) == []
    report = SourceReport(
        "alertmanager http://am:9093",
        MONDAY_10,
        AskedState.RESTARTED,
        MONDAY_10,
        None,
        5,
        3,
        2,
        1,
        4,
        2,
        "odd",
    )
    with scene.store.transaction() as tx:
        tx.save_source_report(replace(report, firing=0))
        tx.save_source_report(report)
    assert list(desk.sources()) == [report]
