"""What a command says while it waits for others, where no terminal shows it."""

from __future__ import annotations

import pytest

from app.cli import context
from app.cli.context import Terminal


def test_many_short_steps_get_a_line_once_they_took_long(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = iter([0.0, 0.0, 1.0, 2.0])
    waits: list[float] = []

    class Late:
        daemon = False

        def __init__(self, seconds: float, *_: object) -> None:
            waits.append(seconds)

        def start(self) -> None: ...

        def cancel(self) -> None: ...

    monkeypatch.setattr(context, "monotonic", lambda: next(moments))
    monkeypatch.setattr(context, "Timer", Late)
    with Terminal(stderr=True).progress("first") as step:
        step("second")
        step("third")
    assert waits == [3.0, 2.0, 1.0]
    assert capsys.readouterr().err == ""


def test_a_step_that_takes_long_is_told_as_it_is_written(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class AtOnce:
        daemon = False

        def __init__(self, _: float, write: object, arguments: list[str]) -> None:
            self._write, self._arguments = write, arguments

        def start(self) -> None:
            self._write(*self._arguments)  # type: ignore[operator]

        def cancel(self) -> None: ...

    monkeypatch.setattr(context, "Timer", AtOnce)
    with Terminal(stderr=True).progress("reading [bold]"):
        pass
    assert "reading [bold] ..." in capsys.readouterr().err
