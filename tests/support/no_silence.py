"""Judges whether anybody was told: what Alertmanager says is active, against the last message about it.

The messages are those that reached the receiver, read from its own file; the router is asked nothing.
"""

from __future__ import annotations

import json
import math
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from app.bootstrap.paths import DataPaths
from foundation.workspace import SHIPPED
from tests.support.alerting_chain import AlertingChain
from tests.support.patience import wait_until
from tests.support.processes import Role, Started

POLL = 0.5  # seconds
STEADY = 5  # series


def alarm_policy(folder: Path) -> Path:
    """The shipped policy, with an incident for each series, and without the bounds on noise that hold a
    page back (storm, flapping); a P1 has no first wait."""
    text = (SHIPPED.alarms / "policy.yaml").read_text(encoding="utf-8")
    for before, after in (
        ("group_by: [alertname, component, namespace, job, cluster]", "group_by: [alertname, n]"),
        ("flapping: {changes: 3,", "flapping: {changes: 1000,"),
        ("storm: {incidents: 20, overall: 60,", "storm: {incidents: 1000, overall: 1000,"),
    ):
        assert before in text
        text = text.replace(before, after)
    folder.mkdir()
    (folder / "policy.yaml").write_text(text, encoding="utf-8")
    return folder


@dataclass(frozen=True)
class Word:
    """That it fires, or that it is over; ``at`` is when that was told, in seconds since 1970."""

    fires: bool
    at: float


class LastWord:
    """What the receiver was told last of each series: that it fires, or that it is over."""

    def __init__(self, data: Path) -> None:
        self._paths = DataPaths(data)

    def last(self) -> dict[str, Word]:
        """By series; one of which nothing was told is not there."""
        query = "SELECT incident_id, step, delivered_at FROM messages ORDER BY sequence"
        told = {
            incident: Word(step != "resolved", datetime.fromisoformat(at).timestamp())
            for incident, step, at in _rows(self._paths.notifications, query)
        }
        records = [json.loads(body) for (body,) in _rows(self._paths.router, "SELECT body FROM alerts")]
        return {
            record["labels"]["n"]: told[record["incident_id"]]
            for record in records
            if "n" in record["labels"] and record["incident_id"] in told
        }

    def fires(self) -> dict[str, bool]:
        return {one: word.fires for one, word in self.last().items()}

    def messages(self) -> int:
        return len(_rows(self._paths.notifications, "SELECT 1 FROM messages"))

    def resolved_by(self) -> dict[str, int]:
        bodies = [json.loads(body) for (body,) in _rows(self._paths.router, "SELECT body FROM incidents")]
        found: dict[str, int] = {}
        for body in bodies:
            who = body.get("resolved_by") or "open"
            found[who] = found.get(who, 0) + 1
        return found


def _rows(path: Path, query: str) -> list[tuple[str, ...]]:
    """While others write; nothing of a file that is not there yet."""
    if not path.exists():
        return []
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as connection:
        try:
            return connection.execute(query).fetchall()
        except sqlite3.OperationalError:
            return []


@dataclass
class NoSilence:
    """``within`` is how long Alertmanager may say, and the router be there, before somebody has to know."""

    chain: AlertingChain
    router: Role
    within: float
    silent: list[str] = field(default_factory=list)
    judged: int = 0
    longest: float = 0.0  # until somebody was told, in seconds of both being there

    def __post_init__(self) -> None:
        self.word = LastWord(self.router.data_dir)
        self._up_since: float | None = None
        self._active: dict[str, float] = {}
        self._settled: set[str] = set()

    def look(self, now: float) -> None:
        """Once: whoever has been active for so long has to be known. ``now`` in seconds since 1970."""
        active = self.chain.active()
        up = self._is_router_up()
        self._up_since = (self._up_since or now) if up else None
        if active is None:
            self._active.clear()  # it says nothing
            return
        for gone in self._active.keys() - active:
            del self._active[gone]
            self._settled.discard(gone)
        for one in active:
            self._active.setdefault(one, now)
        if self._up_since is None:
            return
        words = self.word.last()
        for one, since in self._active.items():
            word = words.get(one, Word(False, 0.0))
            # An end that was told in between was Alertmanager's own word, or else time runs from there.
            lasted = now - max(since, self._up_since, 0.0 if word.fires else word.at)
            if word.fires:
                if one not in self._settled:
                    self.longest = max(self.longest, min(lasted, word.at - max(since, self._up_since)))
                    self._settled.add(one)
                self.judged += lasted >= self.within
            elif lasted >= self.within:
                self.silent.append(f"{one} has been active for {lasted:.0f} s, and nobody knows")

    def _is_router_up(self) -> bool:
        process = self.router.process
        return process is not None and process.poll() is None and _answers(self.router.url)

    @contextmanager
    def judging(self) -> Iterator[None]:
        """In a thread of its own."""
        over = threading.Event()
        failed: list[BaseException] = []

        def judge() -> None:
            try:
                while not over.wait(POLL):
                    self.look(time.time())
            except BaseException as error:  # noqa: BLE001 - raised where the test is
                failed.append(error)

        thread = threading.Thread(target=judge, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
        assert failed == []


def _answers(url: str) -> bool:
    import httpx

    try:
        return httpx.get(f"{url}/healthz", timeout=2, trust_env=False).is_success
    except httpx.HTTPError:
        return False


@dataclass(frozen=True)
class Gap:
    """Something is away for a while."""

    name: str
    begin: Callable[[], None]
    end: Callable[[], None]


def gaps(chain: AlertingChain, router: Role) -> Mapping[str, Gap]:
    """In every direction: a process killed, or a way between two refused."""

    def killed(name: str, process: Started, ready: Callable[[], object]) -> Gap:
        def end() -> None:
            process.launch()
            wait_until(ready, 90, f"{name} is back")

        return Gap(name, process.kill, end)

    found = (
        killed("prometheus", chain.prometheus, chain.prometheus_ready),
        killed("alertmanager", chain.manager, chain.manager_ready),
        killed("router", router, router.is_ready),
        Gap("to the router", chain.to_hook.cut, chain.to_hook.open),
        Gap("to alertmanager", chain.to_manager.cut, chain.to_manager.open),
    )
    return {gap.name: gap for gap in found}


class Chaos:
    """One gap after the other, each of ``least`` to ``most`` seconds, in a thread of its own: every direction
    in turn, in any order, until ``seconds`` are over and each has had its turn."""

    def __init__(self, away: Mapping[str, Gap], least: float, most: float, seed: int) -> None:
        self._away, self._least, self._most = away, least, most
        self._chance = random.Random(seed)
        self.gaps: list[str] = []

    def run(self, seconds: float) -> None:
        began = time.monotonic()
        while not self.gaps or time.monotonic() - began < seconds:
            for name in self._chance.sample(sorted(self._away), len(self._away)):
                time.sleep(self._chance.uniform(self._least, self._most) / 2)
                self._away[name].begin()
                time.sleep(self._chance.uniform(self._least, self._most))
                self._away[name].end()
                self.gaps.append(name)

    @contextmanager
    def running(self, seconds: float) -> Iterator[threading.Thread]:
        failed: list[BaseException] = []

        def run() -> None:
            try:
                self.run(seconds)
            except BaseException as error:  # noqa: BLE001 - raised where the test is
                failed.append(error)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield thread
        thread.join()
        assert failed == []


class Schedules:
    """Each series is quiet for ``least`` to ``most`` seconds and fires for up to three times as long, by its
    own chance; the first few fire all the time."""

    def __init__(self, chain: AlertingChain, series: int, least: float, most: float, seed: int) -> None:
        self._chain, self._least, self._most = chain, least, most
        self._chance = random.Random(seed)
        self._next = {f"{number:02}": self._chance.uniform(0, least) for number in range(series)}
        chain.page.values = dict.fromkeys(self._next, 0)
        self.changes = 0

    def step(self, elapsed: float) -> None:
        for one, at in self._next.items():
            if elapsed >= at:
                fires = self._chain.page.values[one] = 1 - self._chain.page.values[one]
                self._next[one] = elapsed + self._lasting(one, fires)
                self.changes += 1

    def _lasting(self, one: str, fires: int) -> float:
        if fires and int(one) < STEADY:
            return math.inf
        return self._chance.uniform(self._least, self._most * (3 if fires else 1))

    def all(self, value: int) -> None:
        self._chain.page.values = dict.fromkeys(self._next, value)
