"""What CloudWatch accepts, in numbers (API reference: PutMetricAlarm, MetricDataQuery, PutCompositeAlarm)."""

from __future__ import annotations

MINUTE_SECONDS = 60
HOUR_SECONDS = 3_600
LONGEST_RANGE_SECONDS = 604_800  # period x evaluation periods
LONGEST_RANGE_OF_SHORT_PERIODS_SECONDS = 86_400  # the same for periods under an hour
MOST_METRICS = 10
LONGEST_NAME = 255
LONGEST_RULE = 10_240
MOST_CHILDREN = 100
