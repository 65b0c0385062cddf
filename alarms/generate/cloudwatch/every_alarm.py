"""Every alarm of an environment: SLO burn and silence, indicators, logs, roles; metric alarms first."""

from __future__ import annotations

from alarms.generate.cloudwatch.composites import composite_alarms
from alarms.generate.cloudwatch.indicator_alarms import indicator_alarms, silence_alarms
from alarms.generate.cloudwatch.logs import log_alarms
from alarms.model.watch_list import WatchList
from slo import cloudwatch
from slo.cloudwatch.alarms import Alarm, Topics
from slo.model.catalogue import Catalogue


def every_alarm(
    catalogue: Catalogue, watched: WatchList, environment: str, topics: Topics | None = None
) -> list[Alarm]:
    """Arguments of ``put_metric_alarm``, then of ``put_composite_alarm``, dependencies first.

    ``topics`` maps a severity to the ARN of its SNS topic; without it, alarms are silent.
    """
    told = topics or {}
    burn = cloudwatch.alarms(catalogue, environment, told)
    return _ordered([*burn, *beside_burn(catalogue, watched, environment, told)])


def beside_burn(catalogue: Catalogue, watched: WatchList, environment: str, topics: Topics) -> list[Alarm]:
    """Every alarm that is not an SLO's, in the same order."""
    placed = indicator_alarms(watched.indicators, catalogue.components, environment)
    metric = [one.arguments for one in placed]
    metric += silence_alarms(watched.sides, environment, topics) + log_alarms(watched, environment, topics)
    return _ordered([*metric, *composite_alarms(placed, catalogue.components, environment, topics)])


def _ordered(alarms: list[Alarm]) -> list[Alarm]:
    """Metric alarms by name; composites keep their order, in which what is referred to comes first."""
    metric = [alarm for alarm in alarms if not cloudwatch.is_composite(alarm)]
    composite = [alarm for alarm in alarms if cloudwatch.is_composite(alarm)]
    return [*sorted(metric, key=lambda alarm: str(alarm["AlarmName"])), *composite]
