"""Time as a parameter: every component takes a ``Clock``.

``now`` is wall time in UTC and may be accelerated; ``monotonic`` is always real elapsed time,
because the duration of a request is a physical fact and never a simulated one.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from foundation.errors import ClockSpecError

LEAST_FACTOR, MOST_FACTOR = 1e-12, 86_400  # a clock that all but stands, and a day in a second
# Windows of years reach before and after the time; an instant has to exist there.
EARLIEST, LATEST = datetime(1971, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    def now(self) -> datetime:
        """Wall time, timezone-aware UTC. Stamps ledger rows, windows, timers, decisions."""
        ...

    def monotonic(self) -> float:
        """Real elapsed seconds from an arbitrary origin. Measures durations of requests."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Sleep for ``seconds`` of *wall* time as this clock tells it."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        import asyncio  # it takes longer to load than all the rest here; who sleeps has it

        await asyncio.sleep(seconds)


@dataclass(frozen=True, slots=True)
class ScaledClock:
    """Wall time that runs ``factor`` times faster than real time since ``origin``.

    Two processes built from the same spec agree on the time, so a whole stack can be accelerated.
    """

    factor: float
    origin: datetime

    def now(self) -> datetime:
        elapsed = datetime.now(UTC) - self.origin
        return self.origin + elapsed * self.factor

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        import asyncio

        await asyncio.sleep(seconds / self.factor)


@dataclass(slots=True)
class ManualClock:
    """Time that moves only when told to: for tests and the simulator."""

    current: datetime
    _monotonic: float = field(default=0.0)

    def now(self) -> datetime:
        return self.current

    def monotonic(self) -> float:
        return self._monotonic

    async def sleep(self, seconds: float) -> None:
        self.advance(timedelta(seconds=seconds))
        import asyncio

        await asyncio.sleep(0)

    def advance(self, delta: timedelta) -> None:
        self.current += delta
        self._monotonic += max(0.0, delta.total_seconds())


def parse_clock(spec: str) -> Clock:
    """Build a clock from its setting: ``system`` or ``scaled:FACTOR@ISO-INSTANT``.

    Raises:
        ClockSpecError: the text is neither, or the clock would run or stand where no program can follow.
    """
    if spec == "system":
        return SystemClock()
    kind, _, rest = spec.partition(":")
    factor, _, origin = rest.partition("@")
    try:
        if kind != "scaled":
            raise ValueError(kind)
        instant = datetime.fromisoformat(origin)
        if instant.tzinfo is None:
            raise ValueError(origin)
        scaled = ScaledClock(float(factor), instant.astimezone(UTC))
    except (ValueError, OverflowError) as error:
        raise ClockSpecError(spec) from error
    if not LEAST_FACTOR <= scaled.factor <= MOST_FACTOR:  # NaN is not, either
        raise ClockSpecError(spec, f"has a factor that is not from {LEAST_FACTOR:g} to {MOST_FACTOR:,}")
    if not _tells_the_time(scaled):
        raise ClockSpecError(spec, f"is not in the years {EARLIEST.year} to {LATEST.year} now")
    return scaled


def _tells_the_time(clock: Clock) -> bool:
    try:
        return EARLIEST <= clock.now() <= LATEST
    except OverflowError:
        return False


def clock_spec(factor: float, origin: datetime) -> str:
    """The setting's text for a scaled clock; ``parse_clock`` reads it back."""
    return f"scaled:{factor:g}@{origin.astimezone(UTC).isoformat()}"
