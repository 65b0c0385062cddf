"""The channels file: every kind is read, and every mistake names its place and its fix."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from alarms.model.severity import Severity
from alarms.policy.channel import (
    Encryption,
    LambdaChannel,
    LocalChannel,
    SlackChannel,
    SmtpChannel,
    SnsChannel,
    WebhookChannel,
    secret_of,
)
from alarms.policy.channel_file import load_channels
from alarms.policy.policy_file import load_policy
from foundation.errors import DefinitionErrors
from foundation.workspace import SHIPPED

TOPICS = {level.value: f"arn:aws:sns:sa-east-1:123456789012:m-{level.value.lower()}" for level in Severity}
SMTP = {"kind": "smtp", "host": "mail", "port": 587, "sender": "m@x.org", "recipients": {"*": "sre@x.org"}}


def written(folder: Path, **channels: Any) -> Path:
    file = folder / "channels.yaml"
    file.write_text(json.dumps({"version": 1, "channels": channels}), encoding="utf-8")
    return file


def problems(folder: Path, **channels: Any) -> str:
    with pytest.raises(DefinitionErrors) as raised:
        load_channels(written(folder, **channels))
    return "\n".join(str(error) for error in raised.value.errors)


def test_what_ships_stays_on_this_machine() -> None:
    assert load_channels() == {"default": LocalChannel()}


def test_every_kind_is_read_and_says_which_secret_it_needs(tmp_path: Path) -> None:
    found = load_channels(
        written(
            tmp_path,
            default={"kind": "local"},
            pages={"kind": "sns", "topics": TOPICS},
            tickets={"kind": "webhook", "url": "https://tickets.example/in"},
            chat={"kind": "slack"},
            mail={**SMTP, "user": "mirante"},
            relay={**SMTP, "host": "127.0.0.1", "encryption": "none"},
            machines={"kind": "lambda", "functions": {"restart-api": "restart"}},
        )
    )
    assert found["pages"] == SnsChannel({level: TOPICS[level] for level in Severity})
    assert found["tickets"] == WebhookChannel("https://tickets.example/in")
    assert found["chat"] == SlackChannel()
    assert found["relay"] == SmtpChannel("127.0.0.1", 587, "m@x.org", {"*": ("sre@x.org",)}, Encryption.NONE)
    assert found["machines"] == LambdaChannel({"restart-api": "restart"})
    needed = {name: secret_of(channel) for name, channel in found.items()}
    assert {name for name, secret in needed.items() if secret} == {"tickets", "chat", "mail"}


@pytest.mark.parametrize(
    ("channel", "expected"),
    [
        ({}, "channels.it.kind: is required but missing"),
        ({"kind": "pigeon"}, "'pigeon' is not one of local, sns"),
        ({"kind": "local", "path": "x"}, "channels.it.path: is not a known key"),
        (
            {"kind": "sns", "topics": {**TOPICS, "P4": "p4"}},
            "'p4' is not the ARN of an SNS topic. Write arn:aws:sns",
        ),
        ({"kind": "sns", "topics": {"P1": TOPICS["P1"]}}, "channels.it.topics.P2: is required but missing"),
        (
            {"kind": "sns", "topics": {**TOPICS, "P1": TOPICS["P1"].replace("sa-east-1", "us-east-1")}},
            "the topics are in several regions",
        ),
        ({"kind": "webhook", "url": "tickets.example"}, "is not a URL. Write https://HOST/PATH"),
        ({"kind": "webhook", "url": "https://u:p@x.example"}, "contains a secret"),
        (
            {"kind": "slack", "url": "https://chat.example/T0/B0"},
            "the URL of a chat webhook is a secret",
        ),
        ({**SMTP, "port": 99999}, "99999 is not a port"),
        ({**SMTP, "sender": "mirante"}, "'mirante' is not a mail address"),
        ({**SMTP, "recipients": {}}, "is empty. Name at least one"),
        ({**SMTP, "encryption": "none", "user": "m"}, "its password would be sent unencrypted"),
        ({**SMTP, "password": "p"}, "channels.it.password: is not a known key"),
    ],
)
def test_a_mistake_names_its_place_and_its_fix(
    tmp_path: Path, channel: dict[str, Any], expected: str
) -> None:
    assert expected in problems(tmp_path, it=channel)


def test_a_name_has_to_fit_the_environment_variable_of_its_secret(tmp_path: Path) -> None:
    assert "'Ops Chat' is not a valid name" in problems(tmp_path, **{"Ops Chat": {"kind": "local"}})
    assert "names no channel" in problems(tmp_path)


REMEDIATION = (
    """remediation:\n  - {name: restart-api, match: ['component="x"'], severities: [P1], """
    """channel: CHANNEL, at_most: 2, within: 1h}"""
)
TEAM = "    name: {en: Security, pt: Segurança}\n    channels: "


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (f"{TEAM}[default]", f"{TEAM}[pager]", "teams.security.channels: 'pager' is not a channel"),
        (
            f"{TEAM}[default]",
            f"{TEAM}[]",
            "teams.security: has no channel, so the team would never be notified",
        ),
        (f"{TEAM}[default]", f"{TEAM}[machines]", "'machines' calls machines and cannot notify people"),
        (f"{TEAM}[default]", f"{TEAM}[default, mail]", "'mail' has no recipient for 'security'"),
        ("remediation: []", REMEDIATION.replace("CHANNEL", "lambda"), "channel: 'lambda' is not a channel"),
        ("remediation: []", REMEDIATION.replace("CHANNEL", "machines"), "no function for 'restart-api'"),
    ],
)
def test_the_policy_names_only_channels_that_can_carry_it(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    channels = load_channels(
        written(
            tmp_path,
            default={"kind": "local"},
            mail={**SMTP, "recipients": {"operations": "ops@x.org"}},
            machines={"kind": "lambda", "functions": {"other": "f"}},
        )
    )
    text = (SHIPPED.alarms / "policy.yaml").read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / "policy.yaml"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DefinitionErrors) as raised:
        load_policy(file, channels=channels)
    (error,) = raised.value.errors
    assert expected in str(error)
    assert str(error).startswith(f"{file}:"), "with its line"
