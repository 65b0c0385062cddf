"""What a Prometheus holds that is no count of events, so that nobody takes it for one.

A series that two processes write into, and the two copies of a highly available pair, cannot be told from
counts by one sample; they are by many.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from slo.ledger.companies import Series
from slo.ledger.samples import LOST_EVENTS, Rates, Values, may_be_lost
from slo.model.count_query import Labels
from slo.model.errors import Uncountable

EXACT_BELOW = 2**53  # beyond, a float no longer counts by one
REPLICAS = ("replica", "prometheus_replica", "__replica__", "rule_replica", "receive_replica", "prometheus")
FEWEST_FALLS, SHARE_OF_FALLS = 3, 10  # as many, and one in so many scrapes
ALIKE = 100  # copies differ by one part in so many at most: they are scraped moments apart
COMPARED = 20  # counts below are alike by chance


def count_of(value: float) -> int:
    """
    Raises:
        Uncountable: it is no whole number of events.
    """
    if not 0 <= value < EXACT_BELOW or value != round(value):
        raise Uncountable(
            f"holds {value:g}, which is not a count of events (seconds and bytes are none): "
            "count the events themselves, such as a metric that ends in _total or _count"
        )
    return round(value)


def check_series(series: Series, values: Values) -> None:
    """
    Raises:
        Uncountable: it falls again and again, to more than can have been counted since.
    """
    rates, falls = Rates.of(values), 0
    steps = list(pairwise(sorted(values)))
    for low, high in steps:
        if LOST_EVENTS < values[high] < values[low]:
            falls += values[high] > may_be_lost(rates.near(low, high), high - low)
    if falls >= FEWEST_FALLS and falls * SHARE_OF_FALLS >= len(steps):
        raise Uncountable(
            f"holds counts of several processes in one series, {_text(series)}, whose value fell {falls} "
            f"times in {len(steps)} scrapes: keep the label that tells them apart, such as instance"
        )


def check_replicas(series: Mapping[Series, Values]) -> None:
    """
    Raises:
        Uncountable: two series are copies of each other but for the name of the Prometheus that has them.
    """
    for name in REPLICAS:
        first: dict[Series, Series] = {}
        for one in series:
            value = dict(one[1]).get(name)
            if value is None:
                continue
            rest: Labels = tuple(pair for pair in one[1] if pair[0] != name)
            other = first.setdefault((one[0], rest), one)
            if other != one and _alike(series[one], series[other]):
                raise Uncountable(
                    f"brings every event twice: {_text(other)} and {_text(one)} are copies by two "
                    f'Prometheus servers. Ask for one of them, such as {name}="{value}"'
                )


def _alike(one: Values, other: Values) -> bool:
    if max(min(one), min(other)) > min(max(one), max(other)):
        return False  # one after the other
    pairs = [(one[max(one)], other[max(other)]), (one[min(one)], other[min(other)])]
    return all(
        min(pair) >= COMPARED and abs(pair[0] - pair[1]) <= LOST_EVENTS + max(pair) // ALIKE for pair in pairs
    )


def _text(series: Series) -> str:
    name, labels = series
    inside = ", ".join(f'{label}="{value}"' for label, value in labels)
    return f"{name}{{{inside}}}"
