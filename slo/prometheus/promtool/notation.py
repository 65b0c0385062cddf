"""Series and numbers as promtool writes them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from datetime import timedelta

from slo.model.promql import quoted

DIGITS = 6  # decimals a recorded value is compared to
FEWER = 4  # of what a very small budget divides, floating point knows no more
_TINY = 1e-6
_HALFWAY = 5e-3


def number(value: float) -> str:
    """The shortest text that reads back as the same float; ``1000`` and not ``1000.0``."""
    if math.isnan(value):
        return "NaN"
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def series(metric: str, labels: Iterable[tuple[str, str]]) -> str:
    inside = ",".join(f"{key}={quoted(value)}" for key, value in labels)
    return f"{metric}{{{inside}}}"


def gauge(values: Sequence[float | None]) -> str:
    """Runs of equal values: ``1x59 0x9``; a missing sample is ``_``."""
    return " ".join(_run(value, count) for value, count in _runs(values))


def _run(value: float | None, count: int) -> str:
    shown = "_" if value is None else number(value)
    if count == 1:
        return shown
    if shown == "NaN":  # promtool's notation cannot repeat it
        return " ".join([shown] * count)
    return f"_x{count}" if value is None else f"{shown}x{count - 1}"


def _runs(values: Sequence[float | None]) -> list[tuple[float | None, int]]:
    return [(value, len(list(run))) for value, run in itertools.groupby(values)]


def counter(increments: Sequence[float | None], restart: int | None = None) -> str:
    """A counter from 0 with these increments a step; at ``restart`` its process started again from 0.

    ``None`` is a missing sample: the counter stands still meanwhile.
    """
    text, value = ["0"], 0.0
    for run, first in _steps(increments, restart):
        step, count = run
        if step is None:
            text.append(_run(None, count))
            continue
        start = step if first else value + step
        text.append(number(start) if count == 1 else f"{number(start)}+{number(step)}x{count - 1}")
        value = start + step * (count - 1)
    return " ".join(text)


def _steps(
    increments: Sequence[float | None], restart: int | None
) -> Iterable[tuple[tuple[float | None, int], bool]]:
    cut = len(increments) if restart is None else restart
    yield from ((run, False) for run in _runs(increments[:cut]))
    for index, run in enumerate(_runs(increments[cut:])):
        yield run, index == 0


def digits(value: float, divisor: float = 1.0) -> int:
    """Decimals to compare this value to, a quotient by ``divisor``: one fewer where it lies halfway between
    two, as floating point rounds it either way."""
    most = FEWER if divisor < _TINY else DIGITS
    return most - 1 if abs(value * 10**most % 1 - 0.5) < _HALFWAY else most


def rounded(value: float, decimals: int = DIGITS) -> float:
    """As PromQL's ``round(value, 0.000001)`` does it."""
    inverse = 1.0 / 10.0**-decimals
    return math.floor(value * inverse + 0.5) / inverse


def minutes(count: int) -> str:
    return f"{count}m"


def interval(window: timedelta) -> str:
    seconds = window // timedelta(seconds=1)
    return f"{seconds // 60}m" if seconds % 60 == 0 else f"{seconds}s"
