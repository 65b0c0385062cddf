"""Publishing to CloudWatch: off, as lines of embedded metric format, or by ``PutMetricData``."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass

from prometheus_client import CollectorRegistry

from app.bootstrap.process import ProcessParts
from app.serving.loops import Loop, in_thread
from app.settings import Settings
from app.workspace import OpenWorkspace, open_workspace
from credit import metrics as telemetry
from dashboards.truth.known_series import EXPORTED
from exporters import server
from exporters.cloudwatch.datum import PublishError
from exporters.cloudwatch.emf import EmfLines
from exporters.cloudwatch.metrics_publisher import MetricsPublisher
from exporters.cloudwatch.put import PutMetricData
from exporters.cloudwatch.sent_counts import SentCounts
from exporters.cloudwatch.series_data import SeriesData
from exporters.cloudwatch.slo_counts import SloCounts
from exporters.collectors import slo_status
from foundation.aws.clients import AwsClients
from foundation.aws.purpose import ClientPurpose
from foundation.clock import Clock
from foundation.metrics import MetricSpec
from slo.ledger.ledger import Ledger
from slo.model.catalogue import Catalogue

log = logging.getLogger("mirante.cloudwatch")

DECLARED: tuple[MetricSpec, ...] = (*telemetry.METRICS, *EXPORTED)
"""Every metric that any role exposes."""

OFF, EMF = "off", "emf"
EVERY_SECONDS = 60.0
# One try: a put that boto3 repeated by itself could count twice, and nobody would know.
PUBLISHING = ClientPurpose(connect_seconds=3, answer_seconds=10)


def metrics_publisher(
    settings: Settings, registry: CollectorRegistry, clock: Clock
) -> MetricsPublisher | None:
    """Publishes a process's own series; None when publishing is off.

    Raises:
        DefinitionErrors: a definition says something wrong.
        AwsError: AWS's settings cannot be used.
    """
    if settings.cloudwatch_metrics == OFF:
        return None
    read = read_there(open_workspace(settings.folders), settings.environment)
    return MetricsPublisher(SeriesData(registry, read, settings.environment), _sink(settings), clock)


def publish_series(parts: ProcessParts) -> None:
    """Add the loop that does, if any. Raises what ``metrics_publisher`` does."""
    publisher = metrics_publisher(parts.settings, parts.registry, parts.clock)
    if publisher is not None:
        parts.loops.append(Loop("cloudwatch", EVERY_SECONDS, in_thread(publisher.publish), parts.clock))


@contextmanager
def published_after(publisher: MetricsPublisher | None) -> Iterator[None]:
    """For a function that lives from call to call: its series leave when a call has ended, well or not.

    A publication that fails is logged and fails no work; what it held leaves with the next.
    """
    try:
        yield
    finally:
        try:
            if publisher is not None:
                publisher.publish()
        except PublishError as error:
            log.warning("metrics did not reach CloudWatch: %s", error)


def publish_slo_counts(parts: ProcessParts, catalogue: Catalogue, ledger: Ledger) -> None:
    """Add the loop that publishes the ledger's counts; none when publishing is off.

    Raises:
        LedgerError: the record of what was sent cannot be opened.
        AwsError: AWS cannot be used as configured.
    """
    settings = parts.settings
    if settings.cloudwatch_metrics == OFF:
        return
    sink = _sink(settings)
    counts = SloCounts(
        catalogue.slos,
        ledger,
        settings.environment,
        SentCounts(parts.paths.sent_counts),
        sink,
        parts.clock,
        read_back=sink if isinstance(sink, PutMetricData) else None,
    )
    parts.loops.append(Loop("cloudwatch-slo", EVERY_SECONDS, in_thread(counts.publish), parts.clock))


def read_there(workspace: OpenWorkspace, environment: str) -> frozenset[MetricSpec]:
    """The declared metrics that generated alarms and boards read in CloudWatch: what is paid for."""
    boarded = workspace.boards(environment)
    found = {
        spec
        for board in boarded
        for row in board.rows
        for panel in row.panels
        for series in panel.series
        for spec in _metrics_of(series.query)
    }
    alarmed = {indicator.metric for indicator in workspace.watched.indicators}
    found |= {spec for spec in DECLARED if spec.name in alarmed}
    return frozenset({*found, *slo_status.METRICS, server.ROLE_INFO} & set(DECLARED))


def _metrics_of(value: object) -> Iterator[MetricSpec]:
    """Whatever metrics a query is made of, at any depth."""
    if isinstance(value, MetricSpec):
        yield value
    elif is_dataclass(value):
        for part in fields(value):
            yield from _metrics_of(getattr(value, part.name))
    elif isinstance(value, tuple):
        for part in value:
            yield from _metrics_of(part)


def _sink(settings: Settings) -> EmfLines | PutMetricData:
    """Logs go to standard error, so that standard output is the metrics' own."""
    if settings.cloudwatch_metrics == EMF:
        return EmfLines(sys.stdout)
    return PutMetricData(AwsClients(settings.aws_endpoint).client("cloudwatch", PUBLISHING))
