"""boto3 clients that wait and retry as they should, and their errors in our words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

from app.deployment.errors import DeploymentError

# Throttling is answered by waiting longer and longer, up to half a minute in all.
PATIENT = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "max_attempts": 6})
NO_SUCH = {"ResourceNotFound", "ResourceNotFoundException", "DashboardNotFoundError", "NotFound"}
CHAIN = "Set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run where a role is given"


@dataclass(frozen=True, slots=True)
class Account:
    """Who we are to AWS, and the clients to work with."""

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


def open_account(region: str | None = None) -> Account:
    """Ask AWS who we are.

    Raises:
        DeploymentError: no region, no credentials, or AWS cannot be reached.
    """
    session = boto3.Session(region_name=region)
    with explained("AWS"):
        who = session.client("sts", config=PATIENT).get_caller_identity()
        clients = {name: session.client(name, config=PATIENT) for name in ("cloudwatch", "logs", "sns")}
    partition = str(who["Arn"]).split(":")[1]
    return Account(str(who["Account"]), str(session.region_name), partition, **clients)


@contextmanager
def explained(place: str) -> Iterator[None]:
    """Errors of boto3 as ``DeploymentError``."""
    try:
        yield
    except NoRegionError as error:
        raise DeploymentError(place, "no region is set", "Set AWS_DEFAULT_REGION or give --region") from error
    except NoCredentialsError as error:
        raise DeploymentError(place, "no credentials were found", CHAIN) from error
    except ClientError as error:
        raise DeploymentError(place, _told(error), "Mend it, then run it again") from error
    except BotoCoreError as error:
        raise DeploymentError(
            place, str(error), "Check the network and the endpoint, then run it again"
        ) from error


def is_missing(error: ClientError) -> bool:
    return error.response.get("Error", {}).get("Code", "") in NO_SUCH


def tag_map(tags: list[Mapping[str, str]]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags}


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def _told(error: ClientError) -> str:
    answer = error.response.get("Error", {})
    return f"{answer.get('Code', 'an error')}: {answer.get('Message', error)}"
