"""The Lambda function of the stream processors: what ``ProcessorDeclaration.handler`` names.

Built at the first invocation of an environment and kept for the others, as Lambda keeps the process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from prometheus_client import CollectorRegistry

from app.bootstrap.cloudwatch import metrics_publisher, published_after
from app.bootstrap.platform import open_platform
from app.settings import Settings, load_settings
from dataplatform.ingestion.lambda_handler import Answer, KinesisHandler
from dataplatform.ingestion.processor import Patience
from dataplatform.observability.logs import configure_logs
from dataplatform.observability.spans import spans
from dataplatform.observability.telemetry import PrometheusTelemetry
from dataplatform.observability.xray_tracer import XrayTracer
from dataplatform.profiles import workers
from exporters.cloudwatch.metrics_publisher import MetricsPublisher
from foundation.clock import parse_clock

ROLE = "ingest-lambda"
XRAY_DAEMON = "127.0.0.1:2000"  # Lambda's own AWS_XRAY_DAEMON_ADDRESS, which the SDK reads, goes before it
PATIENCE = Patience(attempts=0, seconds=120.0)  # nobody counts attempts here, so an orphan waits by its age


@dataclass(frozen=True, slots=True)
class Function:
    """The handler, and what publishes the series of an invocation when it has ended."""

    handler: KinesisHandler
    publisher: MetricsPublisher | None

    def __call__(self, event: Mapping[str, Any], context: Any) -> Answer:
        with published_after(self.publisher):
            return self.handler(event, context)


def handler(event: Mapping[str, Any], context: Any) -> Answer:
    return _built()(event, context)


@cache
def _built() -> Function:
    return build_function(load_settings())


def build_function(settings: Settings) -> Function:
    """The function over this profile's stores. Raises what ``open_platform`` does."""
    configure_logs(role=ROLE, environment=settings.environment, level=settings.log_level)
    clock = parse_clock(settings.clock)
    tracer = XrayTracer(f"mirante-{ROLE}", XRAY_DAEMON)
    registry = CollectorRegistry(auto_describe=False)
    telemetry = PrometheusTelemetry(registry)
    runner = asyncio.Runner()
    opened = runner.run(open_platform(settings, clock, None, telemetry))
    platform = opened.mapped(lambda store: spans(store, tracer))
    built = KinesisHandler(
        processor=workers.record_processor(platform, telemetry, clock, tracer, PATIENCE),
        project=workers.projector(platform, telemetry, tracer).drain,
        sealer=platform.sealer,
        letters=platform.letters,
        log=platform.processing_log,
        telemetry=telemetry,
        clock=clock,
        runner=runner,
    )
    return Function(built, metrics_publisher(settings, registry, clock))
