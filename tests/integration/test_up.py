"""``mirante up``: two processes that share no fate, kept alive by a supervisor that ends cleanly."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.live_credit import LiveCredit
from tests.support.patience import patience, wait_until
from tests.support.processes import (
    MIRANTE,
    READY_WITHIN,
    Up,
    clean_environment,
    data_dir_and_ports,
    is_alive,
    is_free,
    run_mirante,
)


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with Up(tmp_path_factory.mktemp("up") / "data") as up:
        yield up


def test_a_killed_data_process_is_started_again_and_answers_while_the_control_side_stays_up(up: Up) -> None:
    credit = LiveCredit(up.api_url, up.data_dir)
    credit.ingest_customers(1)
    before = credit.ask("the-key")
    assert before.status_code == 201
    first = up.children()
    os.kill(first["data"], signal.SIGKILL)
    wait_until(lambda: up.children()["data"] != first["data"], READY_WITHIN, lambda: up.output[-2000:])
    assert "restart 1" in up.output
    wait_until(up.is_ready, READY_WITHIN, lambda: up.output[-2000:])

    again = credit.ask("the-key")
    assert again.status_code in {200, 201}
    assert again.json()["decision_id"] == before.json()["decision_id"]
    assert credit.ask("another-key").status_code == 201
    assert up.children()["control"] == first["control"]
    assert is_alive(first["control"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_both_children_in_order_and_frees_the_ports(
    tmp_path: Path, number: signal.Signals
) -> None:
    with Up(tmp_path / "data") as up:
        children = up.children()
        assert set(children) == {"data", "control"}
        up.interrupt() if number == signal.SIGINT else up.signal(number)
        assert up.wait() == 0
        assert not [role for role, pid in children.items() if is_alive(pid)]
        assert is_free(up.api_port)
        assert is_free(up.control_port)
        assert "Traceback" not in up.output
        assert up.output.count('"event":"process.stopped"') == 2


def test_the_children_end_when_their_supervisor_is_killed(tmp_path: Path) -> None:
    with Up(tmp_path / "data") as up:
        children = up.children()
        up.kill()
        for role, pid in children.items():
            wait_until(lambda pid=pid: not is_alive(pid), 60, f"{role} ended")  # type: ignore[misc]
        assert is_free(up.api_port)
        assert is_free(up.control_port)


def processes_on(data_dir: Path) -> list[int]:
    """Those that were started with this data folder and live."""
    setting = f"MIRANTE_DATA_DIR={data_dir}".encode()
    found = []
    for place in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if setting in place.read_bytes().split(b"\0"):
                found.append(int(place.parent.name))
    return [pid for pid in found if is_alive(pid)]


def test_no_child_is_left_when_nobody_reads_what_it_says(tmp_path: Path) -> None:
    """`mirante up | head -1`."""
    data_dir = tmp_path / "data"
    process = subprocess.Popen(
        [*MIRANTE, "up"],
        env=clean_environment(data_dir_and_ports(data_dir)),
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"Decision API")
        process.stdout.close()
        assert process.wait(patience(READY_WITHIN)) == 0
        wait_until(lambda: not processes_on(data_dir), READY_WITHIN, "all ended")
    finally:
        for pid in processes_on(data_dir):
            os.kill(pid, signal.SIGKILL)


def test_a_second_one_on_the_same_folder_says_which_process_holds_it(up: Up) -> None:
    second = run_mirante("serve", "data", settings=data_dir_and_ports(up.data_dir))
    assert second.returncode == 3
    assert f"process {up.children()['data']}" in second.stderr
    assert "Traceback" not in second.stderr
