"""What one more incident costs while 100 to 50,000 are open: the processor's time, and with the disk's.

Drawn in ``build/bench/router_open.svg``. Half of the open ones are of components of the catalogue, whose
dependencies are looked through for each; the new ones are of one of them, and of none. The sizes take turns,
each with a store of its own. The peer is the same incident at 100 open.
"""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
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
Costs = Mapping[tuple[int, str], float]
TOGETHER = 500  # alerts in one transaction, where their cost is not what is measured


@dataclass
class Site:
    """A router over a store of its own, to which alerts come that have nothing to do with each other."""

    path: Path
    numbers: Iterator[int]

    def __post_init__(self) -> None:
        clock, catalogue, policy = SystemClock(), load_catalogue(), load_policy()
        calm = replace(policy, storm=replace(policy.storm, incidents=10**9, overall=10**9))
        self.components = [component.id for component in catalogue.components]
        self.store = SqliteRouterStore(self.path)
        topology = Topology(catalogue.components)
        self.router = Router(self.store, calm, clock, SortableIds(clock), topology=topology)

    def alert(self, kind: str) -> Alert:
        number = next(self.numbers)
        known = self.components[number // 2 % len(self.components)]
        return Alert(
            alert_key=f"key-{number}",
            source="alertmanager",
            environment="bench",
            name=f"Rule{number}",
            state=AlertState.FIRING,
            starts_at=datetime.now(UTC) - timedelta(minutes=1),
            summary="a node is gone",
            labels={"instance": f"host-{number}"},
            component=known if kind == KINDS[0] else f"node-{number}",
            severity=Severity.P3,
        )

    def fill(self, size: int) -> None:
        while (missing := size - sum(self.store.count_incidents().values())) > 0:
            kinds = itertools.islice(itertools.cycle(KINDS), min(missing, TOGETHER))
            self.router.receive_all([self.alert(kind) for kind in kinds])

    def cost(self, kind: str) -> tuple[float, float]:
        """Milliseconds of the processor's time, and in all, of one new incident."""
        made = self.alert(kind)
        cpu, whole = time.thread_time(), time.perf_counter()
        self.router.receive(made)
        return 1000 * (time.thread_time() - cpu), 1000 * (time.perf_counter() - whole)

    def listed(self) -> float:
        """Milliseconds to the first page of the list."""
        began = time.perf_counter()
        self.router.open_page(100)
        return 1000 * (time.perf_counter() - began)


def run() -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        sites = filled(Path(folder))
        for site in sites.values():
            stack.callback(site.store.close)
        costs: dict[tuple[int, str], list[tuple[float, float]]] = defaultdict(list)
        for _, size, kind in itertools.product(range(ROUNDS), SIZES, KINDS):
            costs[size, kind] += [sites[size].cost(kind) for _ in range(EACH)]
        lists = {size: median(site.listed() for _ in range(ROUNDS)) for size, site in sites.items()}
    cpu = {place: median(cost for cost, _ in found) for place, found in costs.items()}
    whole = {place: median(cost for _, cost in found) for place, found in costs.items()}
    DRAWN.write_text(drawn(cpu), encoding="utf-8")
    return {
        "open": SIZES,
        "rounds": ROUNDS,
        "milliseconds_of_processor_per_new_incident": by_kind(cpu),
        "milliseconds_per_new_incident": by_kind(whole),
        "ratio_of_the_most_to_the_fewest": {
            what: {kind: found[SIZES[-1], kind] / found[SIZES[0], kind] for kind in KINDS}
            for what, found in (("processor", cpu), ("whole", whole))
        },
        "goal": "no more than twice as much at 50,000 open as at 100; a list in less than 200 ms",
        "milliseconds_to_list_the_worst_100": lists,
        "drawn": str(DRAWN),
        "load_average": os.getloadavg()[0],
    }


def filled(folder: Path) -> dict[int, Site]:
    """A store of each size: the larger goes on from a copy of the smaller."""
    numbers, sites = itertools.count(), {}
    before: Path | None = None
    for size in SIZES:
        path = folder / f"{size}.sqlite"
        if before is not None:
            shutil.copy(before, path)
        site = Site(path, numbers)
        site.fill(size)
        site.store.close()  # all of it in one file
        sites[size] = before = path
    return {size: Site(path, numbers) for size, path in sites.items()}


def by_kind(found: Costs) -> dict[str, dict[int, float]]:
    return {kind: {size: round(found[size, kind], 3) for size in SIZES} for kind in KINDS}


def drawn(cpu: Costs) -> str:
    """A column a size and kind, from nought, with its number: flat is what is hoped for."""
    width, height, foot = 720.0, 320.0, 60.0
    tallest = max(cpu.values())
    picture = Drawing(width, height, "Cost of one more incident", "Processor time, by how many are open")
    room = (width - 40) / len(SIZES)
    for place, size in enumerate(SIZES):
        left = 30 + place * room
        for number, kind in enumerate(KINDS):
            value = cpu[size, kind]
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
