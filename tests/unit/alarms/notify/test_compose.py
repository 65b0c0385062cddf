"""What a page says: everything a person needs at three in the morning, in both languages."""

from __future__ import annotations

from datetime import timedelta

from alarms.notify.compose import Composer
from alarms.policy.runbook import load_runbooks
from alarms.router.router import Router
from tests.support.alerts import burn_alert
from tests.support.router import SHIPPED_POLICY, Scene, numbered_ids

MINUTE = timedelta(minutes=1)


def test_a_page_has_summary_arithmetic_budget_steps_links_and_what_was_tried_in_both_languages() -> None:
    scene = Scene()
    composer = Composer(load_runbooks(), "https://mirante.example")
    scene.router = Router(scene.store, SHIPPED_POLICY, scene.clock, numbered_ids(), composer=composer)
    incident = scene.receive(burn_alert())
    scene.router.note(incident.id, "ana", "restarted the writer")
    scene.pass_time(15 * MINUTE)
    first, backup = (sent.message for sent in scene.pager.sent)
    assert "Tried so far" not in first.body
    english = (
        "burning in page-fast",
        "Burn 400.00 over 1h (200 bad of 1000) and 400.00 over 5m (20 bad of 100); fires above 14.4 in both.",
        "Budget left 75.0%",
        "1. ",
        f"https://mirante.example/console/incidents/{incident.id}",
        "https://mirante.example/console/runbooks/credit-decision-availability",
        "noted (ana): restarted the writer",
        "acknowledgement missed (router)",
        "You are the backup. Please act now.",
        f"mirante alerts ack {incident.id}",
    )
    for part in english:
        assert part in backup.body, part
    assert first.subject.startswith("[P1] credit/decision-availability: ")
    assert first.subject_pt.startswith("[P1] credit/decision-availability: ")
    portuguese = (
        "Queima 400,00 em 1h (200 ruins de 1000) e 400,00 em 5m (20 ruins de 100)",
        "Orçamento de erro restante 75,0%",
        "1. ",
        "anotado (ana): restarted the writer",
        "ninguém assumiu no prazo (router)",
        "Você é o backup. Por favor, aja agora.",
    )
    for part in portuguese:
        assert part in backup.body_pt, part
    scene.close()
