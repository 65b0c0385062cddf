"""Who we are to AWS, and the clients that ``plan`` and ``apply`` work with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from foundation.aws.clients import AwsClients
from foundation.aws.errors import AwsError
from foundation.aws.purpose import ClientPurpose

# Throttling is answered by waiting longer and longer, up to half a minute in all; silence, by one more try.
DEPLOYING = ClientPurpose(connect_seconds=5, answer_seconds=10, tries=7, unanswered=2)
NO_SUCH = {"ResourceNotFound", "ResourceNotFoundException", "DashboardNotFoundError", "NotFound"}


@dataclass(frozen=True, slots=True)
class Account:
    number: str
    region: str
    partition: str
    cloudwatch: Any
    logs: Any
    sns: Any

    def topic_arn(self, name: str) -> str:
        return f"arn:{self.partition}:sns:{self.region}:{self.number}:{name}"

    def log_group_arn(self, name: str) -> str:
        return f"arn:{self.partition}:logs:{self.region}:{self.number}:log-group:{name}"


def open_account(aws: AwsClients, region: str | None = None) -> Account:
    """Ask AWS who we are.

    Raises:
        AwsError: no region, no credentials, or AWS cannot be reached.
    """
    cloudwatch, logs, sns, sts = (
        aws.client(name, DEPLOYING, region) for name in ("cloudwatch", "logs", "sns", "sts")
    )
    who = sts.get_caller_identity()
    partition = str(who["Arn"]).split(":")[1]
    return Account(str(who["Account"]), str(sts.meta.region_name), partition, cloudwatch, logs, sns)


def is_missing(error: AwsError) -> bool:
    return error.code in NO_SUCH


def tag_map(tags: list[Mapping[str, str]]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags}


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
