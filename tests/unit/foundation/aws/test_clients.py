"""One way to make a client: where it goes, as whom, how long it waits, and what it says when it fails."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dataplatform.local.server import free_port
from foundation.aws.clients import AwsClients
from foundation.aws.errors import AwsError
from foundation.aws.purpose import ClientPurpose
from tests.support.refusing_aws import RefusingAws, refusing_aws

QUICK = ClientPurpose(connect_seconds=1, answer_seconds=5)
SERVICES = [
    "cloudwatch",
    "dynamodb",
    "kinesis",
    "kms",
    "lambda",
    "logs",
    "sns",
    "sqs",
    "stepfunctions",
    "sts",
    "xray",
]


@pytest.fixture
def aws() -> Iterator[RefusingAws]:
    with refusing_aws() as server:
        yield server


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine on which AWS's own settings say nothing."""
    for name in ("PROFILE", "DEFAULT_REGION", "REGION", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "ENDPOINT_URL"):
        monkeypatch.delenv(f"AWS_{name}", raising=False)
    for name in ("CONFIG_FILE", "SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(f"AWS_{name}", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a secret")


def failing(client: Any) -> AwsError:
    """What a look at the streams comes to."""
    with pytest.raises(AwsError) as raised:
        client.list_streams()
    return raised.value


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_goes_to_the_one_endpoint_and_to_its_own_without_one(service: str) -> None:
    endpoint = "http://127.0.0.1:1"
    assert AwsClients(endpoint).client(service, QUICK).meta.endpoint_url == endpoint
    own = AwsClients().client(service, QUICK, "sa-east-1").meta.endpoint_url
    assert own.endswith("sa-east-1.amazonaws.com")


@pytest.mark.usefixtures("somebody")
def test_an_emulator_is_never_told_a_persons_key_and_has_a_region_unless_one_is_asked_for(
    aws: RefusingAws,
) -> None:
    for region in (None, "sa-east-1"):
        failing(AwsClients(aws.address).client("kinesis", QUICK, region))
    assert [heard.split("Credential=")[1].split("/")[0] for heard in aws.heard] == ["local", "local"]
    assert [heard.split("/")[2] for heard in aws.heard] == ["us-east-1", "sa-east-1"]


@pytest.mark.usefixtures("somebody")
def test_aws_s_own_settings_are_obeyed_without_an_endpoint_of_ours(
    monkeypatch: pytest.MonkeyPatch, aws: RefusingAws
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws.address)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    failing(AwsClients().client("kinesis", QUICK))
    assert "AKIAIOSFODNN7EXAMPLE" in aws.heard[0]
    assert "/eu-west-1/" in aws.heard[0]


def test_a_refusal_says_who_refused_what_and_whom_to_ask(aws: RefusingAws) -> None:
    refused = failing(AwsClients(aws.address).client("kinesis", QUICK))
    assert (refused.code, refused.nothing_done) == ("AccessDeniedException", True)
    assert str(refused) == (
        f"AWS kinesis at {aws.address}: ListStreams: AccessDeniedException: not you. "
        "Allow ListStreams for the identity that runs this"
    )


def test_pages_are_explained_like_calls(aws: RefusingAws) -> None:
    client = AwsClients(aws.address).client("kinesis", QUICK)
    with pytest.raises(AwsError):
        list(client.get_paginator("list_streams").paginate())


@pytest.mark.parametrize("tries", [1, 2])
def test_a_call_is_tried_as_often_as_its_purpose_says_and_a_failing_service_may_have_acted(
    aws: RefusingAws, tries: int
) -> None:
    aws.status = 500
    purpose = ClientPurpose(connect_seconds=1, answer_seconds=5, tries=tries)
    assert not failing(AwsClients(aws.address).client("kinesis", purpose)).nothing_done
    assert len(aws.heard) == tries


def test_a_server_that_is_not_aws_is_told_as_such(aws: RefusingAws) -> None:
    aws.answer = b"It works!"
    with pytest.raises(AwsError, match="the server there is not AWS"):
        AwsClients(aws.address).client("sts", QUICK).get_caller_identity()


def test_nobody_at_the_endpoint_is_told_with_its_address_and_nothing_was_done() -> None:
    endpoint = f"http://127.0.0.1:{free_port()}"
    gone = failing(AwsClients(endpoint).client("kinesis", QUICK))
    assert (gone.code, gone.nothing_done) == ("EndpointConnectionError", True)
    assert endpoint in gone.place
    assert "aws_endpoint" in gone.fix


def test_an_answer_that_does_not_come_may_have_been_an_act() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        endpoint = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        slow = failing(AwsClients(endpoint).client("kinesis", ClientPurpose(1, 0.1)))
    assert (slow.code, slow.nothing_done) == ("ReadTimeoutError", False)


def test_a_server_that_never_answers_is_not_asked_as_often_as_one_that_throttles() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        endpoint = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        purpose = ClientPurpose(1, 0.1, tries=7, unanswered=2)
        assert failing(AwsClients(endpoint).client("kinesis", purpose)).code == "ReadTimeoutError"
        deaf.setblocking(False)
        heard = 0
        with contextlib.suppress(BlockingIOError):
            while True:
                deaf.accept()[0].close()
                heard += 1
    assert heard == 2


def test_without_credentials_it_is_said_how_to_give_some() -> None:
    nobody = failing(AwsClients().client("kinesis", QUICK, "sa-east-1"))
    assert nobody.place == "AWS kinesis in sa-east-1"
    assert "AWS_PROFILE" in nobody.fix
    assert nobody.nothing_done


def test_without_a_region_it_is_said_which_setting_names_one() -> None:
    with pytest.raises(AwsError, match="no region is set") as raised:
        AwsClients().client("kinesis", QUICK)
    assert "AWS_DEFAULT_REGION" in raised.value.fix


@pytest.mark.parametrize(("name", "value"), [("AWS_PROFILE", "nobody's"), ("AWS_CONFIG_FILE", "torn")])
def test_settings_of_aws_that_cannot_be_used_are_told_before_anything_is_asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, value: str
) -> None:
    (tmp_path / "torn").write_text("[profile\nregion sa-east-1", encoding="utf-8")
    monkeypatch.setenv(name, str(tmp_path / value) if name == "AWS_CONFIG_FILE" else value)
    with pytest.raises(AwsError, match="the AWS settings"):
        AwsClients().client("kinesis", QUICK, "sa-east-1")


def test_an_endpoint_that_is_no_address_is_told_when_the_client_is_made() -> None:
    with pytest.raises(AwsError, match="aws_endpoint"):
        AwsClients("localhost").client("kinesis", QUICK)
