"""Pages over a recorded history: which were false, what was missed, what another definition would have done.

A tier promises to fire when its share of the period's budget goes within its long window. At uneven traffic
the burn rate only approximates that promise, so a firing is *false* when the bad events in its long window
never came to that share, and a spend is *missed* when they did while the tier stayed silent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from slo.model.periods import MINUTE
from slo.model.spec import Tier
from slo.simulate.ledger_model import counted
from slo.simulate.simulation import Firing, Simulation
from slo.simulate.timeline import Span, spans_of

PAGES = ("P1", "P2")


@dataclass(frozen=True, slots=True)
class Missed:
    """The tier's share of the budget (or more) went in the long windows ending in ``span``; nothing fired."""

    backend: str
    tier: str
    severity: str
    span: Span


@dataclass(frozen=True, slots=True)
class Review:
    """Firings of one backend over a history, told apart."""

    backend: str
    true: tuple[Firing, ...]
    false: tuple[Firing, ...]
    missed: tuple[Missed, ...]

    @property
    def pages(self) -> int:
        return sum(firing.severity in PAGES for firing in (*self.true, *self.false))


@dataclass(frozen=True, slots=True)
class ReviewDifference:
    """Two definitions over the same history, on one backend; positive numbers are more with the new one."""

    backend: str
    pages: int
    false: int
    missed: int

    @property
    def text(self) -> str:
        return (
            f"{_more(self.pages, 'page')}, {_more(self.false, 'false firing')}, "
            f"{_more(self.missed, 'missed spend')} over this history"
        )


def review(simulation: Simulation, backend: str) -> Review:
    """Judge every firing, and every silence that should not have been one."""
    true: list[Firing] = []
    false: list[Firing] = []
    missed: list[Missed] = []
    for tier in simulation.slo.tiers:
        spent = _spends(simulation, tier)
        firings = simulation.of(backend, tier.name)
        for firing in firings:
            (true if any(_meet(firing, span) for span in spent) else false).append(firing)
        missed += [
            Missed(backend, tier.name, tier.severity, span)
            for span in spent
            if not any(_meet(firing, span) for firing in firings)
        ]
    return Review(backend, tuple(true), tuple(false), tuple(missed))


def compare(before: Simulation, after: Simulation, backend: str) -> ReviewDifference:
    """What the new definition would have done differently."""
    old, new = review(before, backend), review(after, backend)
    return ReviewDifference(
        backend,
        new.pages - old.pages,
        len(new.false) - len(old.false),
        len(new.missed) - len(old.missed),
    )


def _spends(simulation: Simulation, tier: Tier) -> Sequence[Span]:
    """When the bad events of the last long window are at least the tier's share of what is allowed."""
    bad = counted(simulation.slo, simulation.objective, simulation.timeline).bad_before()
    limit, length = tier.budget_share * simulation.allowed, tier.long_window // MINUTE
    reached = [limit > 0 and bad[now] - bad[max(0, now - length)] >= limit for now in range(len(bad))]
    return spans_of(reached, simulation.timeline.start, MINUTE)


def _meet(firing: Firing, span: Span) -> bool:
    begins_in_time = span.end is None or firing.start < span.end
    return begins_in_time and (firing.reset is None or span.start < firing.reset)


def _more(number: int, noun: str) -> str:
    plural = noun if abs(number) == 1 else f"{noun}s"
    return f"{abs(number)} {'fewer' if number < 0 else 'more'} {plural}" if number else f"as many {noun}s"
