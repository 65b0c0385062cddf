"""boto3, imported here and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
)
from botocore.parsers import ResponseParserError

from foundation.aws.errors import AwsError
from foundation.aws.purpose import ClientPurpose

EMULATED_REGION = "us-east-1"
EMULATED_KEYS = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}  # asked for, never checked

NO_CREDENTIALS = (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError)
NEVER_REACHED = (*NO_CREDENTIALS, NoRegionError, EndpointConnectionError, ConnectTimeoutError)
STALE = frozenset(
    (
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    )
)
CHAIN = "Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run where an IAM role applies"
NETWORK = "Check the network, aws_endpoint and the AWS settings, then run it again"


def session(region: str | None, endpoint: str) -> boto3.Session:
    with _explained(f"AWS{_at(region, endpoint)}"):
        if endpoint:
            return boto3.Session(region_name=region or EMULATED_REGION, **EMULATED_KEYS)
        return boto3.Session(region_name=region)


def client(service: str, purpose: ClientPurpose, region: str | None, endpoint: str) -> Any:
    signed = session(region, endpoint)
    # Whatever calls a client's method (a person, a paginator) gets the one that is in our words.
    signed.events.register("creating-client-class", _explain_calls)
    with _explained(f"AWS {service}{_at(region, endpoint)}"):
        made = signed.client(service, config=_config(purpose), endpoint_url=endpoint or None)
    if purpose.unanswered is not None:
        made.meta.events.register_first("needs-retry", _given_up_after(purpose.unanswered))
    return made


def _given_up_after(tries: int) -> Callable[..., None]:
    """botocore asks every handler before it tries again, and an error of one ends the call."""

    def give_up(attempts: int, caught_exception: Exception | None, **_: Any) -> None:
        if caught_exception is not None and attempts >= tries:
            raise caught_exception

    return give_up


def _config(purpose: ClientPurpose) -> Config:
    return Config(
        connect_timeout=purpose.connect_seconds,
        read_timeout=purpose.answer_seconds,
        max_pool_connections=purpose.connections,
        retries={"mode": "standard", "total_max_attempts": purpose.tries},
        tcp_keepalive=True,
    )


def _explain_calls(class_attributes: dict[str, Any], **_: Any) -> None:
    for name, value in class_attributes.items():
        if callable(value):
            class_attributes[name] = _explaining(value)


def _explaining(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        with _explained(_place(self.meta)):
            return method(self, *args, **kwargs)

    return call


@contextmanager
def _explained(place: str) -> Iterator[None]:
    """botocore's errors as ``AwsError``. Those for an endpoint that is not an address, or is not AWS's, are
    not a ``BotoCoreError``."""
    try:
        yield
    except ClientError as error:
        raise _refused(place, error) from error
    except (BotoCoreError, ResponseParserError, ValueError) as error:
        never = isinstance(error, NEVER_REACHED)
        raise AwsError(place, *_said(error), code=type(error).__name__, nothing_done=never) from error


def _said(error: Exception) -> tuple[str, str]:
    """The problem and its fix."""
    if isinstance(error, NoRegionError):
        return "no region is set", "Set AWS_DEFAULT_REGION, or a region in the AWS profile"
    if isinstance(error, NO_CREDENTIALS):
        return "no credentials were found", CHAIN
    if isinstance(error, ResponseParserError):
        return "the server there is not AWS", NETWORK
    return str(error).rstrip("."), NETWORK


def _refused(place: str, error: ClientError) -> AwsError:
    answer = error.response.get("Error", {})
    code = str(answer.get("Code", "")) or "an error that has no code"
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    told = str(answer.get("Message", "")).rstrip(".")
    return AwsError(
        place,
        f"{error.operation_name}: {code}{': ' if told else ''}{told}",
        _fix(code, error.operation_name),
        code=code,
        nothing_done=400 <= status < 500,
    )


def _fix(code: str, operation: str) -> str:
    if code.startswith("AccessDenied"):
        return f"Allow {operation} for the identity that runs this"
    if code in STALE:
        return f"Renew the credentials. {CHAIN}"
    return "Fix it, then run it again"


def _place(meta: Any) -> str:
    service = meta.service_model.service_name
    return f"AWS {service}{_at(meta.region_name, meta.endpoint_url)}"


def _at(region: str | None, endpoint: str) -> str:
    """Where; AWS's own addresses say no more than their region."""
    if endpoint and ".amazonaws.com" not in endpoint:
        return f" at {endpoint}"
    return f" in {region}" if region else ""
