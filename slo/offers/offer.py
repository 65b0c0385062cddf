"""What is proposed, what it was measured by, and what is left out with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Measured:
    """What the metric said when it was asked: ``events`` in the last ``span``, and the share of them that was
    good. Prometheus extrapolates at the edges, so ``events`` is about right and not exact."""

    events: int
    good_share: Fraction
    span: timedelta

    @property
    def hourly(self) -> Fraction:
        return Fraction(self.events) * 3600 / max(1, self.span // timedelta(seconds=1))


@dataclass(frozen=True, slots=True)
class Offer:
    """One SLO. ``part`` is ``good`` or ``bad``: what ``part_query`` counts of the events of ``total_query``.

    ``total``, ``good`` and ``why`` (why this objective, and this threshold) are sentences for people.
    ``edge`` is a latency's threshold in words (``250 ms``), ``edges`` all that could be chosen instead.
    """

    name: str
    title: str
    metric: str
    part: str
    part_query: str
    total_query: str
    total: str
    good: str
    target: Fraction
    measured: Measured
    why: str
    convention: str
    edge: str = ""
    edges: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OfferedService:
    """``name`` is safe for files and ids; ``called`` is what the labels say, somebody else's text."""

    name: str
    called: str
    scope: tuple[tuple[str, str], ...]
    offers: tuple[Offer, ...]


@dataclass(frozen=True, slots=True)
class NotOffered:
    """A metric that was recognised and is not used; ``service`` where it is about one alone."""

    metric: str
    reason: str
    service: str = ""


@dataclass(frozen=True, slots=True)
class Offers:
    """Services by how much they do, the busiest first."""

    services: tuple[OfferedService, ...]
    refused: tuple[NotOffered, ...]
