"""The channels file: every kind is read, and every mistake names its place and its fix."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from alarms.model.severity import Severity
from alarms.policy.channel import (
    Encryption,
    LambdaChannel,
    Language,
    LocalChannel,
    NtfyChannel,
    PagerDutyChannel,
    SlackChannel,
    SmsChannel,
    SmtpChannel,
    SnsChannel,
    TeamsChannel,
    TelegramChannel,
    WebhookChannel,
    secret_of,
)
from alarms.policy.channel_file import SMS_GATEWAY, TELEGRAM, load_channels
from alarms.policy.policy_file import load_policy
from alarms.policy.webhook_template import EXAMPLE
from foundation.errors import DefinitionErrors
from foundation.workspace import SHIPPED

TOPICS = {level.value: f"arn:aws:sns:sa-east-1:123456789012:m-{level.value.lower()}" for level in Severity}
SMTP = {"kind": "smtp", "host": "mail", "port": 587, "sender": "m@x.org", "recipients": {"*": "sre@x.org"}}


TICKETS = {"kind": "webhook", "url": "https://tickets.example/in"}
SMS = {
    "kind": "sms",
    "account": "AC1",
    "sender": "+15550100",
    "recipients": {"security": ["+15550101", "+15550102"]},
    "voice": ["P1"],
}
SENT_BY = SmtpChannel("mail", 587, "m@x.org", {"*": ("sre@x.org",)})


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
            teams={"kind": "teams", "language": "pt"},
            bot={"kind": "telegram", "recipients": {"*": ["-1001", "@alarms"]}, "interactive": True},
            push={"kind": "ntfy", "recipients": {"*": "pages"}, "server": "https://n.example/", "open": True},
            locked={"kind": "ntfy", "recipients": {"*": "pages"}},
            phone=SMS,
            pager={"kind": "pagerduty", "server": "https://events.eu.pagerduty.com"},
            other={"kind": "apprise"},
        )
    )
    assert found["teams"] == TeamsChannel((Language.PT,))
    assert found["bot"] == TelegramChannel({"*": ("-1001", "@alarms")}, TELEGRAM, interactive=True)
    assert found["push"] == NtfyChannel({"*": ("pages",)}, "https://n.example", open=True)
    assert found["phone"] == SmsChannel(
        "AC1", "+15550100", {"security": ("+15550101", "+15550102")}, SMS_GATEWAY, voice=(Severity.P1,)
    )
    assert found["pager"] == PagerDutyChannel("https://events.eu.pagerduty.com")
    assert found["mail"] == replace(SENT_BY, user="mirante")
    assert found["pages"] == SnsChannel({level: TOPICS[level] for level in Severity})
    assert found["tickets"] == WebhookChannel("https://tickets.example/in")
    assert found["chat"] == SlackChannel()
    assert found["relay"] == SmtpChannel("127.0.0.1", 587, "m@x.org", {"*": ("sre@x.org",)}, Encryption.NONE)
    assert found["machines"] == LambdaChannel({"restart-api": "restart"})
    needed = {name: secret_of(channel) for name, channel in found.items()}
    assert {name for name, secret in needed.items() if secret} == {
        "tickets",
        "chat",
        "mail",
        "teams",
        "bot",
        "locked",
        "phone",
        "pager",
        "other",
    }


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
        ({**SMTP, "recipients": {"*": []}}, "channels.it.recipients.*: is empty"),
        ({**SMTP, "recipients": {"*": ["a@x.org", "b"]}}, "channels.it.recipients.*[1]: 'b' is not a mail"),
        ({"kind": "teams", "url": "https://x.example"}, "the URL of a chat webhook is a secret"),
        ({"kind": "apprise", "url": "slack://x"}, "an Apprise URL is a secret"),
        ({"kind": "slack", "language": "es"}, "'es' is not one of en, pt"),
        ({"kind": "telegram", "recipients": {"*": "ana"}}, "'ana' is not a chat. Write its number"),
        ({"kind": "telegram", "recipients": {"*": ["1"] * 6}}, "names 6, at most 5 are told"),
        (
            {"kind": "telegram", "recipients": {"*": "1"}, "token": "t"},
            "channels.it.token: is not a known key",
        ),
        ({"kind": "ntfy", "recipients": {"*": "a/b"}}, "'a/b' is not a topic"),
        ({"kind": "ntfy", "recipients": {"*": "a"}, "server": "https://["}, "is not a URL"),
        ({"kind": "ntfy", "recipients": {"*": "a"}, "server": "https://u:p@x"}, "contains a secret"),
        ({**SMS, "recipients": {"*": "0555"}}, "'0555' is not a telephone number. Write its +"),
        ({**SMS, "sender": "Mirante"}, "channels.it.voice: calls come from a telephone number"),
        ({**SMS, "account": "AC/../1"}, "is not an id"),
        ({**SMS, "voice": ["P5"]}, "'P5' is not one of P1"),
        ({"kind": "pagerduty", "key": "k"}, "channels.it.key: is not a known key"),
        ({**TICKETS, "content_type": "text/plain"}, "is that of a template, and there is none"),
        ({**TICKETS, "template": "../x.j2"}, "is not a file beside channels.yaml"),
        ({**TICKETS, "template": "/etc/passwd"}, "is not a file beside channels.yaml"),
        ({**TICKETS, "template": "channels.yaml"}, "is not a file beside channels.yaml that ends in .j2"),
        ({**TICKETS, "template": "none.j2"}, "'none.j2': cannot be read: nothing is there"),
        ({**TICKETS, "template": "x.j2", "content_type": "json"}, "'json' is not a content type"),
    ],
)
def test_a_mistake_names_its_place_and_its_fix(
    tmp_path: Path, channel: dict[str, Any], expected: str
) -> None:
    assert expected in problems(tmp_path, it=channel)


def template_problem(folder: Path, text: str, content_type: str = "application/json") -> str:
    (folder / "t.j2").write_text(text, encoding="utf-8")
    return problems(folder, it={**TICKETS, "template": "t.j2", "content_type": content_type})


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ('{\n"a": {{ subject }\n}', 2, "unexpected '}'"),
        (
            '{\n"a": "x",\n"b": {{ titel | tojson }}}',
            3,
            "no value 'titel' (known: acknowledge, address",
        ),
        ('{\n"a": {{ 1 / 0 }}}', 2, "division by zero"),
        ('{\n"a": {{ subject | nosuch }}}', 2, "No filter named 'nosuch'"),
        ('{"a": "{{ subject }}"}', None, "makes no JSON"),
        ("{% if resolved %}{% else %}{}{% endif %}", None, "makes no JSON"),
        ('{"a": {{ attributes["kidn"] | tojson }}}', 1, "is not JSON serializable"),
        ("{{ " + "(" * 5000, None, "is nested too deeply"),
        ("{% include 'other' %}", 1, "no loader for this environment"),
        ("{{ subject.__class__.__mro__ }}", 1, "access to attribute '__class__'"),
        ("{{ attributes.update({}) }}", 1, "access to attribute 'update'"),
    ],
)
def test_a_template_that_fails_is_told_with_its_own_file_and_line(
    tmp_path: Path, text: str, line: int | None, expected: str
) -> None:
    told = template_problem(tmp_path, text)
    place = f"t.j2:{line}: template: " if line else "t.j2: template: "
    assert place in told, told
    assert expected in told


def test_a_template_may_make_something_else_than_json(tmp_path: Path) -> None:
    (tmp_path / "t.j2").write_text("{{ severity }}: {{ body_pt }}", encoding="utf-8")
    path = written(tmp_path, it={**TICKETS, "template": "t.j2", "content_type": "text/plain; charset=utf-8"})
    channel = load_channels(path)["it"]
    assert isinstance(channel, WebhookChannel)
    assert channel.template is not None
    assert channel.template.render(EXAMPLE) == "P1: Primeira linha\nação"
    assert "makes no JSON" in template_problem(tmp_path, "{{ severity }}")


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
