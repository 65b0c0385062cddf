"""SLOs worth offering, from what a Prometheus has: which metrics count a service's work, and what they say.

Pure, in three steps, so that somebody else does the asking: ``families`` picks the metrics worth a question
by their names, ``question`` makes the PromQL once the labels are known, ``offers`` reads the answers.
"""

from __future__ import annotations

from slo.offers.family import Families, Family, Inventory, families
from slo.offers.offer import NotOffered, Offer, OfferedService, Offers
from slo.offers.questions import FamilyAnswer, Question, SeriesGrowth, question
from slo.offers.recognise import offers

__all__ = [
    "Families",
    "Family",
    "FamilyAnswer",
    "Inventory",
    "NotOffered",
    "Offer",
    "OfferedService",
    "Offers",
    "Question",
    "SeriesGrowth",
    "families",
    "offers",
    "question",
]
