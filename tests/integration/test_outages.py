"""Processes that end, at sixty times real speed: who notices, who is told, and who goes on regardless.

Every assertion is about minutes of the ledger; real seconds only bound the waiting.
"""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

import httpx

from alarms.model.incident import IncidentState
from alarms.model.severity import Severity
from app.bootstrap.paths import DataPaths
from app.console.sessions import SqliteSessions
from slo.judge.status import ObjectiveState
from tests.support.console_browser import text_of
from tests.support.live_credit import LiveCredit
from tests.support.outage import ControlFiles, accelerated
from tests.support.patience import patience, wait_until
from tests.support.processes import Role, running

SOON = 120.0  # real seconds
CALM_MINUTES = 3
BURNING = {ObjectiveState.BURNING, ObjectiveState.EXHAUSTED}


def data_and_control(folder: Path, settings: dict[str, str]) -> tuple[Role, Role]:
    data = Role("data", folder / "data", settings)
    return data, Role("control", folder / "data", {**settings, "MIRANTE_API_PORT": str(data.port)})


def wait_for_calm(control: ControlFiles) -> None:
    """Minutes in which every probe was answered, and none in which one was not."""
    start = control.clock.now()
    wait_until(lambda: control.since(start).good >= CALM_MINUTES, SOON, "quiet minutes in the ledger")
    assert control.since(start).bad == 0
    assert not control.burn_incidents()


def wait_for_the_page(control: ControlFiles, bad_minutes: int) -> None:
    """Of the outage that has just begun: the minutes are bad, the budget burns, somebody was told."""
    start = control.clock.now()
    wait_until(lambda: control.since(start).bad >= bad_minutes, SOON, "bad minutes in the ledger")
    assert control.since(start).good == 0
    assert control.since(start).error_bound is None
    wait_until(lambda: bool(control.pages(control.burn_incidents())), SOON, "a page")
    incident = control.burn_incidents()[0]
    assert (incident.severity, incident.state) == (Severity.P1, IncidentState.OPEN)
    message = control.pages([incident])[0].notification.message
    assert "14.4" in message.body
    assert "14,4" in message.body_pt
    assert control.fastest_tier().firing
    assert control.status().state in BURNING


def test_ten_minutes_without_the_api_burn_availability_though_no_request_was_counted(tmp_path: Path) -> None:
    settings = accelerated()
    data, control_side = data_and_control(tmp_path, settings)
    with running(data, control_side), ControlFiles(tmp_path / "data", settings) as control:
        credit = LiveCredit(data.url, data.data_dir)
        credit.ingest_customers(1)
        assert credit.ask("before").status_code == 201
        counted = control.counted_requests()
        assert counted == 1
        wait_for_calm(control)
        spent = control.status().budget.spent
        assert data.stop() == 0
        wait_for_the_page(control, bad_minutes=10)
        assert control.counted_requests() == counted
        assert control.status().budget.spent >= spent + 10


def test_an_api_killed_for_three_minutes_pages_while_the_control_side_stays_up_and_recovers(
    tmp_path: Path,
) -> None:
    settings = accelerated()
    data, control_side = data_and_control(tmp_path, settings)
    with running(data, control_side), ControlFiles(tmp_path / "data", settings) as control:
        credit = LiveCredit(data.url, data.data_dir)
        credit.ingest_customers(1)
        wait_for_calm(control)
        data.kill()
        wait_for_the_page(control, bad_minutes=3)
        assert control_side.is_ready()
        data.start()
        assert credit.ask("after").status_code == 201
        back = control.clock.now()
        wait_until(lambda: control.since(back).good >= 5, SOON, "good minutes again")
        wait_until(lambda: not control.fastest_tier().firing, SOON, "the fast burn to end")
        assert control.since(back).bad == 0
        assert "Traceback" not in control_side.output


def test_a_stopped_prober_leaves_no_data_which_is_grey_and_pages_and_a_dead_console_stops_no_decision(
    tmp_path: Path,
) -> None:
    settings = accelerated()
    data = Role("data", tmp_path / "data", settings)
    beside = {**settings, "MIRANTE_API_PORT": str(data.port)}
    prober, evaluator, router, console = (
        Role(name, tmp_path / "data", beside) for name in ("prober", "evaluator", "router", "console")
    )
    with (
        running(data, prober, evaluator, router, console),
        ControlFiles(tmp_path / "data", settings) as control,
    ):
        credit = LiveCredit(data.url, data.data_dir)
        credit.ingest_customers(1)
        wait_for_calm(control)
        silences = control.silence_incidents()
        assert not [item for item in silences if item.is_open]
        assert prober.stop() == 0
        wait_until(lambda: control.status().state is ObjectiveState.NO_DATA, SOON, "no data")
        wait_until(lambda: bool(control.pages(control.silence_incidents())), SOON, "a page about silence")
        assert control.silence_incidents()[0].severity is Severity.P1
        assert not control.burn_incidents(), "silence is not an outage: nothing burns"
        colour, words = availability_on(console)
        assert colour == "no-data"
        assert "No data" in words

        console.kill()
        assert [credit.ask(f"no-console-{number}").status_code for number in range(20)] == [201] * 20


def availability_on(console: Role) -> tuple[str, str]:
    """Colour class of availability's card on the console's first page, and what the card says."""
    with closing(SqliteSessions(DataPaths(console.data_dir).sessions)) as sessions:
        link = sessions.issue_link(console.url)
    with httpx.Client(follow_redirects=True, timeout=patience(30), trust_env=False) as browser:
        page = browser.get(link)
    assert page.status_code == 200
    cards = [card for card in page.text.split("<article ") if "Decision API available</a>" in card]
    edge = [found[1] for card in cards if (found := re.search(r"\bedge-([a-z-]+)", card))]
    assert len(cards) == len(edge) == 1
    return edge[0], text_of(cards[0])
