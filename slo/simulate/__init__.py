"""Alerts before they are deployed: when they would fire and reset on each backend, and what it would cost."""

from slo.simulate.history import Change, Missed, Review, compare, review
from slo.simulate.incident import Incident, IncidentError, Traffic, imagine, parse_incident
from slo.simulate.simulation import BACKENDS, Firing, Simulation, simulate
from slo.simulate.timeline import MinuteOfEvents, Span, Timeline, timeline_of

__all__ = [
    "BACKENDS",
    "Change",
    "Firing",
    "Incident",
    "IncidentError",
    "MinuteOfEvents",
    "Missed",
    "Review",
    "Simulation",
    "Span",
    "Timeline",
    "Traffic",
    "compare",
    "imagine",
    "parse_incident",
    "review",
    "simulate",
    "timeline_of",
]
