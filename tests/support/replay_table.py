"""What each panel shows in each scenario, and what the rule engine says of the same: as a table for people.

``make replay`` prints it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from alarms.generate import indicator_rules
from dashboards.model import promql
from dashboards.model.board import Panel
from dashboards.model.errors import NotExpressible
from dashboards.model.palette import STATES, State
from dashboards.standard.slo_panels import light_query
from slo.model.spec import Objective, Slo
from slo.prometheus import rule_files
from tests.support.catalogues import ENVIRONMENT, shipped, shipped_boards, shipped_source, shipped_watched
from tests.support.replay import Answer, Scenario, run

Answers = Mapping[str, Answer]

BOARD_VARIABLES = {"environment": ENVIRONMENT, "__rate_interval": "5m"}
LATENCY, ERRORS = "credit/decision-latency", "credit/transaction-errors"
AVAILABLE, CONSISTENT = "credit/decision-availability", "credit/data-consistency"
WELL = dict.fromkeys((LATENCY, ERRORS, AVAILABLE, CONSISTENT), State.OK)

SCENARIOS = {
    "healthy": (Scenario("healthy"), WELL),
    "degraded": (Scenario("degraded", slow=120), WELL | {LATENCY: State.WARN}),
    "outage": (
        Scenario("outage", bad=540),
        WELL | {LATENCY: State.BAD, ERRORS: State.BAD, AVAILABLE: State.BAD},
    ),
    "exporter down": (Scenario("exporter down", silent=True), dict.fromkeys(WELL, State.NO_DATA)),
    "no traffic": (
        Scenario("no traffic", idle=True),
        dict.fromkeys(WELL, State.NO_TRAFFIC) | {AVAILABLE: State.OK},
    ),
}


def text_of(query: object) -> str:
    return promql.substitute(promql.render(query), BOARD_VARIABLES)


def queries(panel: Panel) -> list[str]:
    found = []
    for series in panel.series:
        try:
            found.append(text_of(series.query))
        except NotExpressible:
            continue
    return found


def light_text(slo: Slo, objective: Objective) -> str:
    return text_of(light_query(slo, objective))


def filled_in(light: str) -> str:
    """The lie that the gates refuse."""
    return f"({light}) or vector(0)"


def rule_documents() -> dict[str, Mapping[str, object]]:
    """Every generated rule file, by its name."""
    documents: dict[str, Mapping[str, object]] = dict(rule_files(shipped(), ENVIRONMENT))
    documents[indicator_rules.FILE_NAME] = indicator_rules.rule_file(shipped_watched(), ENVIRONMENT)
    return documents


def asked() -> list[str]:
    """Every query of every panel, the alerts, and each light honest and filled in."""
    found = [text for board in shipped_boards() for panel in board.panels() for text in queries(panel)]
    lights = [light_text(slo, objective) for slo, objective in shipped_source().objectives()]
    return list(dict.fromkeys([*found, "ALERTS", *lights, *(filled_in(light) for light in lights)]))


@cache
def answers(name: str) -> Answers:
    """From promtool, in virtual time."""
    scenario, _ = SCENARIOS[name]
    with TemporaryDirectory() as folder:
        return run(scenario, rule_documents(), asked(), Path(folder))


def table(answered: Answers) -> dict[tuple[str, str], str]:
    """(board, panel) to data, empty or error: a panel has data when one of its queries has."""
    found = {}
    for board in shipped_boards():
        for panel in board.panels():
            verdicts = [answered[text].verdict for text in queries(panel)]
            if verdicts:
                order = ("error", "data", "empty")
                found[(board.name, panel.id)] = min(verdicts, key=order.index)
    return found


def state_of_rules(answered: Answers, slo: Slo) -> State:
    """What the rule engine says: its firing alerts, the silent one first."""
    firing = [
        labels
        for labels, _ in answered["ALERTS"].samples
        if labels.get("alertstate") == "firing" and labels.get("slo") == slo.id
    ]
    if any(labels["objective"] == "no-data" for labels in firing):
        return State.NO_DATA
    severities = {labels["severity"] for labels in firing}
    return State.BAD if severities & {"P1", "P2"} else State.WARN if severities else State.OK


def state_of_light(answered: Answers, slo: Slo, objective: Objective) -> State:
    samples = answered[light_text(slo, objective)].samples
    if not samples:
        return State.NO_DATA
    (_, code) = samples[0]
    return next(style.state for style in STATES.values() if style.code == code)


def lines() -> Iterator[str]:
    """The table: a row a panel, a column a scenario, then the counts and each light beside its rules."""
    tables = {name: table(answers(name)) for name in SCENARIOS}
    yield _row("board", "panel", *SCENARIOS)
    for board, panel in tables["healthy"]:
        yield _row(board, panel, *(found[(board, panel)] for found in tables.values()))
    for verdict in ("data", "empty", "error"):
        yield _row("", verdict, *(str(Counter(found.values())[verdict]) for found in tables.values()))
    yield ""
    for slo, objective in shipped_source().objectives():
        shown = [
            f"{state_of_light(answers(name), slo, objective)} / {state_of_rules(answers(name), slo)}"
            for name in SCENARIOS
        ]
        yield _row("light / rules", slo.id, *shown)
    yield ""
    yield from (f"dead in healthy: {board} {panel}" for board, panel in dead_panels(tables["healthy"]))
    yield f"{len(dead_panels(tables['healthy']))} dead panels in healthy"


def dead_panels(found: Mapping[tuple[str, str], str]) -> list[tuple[str, str]]:
    """Panels without data that do not say that emptiness is their good state."""
    meant = {
        (board.name, panel.id): panel.empty_means for board in shipped_boards() for panel in board.panels()
    }
    return [where for where, verdict in found.items() if verdict == "empty" and meant[where] is None]


def _row(board: str, panel: str, *cells: str) -> str:
    return f"{board:32}{panel:58}" + "".join(f"{cell:24}" for cell in cells).rstrip()
