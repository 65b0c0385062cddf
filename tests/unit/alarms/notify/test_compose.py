"""What a page says: everything a person needs at three in the morning, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from alarms.model.alert import Alert
from alarms.model.incident import NOT_REPORTED, TransitionKind
from alarms.model.notification import Message, NotifyStep
from alarms.model.severity import Severity
from alarms.notify.compose import Composer, trial_message
from alarms.notify.links import Links, LinkSigner
from alarms.notify.plain_message import plain_message
from alarms.policy.escalation import Recipient
from alarms.policy.people import People, Person
from alarms.policy.runbook import load_runbooks
from alarms.policy.schedule import Override, Schedule, Schedules
from alarms.router.reassess import resolve
from alarms.router.router import Router
from tests.support.alerts import MONDAY_10, burn_alert, ended, foreign_alert
from tests.support.router import SHIPPED_POLICY, Scene, numbered_ids

MINUTE = timedelta(minutes=1)
BASE = "https://mirante.example"
LINKS = Links(BASE, LinkSigner(lambda: b"a key"))
ANA = Schedule("UTC", (), (Override("ana", MONDAY_10, MONDAY_10 + timedelta(days=7)),))
PEOPLE = People({"ana": Person("ana", "Ana Souza")})
HOSTILE = "a\x00b\x1b[31m\u202e\n" + "x" * 9_000


def scene_with(links: Links) -> Scene:
    made = Scene()
    schedules = Schedules({"operations": ANA}, people=PEOPLE)
    composer = Composer(load_runbooks(), links)
    made.router = Router(
        made.store, SHIPPED_POLICY, made.clock, numbered_ids(), schedules=schedules, composer=composer
    )
    return made


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = scene_with(LINKS)
    yield made
    made.close()


def disk_alert() -> Alert:
    return replace(
        foreign_alert("DiskFull", Severity.P1, namespace="shop", instance="db2", team="dba", prometheus="eu"),
        summary="The disk of db2 is 97 % full",
        summary_pt="O disco de db2 está 97 % cheio",
        description="It fills up within the hour.\nGrow it first.",
        links={"runbook": "https://wiki.example/disk", "source": "https://prom.example/g"},
    )


def last(scene: Scene) -> Message:
    return scene.pager.sent[-1].message


def test_a_page_says_what_where_since_when_how_bad_and_what_to_do_in_its_first_two_lines(
    scene: Scene,
) -> None:
    incident = scene.receive(disk_alert())
    message = last(scene)
    link = message.acknowledge
    assert link.startswith(f"{BASE}/ack/{incident.id}.1.1.")
    assert message.subject == "[P1] DiskFull: new incident"
    assert message.body.splitlines() == [
        "DiskFull: The disk of db2 is 97 % full · test, namespace=shop · "
        "since 2026-03-02 10:00 (13:00 UTC) · P1 Critical",
        f"You are the first responder. Acknowledge with one tap: {link}",
        "It fills up within the hour.",
        "Grow it first.",
        "Runbook of this alert: https://wiki.example/disk",
        "On duty: Ana Souza (Operations)",
        "Source: https://prom.example/g",
        f"Incident: {BASE}/console/incidents/{incident.id}",
    ]
    assert message.subject_pt == "[P1] DiskFull: novo incidente"
    assert message.body_pt.splitlines() == [
        "DiskFull: O disco de db2 está 97 % cheio · test, namespace=shop · "
        "desde 02/03/2026 10:00 (13:00 UTC) · P1 Crítico",
        f"Você é o primeiro a atender. Assuma com um toque: {link}",
        "It fills up within the hour.",
        "Grow it first.",
        "Runbook deste alerta: https://wiki.example/disk",
        "De plantão: Ana Souza (Operações)",
        "Origem: https://prom.example/g",
        f"Incidente: {BASE}/console/incidents/{incident.id}",
    ]
    assert message.page == f"{BASE}/console/incidents/{incident.id}"


def test_the_arithmetic_of_a_burn_is_said_once_and_our_runbook_follows_it(scene: Scene) -> None:
    incident = scene.receive(burn_alert())
    scene.router.note(incident.id, "ana", "restarted the writer")
    scene.pass_time(15 * MINUTE)
    assert scene.pager.sent[0].message.body.splitlines()[0] == (
        "Decision API available: error budget burning · test, credit/decision-availability · "
        "since 2026-03-02 10:00 (13:00 UTC) · P1 Critical"
    )
    message = last(scene)
    assert message.subject.startswith("[P1] credit/decision-availability: Decision API available")
    assert "burning in page-fast" not in message.body, "the alert's own text is the same arithmetic"
    for part in (
        "You are the backup. Please act now. Acknowledge with one tap: ",
        "Burn 400.00 over 1h (200 bad of 1000) and 400.00 over 5m (20 bad of 100); fires above 14.4 in both.",
        "Budget left 75.0%",
        f"1. Acknowledge (`mirante alerts ack {incident.id}`)",
        f"{BASE}/console/runbooks/credit-decision-availability",
        "So far:\n- 10:00 noted by ana: restarted the writer\n- 10:15 nobody acknowledged in time",
    ):
        assert message.body.count(part) == 1, part
    for part in (
        "Você é o backup. Por favor, aja agora. Assuma com um toque: ",
        "Queima 400,00 em 1h (200 ruins de 1000) e 400,00 em 5m (20 ruins de 100)",
        "Orçamento de erro restante 75,0%",
        "Até agora:\n- 10:00 anotado por ana: restarted the writer\n- 10:15 ninguém assumiu no prazo",
    ):
        assert message.body_pt.count(part) == 1, part


def test_without_an_address_the_command_takes_the_place_of_the_link() -> None:
    scene = scene_with(Links())
    incident = scene.receive(disk_alert())
    message = last(scene)
    assert message.body.splitlines()[1].endswith(f"Acknowledge: `mirante alerts ack {incident.id}`")
    assert message.body.splitlines()[-1] == f"mirante alerts show {incident.id}"
    assert (message.page, message.acknowledge) == ("", "")
    scene.close()


@pytest.mark.parametrize(
    ("by", "note", "said", "said_pt"),
    [
        ("Ana Souza", "", "Resolved by Ana Souza after 42 min.", "Resolvido por Ana Souza após 42 min."),
        (
            "ana",
            "grew it",
            "Resolved by ana after 42 min: grew it",
            "Resolvido por ana após 42 min: grew it",
        ),
        (
            "alerts",
            "every alert cleared",
            "Resolved after 42 min, every alert cleared.",
            "Resolvido após 42 min, todos os alertas cessaram.",
        ),
        (
            NOT_REPORTED,
            "asked three times",
            "Closed after 42 min, no longer reported by its source.",
            "Encerrado após 42 min, a origem não o reporta mais.",
        ),
    ],
)
def test_a_resolved_page_says_who_or_what_and_how_long_and_asks_for_nothing(
    scene: Scene, by: str, note: str, said: str, said_pt: str
) -> None:
    incident = scene.receive(disk_alert())
    scene.clock.advance(42 * MINUTE)
    with scene.store.transaction() as tx:
        resolve(scene.router._update_of(tx, incident), by, note)
    scene.dispatcher.drain()
    message = last(scene)
    assert message.body.splitlines()[1:] == [
        said,
        "Source: https://prom.example/g",
        f"Incident: {message.page}",
    ]
    assert message.body_pt.splitlines()[1] == said_pt
    assert message.acknowledge == ""
    assert "/ack/" not in message.short + message.short_pt
    ending = said.rstrip(".").partition(": ")[0]
    assert (
        message.short == f"P1 {ending[0].lower()}{ending[1:]}: DiskFull, test, instance=db2, namespace=shop"
    )


def test_how_long_it_took_is_counted_from_the_last_time_it_came_back(scene: Scene) -> None:
    incident = scene.receive(disk_alert())
    scene.pass_time(30 * MINUTE)
    scene.receive(ended(disk_alert(), scene.clock.now()))
    scene.pass_time(5 * MINUTE)
    scene.receive(replace(disk_alert(), starts_at=scene.clock.now()))
    assert "since 2026-03-02 10:35 (13:35 UTC)" in last(scene).body.splitlines()[0]
    assert "So far" not in last(scene).body, "what was done the first time is over"
    scene.pass_time(2 * MINUTE)
    scene.router.resolve(incident.id, "ana")
    scene.dispatcher.drain()
    assert "after 2 min" in last(scene).body


def test_a_reopened_incident_says_nothing_of_the_alert_it_was_before(scene: Scene) -> None:
    scene.receive(disk_alert())
    scene.receive(ended(disk_alert(), scene.clock.now()))
    scene.pass_time(MINUTE)
    again = replace(
        disk_alert(),
        starts_at=scene.clock.now(),
        summary="The disk of db2 is gone",
        summary_pt=None,
        description="",
        links={},
    )
    scene.receive(again)
    for body in (last(scene).body, last(scene).body_pt):
        assert "The disk of db2 is gone" in body
        for old in ("97 %", "Grow it first", "wiki.example", "prom.example"):
            assert old not in body


def test_what_is_acknowledged_already_says_by_whom_and_offers_no_link(scene: Scene) -> None:
    incident = scene.receive(disk_alert())
    scene.clock.advance(MINUTE)
    scene.router.acknowledge(incident.id, "Ana Souza")
    scene.pass_time(30 * MINUTE)
    message = next(n.message for n in scene.pager.sent if n.step is NotifyStep.ESCALATION)
    assert message.body.splitlines()[1] == (
        "This was escalated to you. Please act now. Acknowledged by Ana Souza at 10:01, and still open."
    )
    assert "Assumido por Ana Souza em 10:01" in message.body_pt.splitlines()[1]
    assert message.acknowledge == ""


def test_whoever_is_only_informed_is_asked_for_nothing(scene: Scene) -> None:
    incident = scene.receive(disk_alert())
    history = scene.router.timeline(incident.id)
    composer = scene.router.routing.composer
    told = Recipient(NotifyStep.INFORM, "data-engineering")
    message = composer.message(incident, TransitionKind.ESCALATED, told, SHIPPED_POLICY, PEOPLE, history)
    assert message.body.splitlines()[1] == "For your information; you do not have to do anything."
    assert message.acknowledge == ""
    assert "/ack/" not in message.body


@pytest.mark.parametrize("links", [LINKS, Links("https://a-very-long-host.of-some-company.example.com")])
@pytest.mark.parametrize("kind", [TransitionKind.OPENED, TransitionKind.ACK_MISSED, TransitionKind.REPEATED])
def test_the_short_form_is_one_sms_in_plain_letters(links: Links, kind: TransitionKind) -> None:
    scene = scene_with(links)
    incident = scene.receive(replace(disk_alert(), title="Espaço em disco: não há mais [urgente]" * 20))
    composer, history = scene.router.routing.composer, scene.router.timeline(incident.id)
    told = Recipient(NotifyStep.FIRST, "operations")
    message = composer.message(incident, kind, told, SHIPPED_POLICY, PEOPLE, history)
    for text in (message.short, message.short_pt):
        assert len(text) <= 160
        assert text.isascii()
        assert text.startswith("P1 ")
        assert "Espaco em" in text
        assert "10:00" in text
        assert (message.acknowledge in text) or not message.acknowledge
    scene.close()


def test_a_link_that_leaves_no_room_is_left_out_of_the_sms_and_never_cut() -> None:
    scene = scene_with(Links("https://" + "long-" * 15 + ".example", LinkSigner(lambda: b"a key")))
    scene.receive(disk_alert())
    assert last(scene).short == "P1 DiskFull, test, instance=db2, namespace=shop, since 10:00 UTC-03."
    assert last(scene).acknowledge in last(scene).body
    scene.close()


@pytest.mark.parametrize("field", ["name", "title", "title_pt", "summary", "summary_pt", "description"])
def test_hostile_text_is_clean_and_bounded(scene: Scene, field: str) -> None:
    changed: dict[str, str] = {field: HOSTILE}
    scene.receive(replace(disk_alert(), **changed))  # type: ignore[arg-type]
    is_printed_and_bounded(last(scene))


def test_hostile_labels_links_names_and_notes_are_clean_and_bounded(scene: Scene) -> None:
    labels = {HOSTILE + str(n): HOSTILE for n in range(300)}
    links = dict.fromkeys(("runbook", "dashboard", "other"), f"https://x/{HOSTILE}")
    incident = scene.receive(replace(disk_alert(), labels=labels, links=links, environment=HOSTILE[:900]))
    for _ in range(30):
        scene.router.note(incident.id, "x" * 4_000, "y" * 4_000)
    scene.pass_time(15 * MINUTE)
    is_printed_and_bounded(last(scene))


def is_printed_and_bounded(message: Message) -> None:
    for text in (message.subject, message.subject_pt):
        assert text.isprintable()
        assert len(text) <= 220
    for text in (message.body, message.body_pt):
        assert all(line.isprintable() for line in text.split("\n"))
        assert len(text) < 12_000
    assert len(message.short) <= 160
    assert len(message.short_pt) <= 160
    assert (message.short + message.short_pt).isascii()


def test_the_plain_message_has_the_links_too_and_is_as_bounded(scene: Scene) -> None:
    incident = scene.receive(disk_alert())
    kind, step = TransitionKind.OPENED, NotifyStep.FIRST
    message = plain_message(incident, kind, step, "no memory", LINKS, "operations:ana")
    assert message.acknowledge == last(scene).acknowledge
    assert message.body.splitlines() == [
        "DiskFull · test · 2026-03-02 13:00 UTC · P1",
        f"Acknowledge: {message.acknowledge}",
        "The disk of db2 is 97 % full",
        "A part of the router failed on this alert and was skipped: no memory",
        message.page,
    ]
    assert message.short == f"P1 13:00 UTC DiskFull, test {message.acknowledge}"
    over = plain_message(incident, TransitionKind.RESOLVED, NotifyStep.RESOLVED, "", LINKS, "operations")
    assert over.acknowledge == ""
    assert "Acknowledge" not in over.body
    hostile = replace(incident, title=HOSTILE, summary=HOSTILE, summary_pt=HOSTILE, title_pt=HOSTILE)
    is_printed_and_bounded(plain_message(hostile, kind, step, HOSTILE, LINKS, "operations"))


def test_the_plain_message_is_made_although_links_cannot_be(scene: Scene) -> None:
    def no_key() -> bytes:
        raise OSError("the disk is full")

    incident = scene.receive(disk_alert())
    links = Links(BASE, LinkSigner(no_key))
    message = plain_message(incident, TransitionKind.OPENED, NotifyStep.FIRST, "", links, "operations")
    assert f"`mirante alerts ack {incident.id}`" in message.body
    assert (message.page, message.acknowledge) == ("", "")


def test_a_test_message_has_every_form_and_nothing_to_acknowledge() -> None:
    sent = trial_message("operations", "sms", Severity.P4, "test", MONDAY_10, f"{BASE}/console/")
    assert sent.message.short == "P4 Mirante: test of the channel sms for operations, nothing to do"
    assert sent.message.short_pt == "P4 Mirante: teste do canal sms para operations, nada a fazer"
    assert sent.message.page == f"{BASE}/console/"
    assert sent.message.body.endswith(sent.message.page)
    assert sent.message.acknowledge == ""


@pytest.mark.parametrize(
    ("labels", "place"),
    [
        (
            {"job": "db", "instance": "db7", "cluster": "eu", "namespace": "shop", "zone": "a", "pod": "p-1"},
            "test, instance=db7, pod=p-1, job=db, namespace=shop",
        ),
        ({"prometheus": "eu", "severity": "P1", "team": "dba", "monitor": "m", "alert_key": "k"}, "test"),
        ({"disk": "db2", "empty": " ", "shelf": "7"}, "test, shelf=7"),  # the summary says db2
    ],
    ids=["the closest first", "no machinery", "nothing twice"],
)
def test_where_names_the_labels_that_tell_it_from_others(
    scene: Scene, labels: dict[str, str], place: str
) -> None:
    scene.receive(replace(disk_alert(), labels=labels))
    assert last(scene).body.splitlines()[0].split(" · ")[1] == place


def test_where_counts_the_others_of_a_group_and_how_bad_counts_customers(scene: Scene) -> None:
    for number in range(1, 11):
        one = replace(disk_alert(), labels={"instance": f"h{number}"}, tier=f"{number}")
        incident = scene.receive(replace(one, customers_affected=7))
    assert incident.members == 10
    first = last(scene).body.splitlines()[0]
    assert "test, instance=h1, and 9 more alerts · " in first
    assert first.endswith("P1 Critical, 7 customers affected")
    first = last(scene).body_pt.splitlines()[0]
    assert "test, instance=h1, e mais 9 alertas · " in first
    assert first.endswith("P1 Crítico, 7 clientes afetados")


def test_a_call_says_what_where_since_when_for_whom_and_how_to_acknowledge(scene: Scene) -> None:
    incident = scene.receive(replace(disk_alert(), title="Disk [full] <b>"))
    history, composer = scene.router.timeline(incident.id), scene.router.routing.composer
    told = Recipient(NotifyStep.FIRST, "operations:ana")
    message = composer.message(incident, TransitionKind.OPENED, told, SHIPPED_POLICY, PEOPLE, history)
    assert message.call == (
        "Mirante calls Ana Souza. P1: Disk full b . new incident. Where: test, instance db2, namespace shop. "
        "Since 10:00 UTC minus 03. To acknowledge, open the link in your text message."
    )
    assert message.call_pt.startswith("Mirante chama Ana Souza. P1: Disk full b . novo incidente. Onde: test")
    assert message.call_pt.endswith("Para assumir, abra o link na sua mensagem de texto.")


def test_one_person_reads_the_own_time_and_language(scene: Scene) -> None:
    incident = scene.receive(disk_alert())
    history, composer = scene.router.timeline(incident.id), scene.router.routing.composer
    told, policy = Recipient(NotifyStep.FIRST, "operations:ana"), SHIPPED_POLICY
    reader = Person("ana", "Ana Souza", time_zone="Asia/Tokyo", language="pt")
    message = composer.message(incident, TransitionKind.OPENED, told, policy, PEOPLE, history, reader)
    assert message.language == "pt"
    assert "since 22:00 JST" in message.short
    assert "22:00 (13:00 UTC)" in message.body.splitlines()[0]
