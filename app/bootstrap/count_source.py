"""Where counts come from: the journals of our own processes, anybody's Prometheus, or CloudWatch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta

import httpx

from app.settings import Settings, SettingsError, without_password
from foundation.aws.clients import AwsClients
from foundation.aws.purpose import ClientPurpose
from foundation.clock import Clock
from slo.ledger.cloudwatch_source import CloudWatchCollector
from slo.ledger.collect import HISTORY, Collected, Collector, CountCollector
from slo.ledger.ledger import Ledger
from slo.ledger.minute_counts import CountReader
from slo.ledger.prometheus_source import PrometheusCountReader
from slo.ledger.tally import count_plan
from slo.model.count_query import CountQuery
from slo.model.errors import UnsupportedQuery
from slo.model.spec import Slo

TIMEOUT_SECONDS = 30.0
COUNTING = ClientPurpose(connect_seconds=3, answer_seconds=20, tries=3, unanswered=2)
JOURNALS, PROMETHEUS, CLOUDWATCH = "journals", "prometheus", "cloudwatch"
Progress = Callable[[str], None]


def silently(_: str) -> None:
    """Where nobody watches."""


def count_source(settings: Settings) -> str:
    """One of the three. Raises SettingsError: a Prometheus is chosen that has no address."""
    if settings.count_source == PROMETHEUS and not settings.prometheus:
        raise SettingsError("count_source", "no Prometheus URL is set", "Set MIRANTE_PROMETHEUS")
    if settings.count_source != "auto":
        return settings.count_source
    return PROMETHEUS if settings.prometheus else JOURNALS


def counted_from(settings: Settings) -> str:
    """Where SLO counts come from, as a person is told where to look when there are none."""
    chosen = settings.count_source
    if chosen == CLOUDWATCH:
        return "CloudWatch"
    if settings.prometheus and chosen != JOURNALS:
        return f"the Prometheus at {without_password(settings.prometheus)}"
    return "what Mirante's own processes count (`mirante up`)"


@contextmanager
def count_collector(
    settings: Settings,
    slos: Sequence[Slo],
    ledger: Ledger,
    journals: CountReader,
    clock: Clock,
    history: timedelta = HISTORY,
    progress: Progress = silently,
) -> Iterator[CountCollector]:
    """What feeds the ledger. ``progress`` is told what a Prometheus is asked.

    CloudWatch counts the SLOs that name metrics of their own there; the others are counted by Prometheus if
    one has an address, and by the journals if none has.

    Raises:
        SettingsError: a Prometheus is chosen that has no address.
        AwsError: AWS cannot be used as it is configured.
    """
    chosen, environment = count_source(settings), settings.environment
    with ExitStack() as opened:
        cloudwatch, rest = None, slos
        if chosen == CLOUDWATCH:
            client = opened.enter_context(
                closing(AwsClients(settings.aws_endpoint).client("cloudwatch", COUNTING))
            )
            cloudwatch = CloudWatchCollector(slos, client, ledger, environment, clock, history=history)
            rest = [slo for slo in slos if slo.id in cloudwatch.refused]
        reader, pieces = journals, None
        if settings.prometheus and chosen != JOURNALS:
            reader = asked = opened.enter_context(prometheus_reader(settings.prometheus, rest, progress))
            pieces = asked.pieces
        others = Collector(rest, reader, ledger, environment, clock, history=history, pieces=pieces)
        yield others if cloudwatch is None else _Both(cloudwatch, others)


@dataclass(frozen=True, slots=True)
class _Both:
    """``others`` counts what ``cloudwatch`` refuses; each is asked whether the other answers or not."""

    cloudwatch: CountCollector
    others: CountCollector

    @property
    def refused(self) -> Mapping[str, str]:
        first = self.cloudwatch.refused
        return {slo: f"{first[slo]}; {reason}" for slo, reason in self.others.refused.items()}

    def collect(self) -> Collected:
        try:
            there = self.cloudwatch.collect()
        finally:
            here = self.others.collect()
        since, until = min(there.since, here.since), max(there.until, here.until)
        return Collected(since, until, there.rows + here.rows)


@contextmanager
def prometheus_reader(
    url: str, slos: Sequence[Slo], progress: Progress = silently
) -> Iterator[PrometheusCountReader]:
    """The counters that these SLOs select, read from the Prometheus at ``url``."""
    with httpx.Client(timeout=TIMEOUT_SECONDS) as client:
        yield PrometheusCountReader(url, count_queries(slos), client, progress)


def count_queries(slos: Sequence[Slo]) -> list[CountQuery]:
    """Of every SLO that can be counted; the collector names the others."""
    queries: list[CountQuery] = []
    for slo in slos:
        try:
            plan = count_plan(slo)
        except UnsupportedQuery:
            continue
        queries += [plan.total, plan.part]
    return queries
