"""Alerts before they are deployed: when they would fire and reset on each backend, and what it would cost."""

from slo.model.backends import BACKENDS
from slo.simulate.history import Missed, Review, ReviewDifference, compare, review
from slo.simulate.outage import Outage, OutageError, Traffic, imagine, parse_outage
from slo.simulate.simulation import Firing, Simulation, simulate
from slo.simulate.timeline import Span, Timeline, timeline_of

__all__ = [
    "BACKENDS",
    "Firing",
    "Missed",
    "Outage",
    "OutageError",
    "Review",
    "ReviewDifference",
    "Simulation",
    "Span",
    "Timeline",
    "Traffic",
    "compare",
    "imagine",
    "parse_outage",
    "review",
    "simulate",
    "timeline_of",
]
