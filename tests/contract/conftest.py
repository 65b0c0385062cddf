"""Says at the end which adapters each contract ran against."""

from __future__ import annotations

import pytest

_RAN: dict[str, dict[str, int]] = {}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        adapter = getattr(item, "callspec", None) and item.callspec.params.get("adapter")  # type: ignore[attr-defined]
        if isinstance(adapter, str):
            port = item.path.stem.removeprefix("test_").removesuffix("_contract")
            promises = _RAN.setdefault(port, {})
            promises[adapter] = promises.get(adapter, 0) + 1


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _RAN:
        terminalreporter.section("contract suites and their adapters")
    for port, adapters in sorted(_RAN.items()):
        told = ", ".join(f"{name} ({count})" for name, count in adapters.items())
        terminalreporter.line(f"{port.replace('_', ' ')}: {told}")
