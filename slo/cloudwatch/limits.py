"""What CloudWatch accepts, in numbers (API reference: PutMetricAlarm, MetricDataQuery, PutCompositeAlarm)."""

from __future__ import annotations

MINUTE_SECONDS = 60
HOUR_SECONDS = 3_600
LONGEST_RANGE_SECONDS = 604_800  # period x evaluation periods
LONGEST_RANGE_OF_SHORT_PERIODS_SECONDS = 86_400  # the same for periods under an hour
MOST_METRICS = 10
LONGEST_NAME = 255
LONGEST_DESCRIPTION = 1_024
LONGEST_RULE = 10_240
MOST_CHILDREN = 100


def range_problem(period_seconds: int, evaluation_periods: int) -> str | None:
    """Why an alarm may not look at ``evaluation_periods`` of ``period_seconds``; ``None`` when it may."""
    if period_seconds % MINUTE_SECONDS:
        return f"a period of {period_seconds} s is not a multiple of 60 s"
    span = period_seconds * evaluation_periods
    if span > LONGEST_RANGE_SECONDS:
        return f"{span} s are more than the seven days (604800 s) an alarm may look back"
    if period_seconds < HOUR_SECONDS and span > LONGEST_RANGE_OF_SHORT_PERIODS_SECONDS:
        return f"{span} s are more than the day (86400 s) an alarm with a period under an hour may look back"
    return None
