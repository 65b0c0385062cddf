from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from exporters.probes.disk_space import DiskSpace
from exporters.probes.event_loop_lag import EventLoopLag
from exporters.probes.open_files import OpenFiles
from exporters.probes.process_cpu import ProcessCpu
from exporters.probes.process_memory import ProcessMemory
from foundation.clock import ManualClock

START = datetime(2026, 1, 1, tzinfo=UTC)


def write_stat(process: Path, user_ticks: int, system_ticks: int) -> None:
    fields = ["S", "1", "1", "1", "0", "-1", "0", "0", "0", "0", "0", str(user_ticks), str(system_ticks), "0"]
    (process / "stat").write_text("42 (a (strange) name) " + " ".join(fields))


def test_cpu_needs_two_readings_and_then_counts_every_allowed_core(tmp_path: Path) -> None:
    clock = ManualClock(START)
    write_stat(tmp_path, 100, 50)
    probe = ProcessCpu("api", clock, cores=2, process=tmp_path, ticks_per_second=100)
    assert probe.measure() is None
    clock.advance(timedelta(seconds=10))
    write_stat(tmp_path, 900, 250)
    assert probe.measure() == pytest.approx((10.0) / 10 / 2)


def test_cpu_of_this_very_process_is_read_from_the_real_procfs() -> None:
    clock = ManualClock(START)
    probe = ProcessCpu("tests", clock)
    probe.measure()
    clock.advance(timedelta(seconds=1000))
    measured = probe.measure()
    assert measured is not None
    assert 0 <= measured < 1


def test_memory_is_measured_against_the_least_limit(tmp_path: Path) -> None:
    (tmp_path / "status").write_text("Name:\tx\nVmRSS:\t  1024 kB\n")
    (tmp_path / "meminfo").write_text("MemTotal:  8192 kB\n")
    (tmp_path / "memory.max").write_text("2097152\n")
    assert ProcessMemory("api", tmp_path, tmp_path, tmp_path).measure() == pytest.approx(0.5)
    (tmp_path / "memory.max").write_text("max\n")
    assert ProcessMemory("api", tmp_path, tmp_path, tmp_path).measure() == pytest.approx(1 / 8)


def test_memory_without_any_limit_is_unknown_and_a_missing_field_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "status").write_text("Name:\tx\n")
    assert ProcessMemory("api", tmp_path, tmp_path, tmp_path).measure() is None
    (tmp_path / "meminfo").write_text("MemTotal:  8192 kB\n")
    with pytest.raises(OSError, match="has no field VmRSS"):
        ProcessMemory("api", tmp_path, tmp_path, tmp_path).measure()


def test_open_files_are_counted_against_the_soft_limit(tmp_path: Path) -> None:
    (tmp_path / "fd").mkdir()
    for number in range(5):
        (tmp_path / "fd" / str(number)).write_text("")
    (tmp_path / "limits").write_text("Max open files            20                 4096     files\n")
    assert OpenFiles("api", tmp_path).measure() == pytest.approx(0.25)
    (tmp_path / "limits").write_text("Max open files            unlimited      unlimited     files\n")
    assert OpenFiles("api", tmp_path).measure() is None
    (tmp_path / "limits").write_text("")
    with pytest.raises(OSError, match="has no line"):
        OpenFiles("api", tmp_path).measure()


@dataclass(frozen=True)
class FakeFileSystem:
    f_blocks: int
    f_bfree: int
    f_bavail: int


def test_disk_space_is_what_df_says(tmp_path: Path) -> None:
    assert DiskSpace("data", tmp_path, lambda _: FakeFileSystem(100, 40, 30)).measure() == pytest.approx(
        60 / 90
    )
    assert DiskSpace("data", tmp_path, lambda _: FakeFileSystem(0, 0, 0)).measure() is None
    real = os.statvfs(tmp_path)
    assert real.f_blocks > 0
    assert DiskSpace("data", tmp_path).measure() is not None


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    made = asyncio.new_event_loop()
    yield made
    made.close()


def test_a_loop_that_is_stuck_shows_its_lag_before_it_ever_runs_again(
    loop: asyncio.AbstractEventLoop,
) -> None:
    instants = iter([0.0, 0.05, 1.1])
    probe = EventLoopLag("api", limit_seconds=0.5, interval_seconds=0.1, now=lambda: next(instants))
    probe.start(loop)
    assert probe.measure() is None
    assert probe.measure() == pytest.approx((1.1 - 0.1) / 0.5)


def test_the_worst_lag_since_the_last_reading_is_kept(loop: asyncio.AbstractEventLoop) -> None:
    probe = EventLoopLag("api", limit_seconds=1.0, interval_seconds=0.0)
    probe.start(loop)
    loop.run_until_complete(asyncio.sleep(0.001))
    first = probe.measure()
    probe.stop()
    assert first is not None
    assert first >= 0.0
    assert probe.measure() is None
