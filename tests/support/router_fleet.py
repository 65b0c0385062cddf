"""Several routers on one database, judged as one is."""

from __future__ import annotations

import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dataplatform.local.server import free_port
from tests.support.hooks import alert, alertmanager
from tests.support.patience import patience
from tests.support.router_judge import HEADERS, Judge

LEASE = 4.0  # seconds; longer than a router waits for SNS


class Fleet(Judge):
    """``members`` go by the port each has, and keeps when it is started again. All go by the system's clock,
    and their leases by that of the database."""

    def __init__(self, folder: Path, database: str, size: int) -> None:
        super().__init__(folder, database=database)
        self.members: dict[int, subprocess.Popen[bytes]] = {}
        for _ in range(size):
            self.add()

    def time_and_store(self) -> list[str]:
        return ["--clock", "system", "--store", self.database]

    def add(self) -> int:
        self.port = free_port()
        self._start_member()
        return self.port

    def restart_if_dead(self) -> None:
        asked = self.port
        for port, process in list(self.members.items()):
            if process.poll() is not None:
                assert process.returncode == -signal.SIGKILL
                self.port = port
                self._start_member()
        self.port = asked

    def all_up(self) -> None:
        for port in self.members:
            self.port = port
            self.wait_until_up()

    def order_at(self, port: int, name: str) -> None:
        """An alert that fires now, for one member to take, without waiting until it has."""
        self.port = port
        self.promise(name, severity="P3", component=name.lower())

    def answers(self, name: str) -> list[int]:
        """What each member answers to an alert, sent to all of them once."""
        body = alertmanager(alert(name, severity="P3", component=name.lower()))

        def status(port: int) -> int:
            address = f"http://127.0.0.1:{port}/hooks/alertmanager"
            return self.client.post(address, json=body, headers=HEADERS, timeout=patience(60)).status_code

        with ThreadPoolExecutor(len(self.members)) as pool:
            return list(pool.map(status, self.members))

    def all_accepted(self) -> bool:
        self.restart_if_dead()
        return len(self.accepted_orders()) == self._orders

    def all_paged(self) -> bool:
        """Everything that was accepted is an incident, and the first page of each has arrived."""
        self.restart_if_dead()
        paged = {message["incident"] for message in self.arrived() if message["step"] == "first"}
        incidents = self.incidents()
        return {i["title"] for i in incidents} == self.expected and {i["id"] for i in incidents} <= paged

    def _start_member(self) -> None:
        self.members[self.port] = self.start(lease=LEASE)
