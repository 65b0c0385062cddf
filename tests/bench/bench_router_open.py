"""What one more incident costs while 100 to 50,000 are open: the processor's time, and with the disk's.

Drawn in ``build/bench/router_open.svg``. Half of the open ones are of components of the catalogue, whose
dependencies are looked through for each; the new ones are measured in turn of one of them, and of none. The
peer is the same incident at 100 open.
"""

from __future__ import annotations

import itertools
import os
import tempfile
import time
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from statistics import median

from alarms.model.alert import Alert, AlertState
from alarms.model.ids import SortableIds
from alarms.model.severity import Severity
from alarms.policy.policy_file import load_policy
from alarms.router.router import Router
from alarms.router.topology import Topology
from alarms.stores.sqlite import SqliteRouterStore
from app.console.drawing import Drawing
from foundation.clock import SystemClock
from slo.loaders.catalogue_files import load_catalogue

SIZES = [int(size) for size in os.environ.get("MIRANTE_BENCH_OPEN", "100,1000,10000,50000").split(",")]
ROUNDS, EACH = 5, 20
KINDS = ("of the catalogue", "of nothing known")
DRAWN = Path("build/bench/router_open.svg")
TOGETHER = 500  # alerts in one transaction, where their cost is not what is measured


def run() -> dict[str, object]:
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(SqliteRouterStore(Path(folder) / "router.sqlite")) as store,
    ):
        measured = measure(store)
    smallest, largest = measured[SIZES[0]], measured[SIZES[-1]]
    DRAWN.write_text(drawn(measured), encoding="utf-8")
    return {
        "open": SIZES,
        "rounds": ROUNDS,
        "milliseconds_of_processor_per_new_incident": {n: by["cpu"] for n, by in measured.items()},
        "milliseconds_per_new_incident": {n: by["whole"] for n, by in measured.items()},
        "ratio_of_the_most_to_the_fewest": {
            what: {kind: largest[what][kind] / smallest[what][kind] for kind in KINDS}
            for what in ("cpu", "whole")
        },
        "goal": "no more than twice as much at 50,000 open as at 100",
        "list_of_100_at_the_most_milliseconds": largest["list"],
        "drawn": str(DRAWN),
        "load_average": os.getloadavg()[0],
    }


def measure(store: SqliteRouterStore) -> dict[int, dict[str, dict[str, float]]]:
    clock, catalogue, policy = SystemClock(), load_catalogue(), load_policy()
    calm = replace(policy, storm=replace(policy.storm, incidents=10**9, overall=10**9))
    router = Router(store, calm, clock, SortableIds(clock), topology=Topology(catalogue.components))
    components = [component.id for component in catalogue.components]
    numbers = itertools.count()
    found: dict[int, dict[str, dict[str, float]]] = {}

    def alert(kind: str) -> Alert:
        number = next(numbers)
        component = components[number % len(components)] if kind == KINDS[0] else f"node-{number}"
        return Alert(
            alert_key=f"key-{number}",
            source="alertmanager",
            environment="bench",
            name=f"Rule{number}",
            state=AlertState.FIRING,
            starts_at=clock.now() - timedelta(minutes=1),
            summary="a node is gone",
            labels={"instance": f"host-{number}"},
            component=component,
            severity=Severity.P3,
        )

    for size in SIZES:
        while (missing := size - sum(store.count_incidents().values())) > 0:
            router.receive_all([alert(KINDS[n % 2]) for n in range(min(missing, TOGETHER))])
        spent: dict[str, dict[str, list[float]]] = {what: {k: [] for k in KINDS} for what in ("cpu", "whole")}
        for _, kind, _ in itertools.product(range(ROUNDS), KINDS, range(EACH)):
            made = alert(kind)
            cpu, whole = time.thread_time(), time.perf_counter()
            router.receive(made)
            spent["whole"][kind].append(time.perf_counter() - whole)
            spent["cpu"][kind].append(time.thread_time() - cpu)
        found[size] = {
            what: {kind: round(1000 * median(each), 3) for kind, each in by_kind.items()}
            for what, by_kind in spent.items()
        }
        found[size]["list"] = {"open_page": round(1000 * median(listed(router) for _ in range(ROUNDS)), 1)}
    return found


def listed(router: Router) -> float:
    began = time.perf_counter()
    router.open_page(100)
    return time.perf_counter() - began


def drawn(measured: dict[int, dict[str, dict[str, float]]]) -> str:
    """A column a size and kind, from nought, with its number: flat is what is hoped for."""
    width, height, foot = 720.0, 320.0, 60.0
    tallest = max(value for by in measured.values() for value in by["cpu"].values())
    picture = Drawing(
        width, height, "Cost of one more incident", "Milliseconds of processor time by open ones"
    )
    room = (width - 40) / len(measured)
    for place, (size, by) in enumerate(measured.items()):
        left = 30 + place * room
        for number, kind in enumerate(KINDS):
            value = by["cpu"][kind]
            tall = (height - foot - 40) * value / tallest
            x = left + number * room / 2.5
            picture.rect(x, height - foot - tall, room / 3, tall, f"kind-{number}", tip=kind, value=value)
            picture.text(x + room / 6, height - foot - tall - 6, f"{value:.2f} ms", anchor="middle")
        picture.text(left + room / 2.7, height - foot + 20, f"{size:,} open", anchor="middle")
    for number, kind in enumerate(KINDS):
        picture.rect(30 + number * 220, height - 24, 12, 12, f"kind-{number}")
        picture.text(48 + number * 220, height - 14, f"new incident {kind}")
    style = "<style>text{font:12px sans-serif}.kind-0{fill:#1f6f8b}.kind-1{fill:#e0a458}</style>"
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}"'
    return str(picture.markup()).replace("<svg", opening, 1).replace("<title>", f"{style}<title>", 1) + "\n"
