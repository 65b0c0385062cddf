"""What every test run has: its own folder, its leftovers ended, skips named with their reasons, times told.

In CI a skip that no reviewer allowed is a failure.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.support.caretaker import take_care

# A deadline judges the machine's load, not the code.
settings.register_profile("mirante", deadline=None)
settings.load_profile("mirante")

# A suite started in the background of a shell inherits an ignored SIGINT, and so would every child it starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

ALLOWED = Path(__file__).with_name("allowed_skips.txt")
XDIST = "dsession"  # the plugin that stands in the process that only hands tests out


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        take_care(config._tmp_path_factory.getbasetemp())  # type: ignore[attr-defined]
    if config.pluginmanager.has_plugin(XDIST):
        config.pluginmanager.register(HandsOut())


class HandsOut:
    """Only where tests are handed out to workers."""

    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        from tests.support.schedule import ByFile

        return ByFile(config, log)


@pytest.fixture(autouse=True)
def level_of_the_log() -> Iterator[None]:
    """A command that a test runs in this process sets the level for all of it: the next test has its own."""
    root = logging.getLogger()
    before = root.level
    yield
    root.setLevel(before)


def allowed_skips() -> set[str]:
    lines = ALLOWED.read_text(encoding="utf-8").splitlines()
    return {line.split("#")[0].strip() for line in lines if line.split("#")[0].strip()}


def skipped(terminal: pytest.TerminalReporter) -> dict[str, str]:
    """Node id -> reason of everything that was skipped."""
    found = {}
    for report in terminal.stats.get("skipped", []):
        # a triple, which a worker's report has as a list
        reason = str(report.longrepr) if isinstance(report.longrepr, str) else report.longrepr[2]
        found[report.nodeid] = reason.removeprefix("Skipped: ")
    return found


def forbidden(names: dict[str, str]) -> list[str]:
    allowed = allowed_skips()
    return [name for name in names if name.split("[")[0] not in allowed and name not in allowed]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    _tell_times(terminalreporter)
    names = skipped(terminalreporter)
    if not names:
        return
    terminalreporter.section("what this machine could not show")
    for name, reason in sorted(names.items()):
        terminalreporter.line(f"{name}: {reason}")
    if os.environ.get("CI") and forbidden(names):
        terminalreporter.line("not in tests/allowed_skips.txt: " + ", ".join(forbidden(names)), red=True)


def _tell_times(terminal: pytest.TerminalReporter) -> None:
    spent: Counter[str] = Counter()
    for report in (report for reports in terminal.stats.values() for report in reports):
        if isinstance(report, pytest.TestReport):
            spent["/".join(report.nodeid.split("/")[:2])] += report.duration  # type: ignore[assignment]
    terminal.section("time of each folder, added up over its tests")
    for folder, seconds in spent.most_common():
        terminal.line(f"{folder}: {seconds / 60:.1f} min")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and exitstatus == 0 and terminal and forbidden(skipped(terminal)):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_unconfigure() -> None:
    """The X-Ray SDK opens a socket for a recorder of its own when it is imported, and never closes it."""
    sdk = sys.modules.get("aws_xray_sdk.core")
    if sdk is not None:
        sdk.xray_recorder.emitter._socket.close()
