"""The decision server's own system calls: what a 2xx promises is on the disk before the 2xx leaves.

``kill -9`` alone shows little, because the page cache survives it.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from dataplatform.profiles.embedded import open_embedded
from foundation.clock import SystemClock
from tests.support.live_credit import LiveCredit
from tests.support.open_platform import database_of
from tests.support.processes import Role

DECISIONS = 10
TRACED = "fsync,fdatasync,recvfrom,read,sendto,sendmsg,write,writev"
LINE = re.compile(r"(?P<pid>\d+)\s+(?P<call>.*)")
CALL = re.compile(r"(?P<name>\w+)\(\d+<(?P<file>[^>]+)>(?P<rest>.*)")
RESUMED = re.compile(r"<\.\.\. (?P<name>\w+) resumed>(?P<rest>.*)")


@dataclass(frozen=True)
class Call:
    """A system call. ``began`` and ``ended`` are lines of the trace; ``text`` is what strace shows of it."""

    name: str
    file: str
    text: str
    began: int
    ended: int

    @property
    def is_sync(self) -> bool:
        return self.name in {"fsync", "fdatasync"} and self.text.rstrip().endswith("= 0")


def calls_of(trace: list[str]) -> Iterator[Call]:
    """Calls in order of their end; one that another thread interrupted in the trace is put together."""
    open_calls: dict[str, tuple[re.Match[str], int]] = {}
    for number, line in enumerate(trace):
        found = LINE.match(line)
        if found is None:
            continue
        pid, text = found["pid"], found["call"]
        if (call := CALL.match(text)) is not None:
            if text.endswith("<unfinished ...>"):
                open_calls[pid] = (call, number)
            else:
                yield Call(call["name"], Path(call["file"]).name, call["rest"], number, number)
        elif (resumed := RESUMED.match(text)) is not None and pid in open_calls:
            call, began = open_calls.pop(pid)
            yield Call(call["name"], Path(call["file"]).name, call["rest"] + resumed["rest"], began, number)


def traced_server(folder: Path, log: Path) -> Role:
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed, so the order of system calls cannot be seen")
    probe = subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, text=True, check=False)
    if probe.returncode != 0:
        pytest.skip(f"this machine does not let a process be traced: {probe.stderr.strip()}")
    command = ("strace", "-f", "-y", "-s", "48", "-e", f"trace={TRACED}", "-e", "signal=none", "-o", str(log))
    return Role("data", folder / "data", wrapper=command)


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> list[Call]:
    """Everything a server did while it took a customer in and then decided, one request after the other."""
    folder = tmp_path_factory.mktemp("traced")
    log = folder / "trace.txt"
    with traced_server(folder, log) as server:
        credit = LiveCredit(server.url, server.data_dir)
        credit.ingest_customers(1)
        for number in range(DECISIONS):
            assert credit.ask(f"traced-{number}").status_code == 201
        assert server.running.stdin is not None
        server.running.stdin.close()  # the server ends by itself, and strace after it, its log complete
        assert server.wait() == 0
    return list(calls_of(log.read_text("utf-8", "replace").splitlines()))


def unsynced(trace: list[Call], request: str, status: int, needed: set[str]) -> list[set[str]]:
    """For each answer of ``status``: which of ``needed`` was not synced between its request and itself."""
    arrived = 0
    missing = []
    for call in trace:
        if call.name in {"recvfrom", "read"} and f'"{request} ' in call.text:
            arrived = call.ended
        elif call.name in {"sendto", "sendmsg", "write", "writev"} and f'"HTTP/1.1 {status}' in call.text:
            synced = {
                done.file
                for done in trace
                if done.is_sync and arrived < done.began and done.ended < call.began
            }
            missing.append(needed - synced)
    return missing


def test_the_log_and_the_anchor_are_synced_between_each_request_and_its_201(trace: list[Call]) -> None:
    missing = unsynced(trace, "POST /v1/decisions", 201, {"relational.sqlite-wal", "audit.jsonl"})
    assert missing == [set()] * DECISIONS


def test_records_are_synced_on_the_stream_before_their_202(trace: list[Call]) -> None:
    assert unsynced(trace, "POST /v1/records", 202, {"stream.sqlite-wal"}) == [set()]


def test_a_sync_that_ends_after_the_answer_is_seen_as_missing() -> None:
    lines = [
        '7 recvfrom(9<socket:[1]>, "POST /v1/decisions HTTP/1.1"..., 65536, 0, NULL, NULL) = 300',
        "8 fdatasync(4</d/relational.sqlite-wal>) = 0",
        "8 fdatasync(5</d/audit.jsonl> <unfinished ...>",
        '7 sendto(9<socket:[1]>, "HTTP/1.1 201 Created"..., 900, 0, NULL, 0) = 900',
        "8 <... fdatasync resumed>) = 0",
    ]
    needed = {"relational.sqlite-wal", "audit.jsonl"}
    assert unsynced(list(calls_of(lines)), "POST /v1/decisions", 201, needed) == [{"audit.jsonl"}]
    in_time = list(calls_of([*lines[:3], lines[4], lines[3]]))
    assert unsynced(in_time, "POST /v1/decisions", 201, needed) == [set()]


async def test_the_writer_of_the_relational_store_waits_for_the_disk_at_each_commit(tmp_path: Path) -> None:
    platform = open_embedded(tmp_path / "data", SystemClock())
    try:
        relational = database_of(platform, "relational")
        levels = await relational.write(
            lambda connection: connection.execute("PRAGMA synchronous").fetchone()
        )
        journal = await relational.write(
            lambda connection: connection.execute("PRAGMA journal_mode").fetchone()
        )
    finally:
        await platform.close()
    assert (levels, journal) == ((2,), ("wal",))  # 2 is FULL
