"""Says at the end which adapters each contract ran against."""

from __future__ import annotations

from collections import Counter

import pytest

ADAPTER = "adapter"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        adapter = getattr(item, "callspec", None) and item.callspec.params.get(ADAPTER)  # type: ignore[attr-defined]
        if isinstance(adapter, str):
            item.user_properties.append((ADAPTER, adapter))  # a report takes them along from a worker


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    ran: dict[str, Counter[str]] = {}
    for report in terminalreporter.getreports("passed"):
        port = report.nodeid.rpartition("/test_")[2].partition("_contract.py")[0]
        ran.setdefault(port, Counter()).update(
            value for name, value in report.user_properties if name == ADAPTER
        )
    if any(ran.values()):
        terminalreporter.section("contract suites and their adapters")
    for port, adapters in sorted(ran.items()):
        if adapters:
            told = ", ".join(f"{name} ({count})" for name, count in adapters.items())
            terminalreporter.line(f"{port.replace('_', ' ')}: {told}")
