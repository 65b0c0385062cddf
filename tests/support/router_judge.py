"""Starts routers, and judges them by the journals of a process that sends and receives for itself.

The judging process (``alert_judge.py``) keeps every 2xx it was given and every message that reached a queue
subscribed to the router's SNS topics; what is here only gives orders, reads those journals and looks at the
router's API.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from alarms.notify.sns_topics import subscribe_team
from alarms.policy.policy_file import load_policy
from dataplatform.local.server import free_port
from foundation.clock import ScaledClock, clock_spec
from tests.support.alert_judge import Journal
from tests.support.aws_emulator import aws_client, aws_environment, shared_emulator
from tests.support.hooks import alert, alertmanager
from tests.support.patience import Deadline, patience, wait_until
from tests.support.router_process import MovedClock
from tests.support.sns_topics import ensure_topics

ROOT = Path(__file__).parents[2]
ROUTER = Path(__file__).with_name("router_process.py")
JUDGE = Path(__file__).with_name("alert_judge.py")
HEADERS = {"authorization": "Bearer secret-of-the-test"}
TEAMS = tuple(team.id for team in load_policy().teams)


class Judge:
    """``factor`` is how many times faster the routers' clock runs; ``at`` is what it says in the beginning.

    ``endpoint`` is where the routers find SNS: the emulator, unless a test puts something in between.
    ``data`` is where their store is, if it is not ``folder`` itself; ``database`` is its address elsewhere.
    """

    def __init__(
        self,
        folder: Path,
        factor: float = 1.0,
        *,
        at: datetime | None = None,
        data: Path | None = None,
        database: str = "",
    ) -> None:
        self.folder = folder
        self.database = database
        self.store = (data or folder) / "router.sqlite"
        self.port = free_port()
        self.endpoint = self.emulator = shared_emulator()
        origin = datetime.now(UTC)
        self.spec = clock_spec(factor, origin)
        self.clock = MovedClock(ScaledClock(factor, origin), folder / "moved")
        if at is not None:
            self.clock.set(at)
        self.environment = f"t-{uuid.uuid4().hex[:12]}"
        self.processes: list[subprocess.Popen[bytes]] = []
        self.expected: set[str] = set()
        self._more: Mapping[str, Path] = {}
        self.client = httpx.Client(timeout=patience(10.0), trust_env=False)
        self._orders = 0
        self._accepted = Journal(folder / "accepted.jsonl")
        self._arrived = Journal(folder / "arrived.jsonl")
        self._refused = Journal(folder / "refused.jsonl")
        self._sender = self._start_sender()

    # -- processes

    def start(
        self, crash: str | None = None, *, lease: float = 20.0, more: Mapping[str, Path] | None = None
    ) -> subprocess.Popen[bytes]:
        """``more`` are the files of a policy or of schedules, by option; as the last time, if not given."""
        self._more = self._more if more is None else more
        arguments = [sys.executable, str(ROUTER), "--data", str(self.store.parent), "--port", str(self.port)]
        arguments += ["--sns", self.environment, "--lease", str(lease), *self.time_and_store()]
        arguments += ["--crash", crash] if crash else []
        for option, path in self._more.items():
            arguments += [f"--{option}", str(path)]
        process = subprocess.Popen(arguments, cwd=ROOT, env=aws_environment(self.endpoint))
        self.processes.append(process)
        return process

    def time_and_store(self) -> list[str]:
        """The options that say which clock a router goes by, and where it keeps its incidents."""
        return ["--clock", self.spec, "--moved", str(self.clock.file), "--store", self.database]

    @property
    def process(self) -> subprocess.Popen[bytes]:
        return self.processes[-1]

    def restart_if_dead(self) -> None:
        """It may be killed; it may not fall."""
        if self.process.poll() is not None:
            assert self.process.returncode == -signal.SIGKILL
            self.start()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def wait_until_up(self) -> None:
        self.until(lambda: self._get("/v1/alerts") is not None, "the router answers")

    # -- alerts

    def send(self, name: str, **labels: str) -> None:
        """One alert that fires now, again and again until it is answered with 2xx."""
        self._wait_for(self.promise(name, **labels))

    def promise(self, name: str, **labels: str) -> int:
        """The same, without waiting for the answer: the number of the order."""
        self.expected.add(name)
        labelled = alert(name, starts=self.clock.now(), **labels)  # type: ignore[arg-type]
        return self._order(name, alertmanager(labelled), "/hooks/alertmanager")

    def post(self, name: str, body: Mapping[str, Any], path: str = "/hooks/alertmanager") -> None:
        """Whatever ``body`` is; the router is started again when it has died of it."""
        self._wait_for(self._order(name, body, path))

    def _wait_for(self, order: int) -> None:
        def accepted() -> bool:
            self.restart_if_dead()
            return order in self.accepted_orders()

        self.until(accepted, f"order {order} is accepted", 150)

    def _order(self, name: str, body: Mapping[str, Any], path: str) -> int:
        self._orders += 1
        order = {"number": self._orders, "name": name, "url": self.address(path), "body": body}
        assert self._sender.stdin is not None
        self._sender.stdin.write(json.dumps(order).encode() + b"\n")
        self._sender.stdin.flush()
        return self._orders

    def accepted_orders(self) -> set[int]:
        """The numbers of those that were answered with 2xx."""
        return {entry["number"] for entry in self._accepted.entries()}

    def arrived(self, queue: str | None = None) -> list[dict[str, Any]]:
        """Every message that reached the queue of a team (of any team), in order of arrival."""
        return [message for message in self._arrived.entries() if queue in (None, message["queue"])]

    def told(self, incident: str | None = None) -> list[tuple[str, str]]:
        """(target, step) of each dedup id, in order of first arrival."""
        seen: dict[str, tuple[str, str]] = {}
        for message in self.arrived():
            if incident in (None, message["incident"]):
                seen.setdefault(message["dedup_id"], (message["target"], message["step"]))
        return list(seen.values())

    def arrived_at(self, message: Mapping[str, Any]) -> datetime:
        """When it did, by the routers' clock."""
        return self.clock.now() - (datetime.now(UTC) - datetime.fromisoformat(message["wall"])) * self.factor

    @property
    def factor(self) -> float:
        assert isinstance(self.clock.inner, ScaledClock)
        return self.clock.inner.factor

    # -- the router's own view

    def act(self, incident: str, action: str) -> dict[str, Any]:
        """An action by a person, who tries again while the router is away."""
        deadline = Deadline(60)
        while not deadline.is_over():
            try:
                answer = self.client.post(self.address(f"/v1/alerts/{incident}/{action}"), headers=HEADERS)
                if answer.status_code != 503:
                    assert answer.is_success, answer.text
                    return dict(answer.json())
            except httpx.TransportError:
                self.restart_if_dead()
            time.sleep(0.05)
        raise AssertionError(f"{action} never succeeded")

    def incidents(self) -> list[dict[str, Any]]:
        self.wait_until_up()
        incidents: list[dict[str, Any]] = []
        cursor = ""
        while True:
            found = self._get(f"/v1/alerts?state=all&cursor={cursor}")
            assert found is not None
            incidents += found["alerts"]
            cursor = found["next"]
            if not cursor:
                return incidents

    def show(self, incident: str) -> dict[str, Any]:
        found = self._get(f"/v1/alerts/{incident}")
        assert found is not None
        return dict(found)

    def kinds(self, incident: str) -> list[str]:
        """What happened to it, in order."""
        return [entry["kind"] for entry in self.show(incident)["timeline"]]

    def until(self, condition: Callable[[], object], what: str, seconds: float = 60.0) -> None:
        def seen() -> object:
            assert self._sender.poll() is None, "the sender ended"
            assert self._refused.entries() == []
            return condition()

        wait_until(seen, seconds, what, pause=0.02)

    def verdict(self) -> None:
        """Nothing accepted was lost, no incident is there twice, and every repeated page is recognisable."""
        incidents = self.incidents()
        titles = Counter(incident["title"] for incident in incidents)
        assert set(titles) == self.expected
        assert set(titles.values()) <= {1}, titles
        outbox = [entry for incident in incidents for entry in self.show(incident["id"])["notifications"]]
        parts = ("incident_id", "transition", "step", "cycle", "target", "channel")
        pages = Counter(tuple(entry["notification"][part] for part in parts) for entry in outbox)
        assert set(pages.values()) <= {1}, pages
        firsts = Counter(which[0] for which in pages if which[2] == "first")
        cycles = {incident["id"]: incident["cycle"] for incident in incidents}
        assert all(firsts[identity] <= cycle for identity, cycle in cycles.items()), firsts
        self._everything_sent_has_arrived(outbox)

    def _everything_sent_has_arrived(self, outbox: list[dict[str, Any]]) -> None:
        """As often as it may have been, always the same, always in its team's queue, and nothing besides."""
        known = {entry["notification"]["dedup_id"]: entry["notification"] for entry in outbox}
        sent = {entry["notification"]["dedup_id"] for entry in outbox if entry["state"] == "sent"}
        self.until(
            lambda: sent <= {message["dedup_id"] for message in self.arrived()}, "what was sent has arrived"
        )
        bodies: dict[str, set[str]] = {}
        for message in self.arrived():
            notification = known[message["dedup_id"]]
            assert message["queue"] == notification["target"].partition(":")[0]
            assert (message["incident"], message["step"]) == (
                notification["incident_id"],
                notification["step"],
            )
            bodies.setdefault(message["dedup_id"], set()).add(message["body"])
        assert all(len(texts) == 1 for texts in bodies.values())

    def address(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def _get(self, path: str) -> Any:
        try:
            answer = self.client.get(self.address(path), headers=HEADERS)
        except httpx.TransportError:
            self.restart_if_dead()
            return None
        return answer.json() if answer.is_success else None

    def _start_sender(self) -> subprocess.Popen[bytes]:
        """The judging process, with a queue for each team."""
        sns, sqs = aws_client("sns", self.emulator), aws_client("sqs", self.emulator)
        topics = ensure_topics(sns, self.environment)
        arguments = [sys.executable, str(JUDGE), "--folder", str(self.folder)]
        for team in TEAMS:
            url = sqs.create_queue(QueueName=f"{self.environment}-{team}")["QueueUrl"]
            answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
            subscribe_team(sns, topics, team, answer["Attributes"]["QueueArn"])
            arguments += ["--queue", f"{team}={url}"]
        return subprocess.Popen(
            arguments, cwd=ROOT, env=aws_environment(self.emulator), stdin=subprocess.PIPE
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in (*self.processes, self._sender):
            if process.poll() is None:
                process.kill()
            process.communicate()
        self.client.close()
