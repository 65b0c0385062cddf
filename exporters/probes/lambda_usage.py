"""Lambda: executions at once over those the account (or the function's reservation) allows, and throttles."""

from __future__ import annotations

from exporters.probes.cloudwatch_usage import AwsNumber, Happened, Usage, Use

ACCOUNT_CONCURRENCY = 1000.0  # AWS's default for one account and region


def lambda_usage(function: str, concurrency: float = ACCOUNT_CONCURRENCY) -> Usage:
    def number(name: str, statistic: str) -> AwsNumber:
        return AwsNumber("AWS/Lambda", name, (("FunctionName", function),), statistic)

    return Usage(
        (Use("concurrency", number("ConcurrentExecutions", "Maximum"), concurrency),),
        (Happened("throttles", (number("Throttles", "Sum"),)),),
    )
