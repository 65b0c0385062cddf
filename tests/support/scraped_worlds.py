"""Random fleets under random traffic, as a Prometheus would have scraped them, and the truth beside.

Every trial is a job of its own, so that hundreds of them live in one server and are read one by one. Each
shape is a way in which series and processes are told apart, or are not.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from slo.ledger.samples import MAX_GAP, closing_minute
from slo.model.spec import Slo
from tests.support.chance import poisson
from tests.support.prometheus_server import promtool
from tests.support.slo_samples import an_slo, counted

OK, ERROR = "ok", "error"


@dataclass(frozen=True, slots=True)
class Shape:
    """``told``: the target says that it is up; ``started``: and since when its process runs."""

    name: str
    told: bool = True
    started: bool = True
    shared: bool = False  # one job and instance for all processes, told apart by ``pod`` alone
    pushed: bool = False  # a Pushgateway: the last value stays until the next push
    behind: bool = False  # one exporter holds the counters of all, and forgets idle ones
    staggered: bool = False
    churning: bool = False  # a restart is another pod
    grouped: bool = False
    unborn: bool = False  # error series appear with their first event
    gaps: float = 0.0  # share of scrapes that fail, one by one and in stretches


SHAPES = (
    Shape("plain"),
    Shape("born at 1", unborn=True),
    Shape("grouped", grouped=True, unborn=True),
    Shape("gaps", gaps=0.03),
    Shape("no start times", started=False, unborn=True),
    Shape("lone series", told=False, started=False, gaps=0.01),
    Shape("collisions", told=False, started=False, shared=True),
    Shape("collisions, staggered", told=False, started=False, shared=True, staggered=True, gaps=0.01),
    Shape("pod only", shared=True, staggered=True, unborn=True),
    Shape("new pods", shared=True, churning=True, unborn=True),
    Shape("pushgateway", told=False, started=False, shared=True, pushed=True),
    Shape("aggregating exporter", shared=True, behind=True),
)


@dataclass
class Process:
    """One application process over its restarts; ``counts`` by outcome, of the present boot."""

    labels: dict[str, str]
    target: dict[str, str]
    offset: float
    started: float
    counts: dict[str, int | None]
    shown: dict[str, int | None] = field(default_factory=dict)
    pushes_every: int = 1
    idle: int = 0
    unseen: list[tuple[float, dict[str, int]]] = field(default_factory=list)
    seen: float = 0.0


@dataclass
class Trial:
    job: str
    shape: Shape
    start: datetime
    length: timedelta
    interval: float
    restarts: int = 0
    truth: dict[str, dict[datetime, dict[str, int]]] = field(default_factory=dict)  # group, minute, outcome
    series: int = 0
    unseen: dict[str, int] = field(default_factory=lambda: {OK: 0, ERROR: 0})  # see World._unseen

    @property
    def end(self) -> datetime:
        return self.start + self.length

    def true(self, group: str | None, low: datetime, high: datetime) -> dict[str, int]:
        found = {OK: 0, ERROR: 0}
        for name, minutes in self.truth.items():
            if group in (None, name):
                for minute, counts in minutes.items():
                    if low <= minute < high:
                        for outcome, count in counts.items():
                            found[outcome] += count
        return found


Lines = dict[str, list[str]]
WINDOW = 600.0  # seconds: what the recording rules add the period up from


class World:
    """Makes one trial: ``lines`` are OpenMetrics, by series."""

    def __init__(self, trial: Trial, seed: int) -> None:
        self.trial, self.shape, self.chance = trial, trial.shape, random.Random(seed)
        self.lines: Lines = {}
        self.last: dict[tuple[str, ...], tuple[float, int]] = {}
        self.base = self.chance.choice([0.02, 0.3, 5.0, 80.0])
        self.errors = self.chance.choice([0.001, 0.02, 0.2])
        whole = trial.length > timedelta(days=1)
        self.gaps = self.shape.gaps / (15 if whole else 1)
        self.restarts_a_day = self.chance.choice([0.3, 1.0, 4.0] if whole else [2.0, 12.0, 40.0])
        self.down = 0
        self.bursts = [self.chance.uniform(0, 86_400) for _ in range(3)]
        self.pods = 0
        self.gateway = trial.start.timestamp() - 90_000
        self.processes = [self._process(number) for number in range(self.chance.randint(1, 4))]

    def _process(self, number: int) -> Process:
        own = {"pod": self._pod()} if self.shape.shared else {}
        if self.shape.grouped:
            own["cluster"] = f"c{number % 2}"
        instance = "gateway:9091" if self.shape.shared else f"10.0.0.{number}:8080"
        target = {"job": self.trial.job, "instance": instance}
        if self.shape.shared and self.shape.told and not self.shape.behind:
            target = {"job": self.trial.job, "pod": own["pod"]}  # the label instance was dropped
        if self.shape.grouped:
            target["cluster"] = own["cluster"]
        high = self.chance.choice([0, 0, 40, 5_000_000])
        counts: dict[str, int | None] = {OK: high, ERROR: round(high * self.errors)}
        if self.shape.unborn and not high:
            counts[ERROR] = None
        offset = self.chance.uniform(0, self.trial.interval) if self.shape.staggered else 0.0
        began = self.trial.start.timestamp() - (86_000 + number if high else 1)
        made = Process({**target, **own}, target, offset, began, counts)
        if self.shape.pushed:
            made.pushes_every = self.chance.choice([1, 1, 2])
        made.shown = dict(counts)
        return made

    def _pod(self) -> str:
        self.pods += 1
        return f"{self.trial.job}-{self.pods}"

    def run(self) -> None:
        trial, begin = self.trial, self.trial.start.timestamp()
        ticks = round(trial.length.total_seconds() / trial.interval)
        for tick in range(ticks):
            failing = self._failing(tick in (0, ticks - 1))
            for process in self.processes:
                at = begin + tick * trial.interval + process.offset
                if tick:
                    self._live(process, at)
                if not (failing and not self.shape.behind):
                    self._scrape(process, at, tick)
                elif self.shape.told:
                    self._line("up", process.target, 0, at)
            if self.shape.behind:
                self._exporter(begin + tick * trial.interval)

    def _failing(self, edge: bool) -> bool:
        if edge or not self.gaps:
            self.down = 0
            return False
        if self.down:
            self.down -= 1
            return True
        if self.chance.random() < self.gaps:
            self.down = self.chance.choice([0, 0, 0, 1, 4, 25])
            return True
        return False

    def _rate(self, at: float) -> float:
        day = at % 86_400
        swing = 0.15 + math.sin(day / 86_400 * math.pi) ** 4
        burst = any(0 <= day - begin < 1_200 for begin in self.bursts)
        return self.base * swing * (6 if burst else 1)

    def _live(self, process: Process, at: float) -> None:
        """What happened since the last tick; a restart takes what nobody had seen with it, errors first."""
        interval = self.trial.interval
        events = poisson(self.chance, self._rate(at) * interval)
        outage = any(0 <= at % 86_400 - begin < 600 for begin in self.bursts)
        bad = min(events, poisson(self.chance, events * min(1.0, self.errors * (5 if outage else 1))))
        counts = {OK: events - bad, ERROR: bad}
        process.unseen.append((at, counts))
        if self.chance.random() < self.restarts_a_day * interval / 86_400:
            counts = self._restart(process, counts, at)
        for outcome, count in counts.items():
            before = process.counts[outcome]
            if before is not None or count:
                process.counts[outcome] = (before or 0) + count
        process.idle = 0 if counts[ERROR] else process.idle + 1

    def _restart(self, process: Process, counts: dict[str, int], at: float) -> dict[str, int]:
        self.trial.restarts += 1
        events = sum(counts.values())
        cut = self.chance.randint(0, events)
        lost_bad = min(counts[ERROR], cut)
        process.started = at - self.chance.uniform(0, 1) * self.trial.interval
        process.counts = {OK: 0, ERROR: None if self.shape.unborn else 0}
        if self.shape.churning:
            process.labels["pod"] = self._pod()
            process.target = {**process.target, "pod": process.labels["pod"]}
        return {OK: counts[OK] - (cut - lost_bad), ERROR: counts[ERROR] - lost_bad}

    def _seen(self, process: Process, at: float) -> None:
        """An event is of the minute that first saw it, and of its own if nobody looked for long."""
        group, zone = process.labels.get("cluster", ""), self.trial.start.tzinfo
        minutes = self.trial.truth.setdefault(group, {})
        for happened, counts in process.unseen:
            told = at if at - process.seen <= MAX_GAP.total_seconds() else happened
            minute = closing_minute(datetime.fromtimestamp(told, zone))
            kept = minutes.setdefault(minute, {OK: 0, ERROR: 0})
            for outcome, count in counts.items():
                kept[outcome] += count
        process.unseen, process.seen = [], at

    def _scrape(self, process: Process, at: float, tick: int) -> None:
        self._seen(process, at)
        if tick % process.pushes_every == 0:
            for outcome, count in process.counts.items():
                if count is not None:
                    process.shown[outcome] = count
                elif not self.shape.pushed:
                    process.shown[outcome] = None
        for outcome, count in process.shown.items():
            forgotten = self.shape.behind and outcome == ERROR and process.idle * self.trial.interval > 3_600
            if count is not None and not forgotten:
                self._unseen(process, outcome, count, at)
                self._line("requests_total", {**process.labels, "outcome": outcome}, count, at)
        if self.shape.told and not self.shape.behind:
            self._line("up", process.target, 1, at)
            if self.shape.started:
                self._line("process_start_time_seconds", process.target, round(process.started, 2), at)

    def _unseen(self, process: Process, outcome: str, count: int, at: float) -> None:
        """What a window of ten minutes cannot see: a first value, and what fell into a longer absence."""
        series = (outcome, *process.labels.values())
        before, value = self.last.get(series, (0.0, 0))
        if at - before > WINDOW and at - self.trial.start.timestamp() > self.trial.interval:
            self.trial.unseen[outcome] += count - value if value <= count else count
        self.last[series] = at, count

    def _exporter(self, at: float) -> None:
        target = self.processes[0].target
        self._line("up", target, 1, at)
        self._line("process_start_time_seconds", target, self.gateway, at)

    def _line(self, name: str, labels: Mapping[str, str], value: float, at: float) -> None:
        inside = ",".join(f'{key}="{text}"' for key, text in labels.items())
        series = f"{name}{{{inside}}}"
        self.lines.setdefault(series, []).append(f"{series} {value} {at:.3f}")


def trials(
    many: int, whole: int, span_start: datetime, span: timedelta, seed: int, emit: Callable[[str], object]
) -> Iterator[Trial]:
    """``many`` short ones (4 h of 60 s scrapes, or 1.5 h of 15 s) anywhere in the span, and ``whole`` that
    fill it, every tenth of them at 15 s. ``emit`` takes their lines."""
    chance = random.Random(seed)
    for number in range(many + whole):
        shape = SHAPES[number % len(SHAPES)]
        interval = 15.0 if chance.random() < 0.4 else 60.0
        length, start = timedelta(hours=4 if interval == 60 else 1.5), span_start
        if number >= many:
            interval, length = (15.0 if (number - many) % 10 == 9 else 60.0), span
        else:
            room = (span - length) // timedelta(minutes=1)
            start = span_start + timedelta(minutes=chance.randint(0, room))
        trial = Trial(f"t{number:04d}", shape, start, length, interval)
        world = World(trial, seed * 100_003 + number)
        world.run()
        trial.series = len(world.lines)
        for lines in world.lines.values():
            for line in lines:
                emit(line)
        yield trial


def blocks_of(
    folder: Path, many: int, whole: int, start: datetime, span: timedelta, seed: int
) -> tuple[list[Trial], Path]:
    """The trials, and a data directory of Prometheus that holds them."""
    source, data = folder / "samples.om", folder / "data"
    with source.open("w", encoding="utf-8") as file:
        made = list(trials(many, whole, start, span, seed, lambda line: file.write(line + "\n")))
        file.write("# EOF\n")
    blocks = ("tsdb", "create-blocks-from", "--max-block-duration=768h", "openmetrics", "-q")
    done = promtool(*blocks, str(source), str(data))
    assert done.returncode == 0, done.stderr
    source.unlink()
    return made, data


def slo_of(trial: Trial, grouped: bool = True) -> Slo:
    inside = f'job="{trial.job}"'
    by = " by (cluster) " if grouped and trial.shape.grouped else ""
    queries = counted(
        f'sum{by}(increase(requests_total{{{inside},outcome="{OK}"}}[{{{{.window}}}}]))',
        f"sum{by}(increase(requests_total{{{inside}}}[{{{{.window}}}}]))",
    )
    return an_slo(name=trial.job, indicator=queries)
