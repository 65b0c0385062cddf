"""Channels become notifiers: secrets from the settings only, and nothing is asked of the outside yet."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from alarms.model.severity import Severity
from alarms.notify.lambda_action import LambdaNotifier
from alarms.notify.sns import SnsNotifier
from alarms.policy.channel import (
    AppriseChannel,
    Channel,
    LambdaChannel,
    NtfyChannel,
    PagerDutyChannel,
    SlackChannel,
    SmsChannel,
    SmtpChannel,
    SnsChannel,
    TeamsChannel,
    TelegramChannel,
    WebhookChannel,
)
from app.bootstrap.notifiers import build_notifiers
from app.bootstrap.routing_role import LEASE
from app.settings import ChannelSecrets, Settings, SettingsError, load_settings
from foundation.aws.errors import AwsError
from foundation.clock import SystemClock
from foundation.errors import DefinitionError
from foundation.exit_status import ExitStatus
from foundation.workspace import SHIPPED
from tests.support.command_line import mirante
from tests.support.http_catcher import HttpCatcher
from tests.support.router import asking
from tests.support.router_store_contract import notification

SMTP = SmtpChannel("mail", 587, "m@x.org", {"*": ("sre@x.org",)}, user="mirante")
TOPICS = SnsChannel(dict.fromkeys(Severity, "arn:aws:sns:sa-east-1:123456789012:t"))


@pytest.mark.parametrize(
    ("channel", "secret"),
    [
        (WebhookChannel("https://x.example/"), "the key its requests are signed with"),
        (SlackChannel(), "its address"),
        (SMTP, "the password of its user"),
        (TeamsChannel(), "its address"),
        (TelegramChannel({"*": ("1",)}, "https://t.example"), "the token of its bot"),
        (PagerDutyChannel("https://p.example"), "the integration key of its service"),
        (
            SmsChannel("AC1", "+15550100", {"*": ("+15550101",)}, "https://s.example"),
            "the token of its account",
        ),
        (NtfyChannel({"*": ("pages",)}, "https://n.example"), "its access token"),
    ],
)
def test_a_channel_without_its_secret_says_which_variable_to_set(channel: Channel, secret: str) -> None:
    with pytest.raises(SettingsError) as raised:
        build_notifiers({"ops-chat": channel}, Settings(), SystemClock())
    assert "MIRANTE_CHANNEL_SECRET_OPS_CHAT" in str(raised.value)
    assert secret in str(raised.value)
    settings = Settings(channel_secrets=ChannelSecrets({"ops-chat": "https://s.example"}))
    built = build_notifiers({"ops-chat": channel}, settings, SystemClock())
    assert set(built.by_channel) == {"ops-chat"}
    built.close()


def test_an_apprise_url_that_the_library_does_not_know_is_refused_and_not_repeated() -> None:
    settings = Settings(channel_secrets=ChannelSecrets({"other": "nosuch://s3cret"}))
    with pytest.raises(SettingsError, match="not a URL that apprise knows") as raised:
        build_notifiers({"other": AppriseChannel()}, settings, SystemClock())
    assert "MIRANTE_CHANNEL_SECRET_OTHER" in str(raised.value)
    assert "s3cret" not in str(raised.value)


def test_without_the_library_an_apprise_channel_says_which_extra_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    monkeypatch.delitem(sys.modules, "alarms.notify.apprise_urls", raising=False)
    (tmp_path / "channels.yaml").write_text(
        "version: 1\nchannels:\n  other: {kind: apprise}\n", encoding="utf-8"
    )
    monkeypatch.setenv("MIRANTE_CHANNEL_SECRET_OTHER", "json://x.example")
    monkeypatch.setenv("MIRANTE_ALARM_POLICY", str(tmp_path))
    (tmp_path / "policy.yaml").write_text(
        (SHIPPED.alarms / "policy.yaml").read_text(encoding="utf-8").replace("[default]", "[other]"),
        encoding="utf-8",
    )
    ran = mirante("alerts", "try", "other")
    assert ran.status == ExitStatus.ENVIRONMENT
    assert "this needs the extra 'apprise', which is not installed" in ran.err


def test_an_aws_client_is_of_its_topics_region_and_gives_up_well_before_the_lease() -> None:
    functions = LambdaChannel({"restart": "arn:aws:lambda:us-east-1:123456789012:function:restart"})
    built = build_notifiers({"pages": TOPICS, "machines": functions}, Settings(), SystemClock())
    sns, machines = built.by_channel["pages"], built.by_channel["machines"]
    assert isinstance(sns, SnsNotifier)
    assert isinstance(machines, LambdaNotifier)
    clients: list[tuple[Any, str]] = [(sns._client, "sa-east-1"), (machines._client, "us-east-1")]
    for client, region in clients:
        made = client.meta
        assert made.region_name == region
        worst = made.config.connect_timeout + made.config.read_timeout
        assert worst * made.config.retries["total_max_attempts"] < LEASE.total_seconds() / 4


def test_without_a_region_the_message_says_what_to_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(AwsError, match="Set AWS_DEFAULT_REGION"):
        build_notifiers({"machines": LambdaChannel({"restart": "restart"})}, Settings(), SystemClock())


def test_secrets_come_from_file_and_environment_and_are_never_shown(tmp_path: Path) -> None:
    (tmp_path / "mirante.toml").write_text(
        '[channel_secrets]\nmail = "of-the-file"\nops-chat = "older"\n', encoding="utf-8"
    )
    environment = {"MIRANTE_CHANNEL_SECRET_OPS_CHAT": "of-the-environment"}
    settings = load_settings(environment=environment, directory=tmp_path)
    assert settings.channel_secrets.by_channel == {"mail": "of-the-file", "ops-chat": "of-the-environment"}
    assert "of-the" not in str(settings.masked())
    assert settings.masked()["channel_secrets"] == "mail ********, ops-chat ********"
    child = load_settings(environment=settings.child_environment(), directory=tmp_path / "elsewhere")
    assert child.channel_secrets == settings.channel_secrets


def test_topics_are_a_list_in_the_file_and_have_commas_in_the_environment(tmp_path: Path) -> None:
    (tmp_path / "mirante.toml").write_text('alarm_topics = ["arn:a", "arn:b"]\n', encoding="utf-8")
    settings = load_settings(environment={}, directory=tmp_path)
    assert settings.alarm_topics == ("arn:a", "arn:b")
    child = load_settings(environment=settings.child_environment(), directory=tmp_path / "elsewhere")
    assert child.alarm_topics == settings.alarm_topics


def test_secrets_that_are_no_table_are_refused(tmp_path: Path) -> None:
    (tmp_path / "mirante.toml").write_text('channel_secrets = "x"\n', encoding="utf-8")
    with pytest.raises(DefinitionError, match=r"mirante\.toml:1: .*\[channel_secrets\] table"):
        load_settings(environment={}, directory=tmp_path)


@pytest.mark.parametrize(
    ("channel", "setting"),
    [
        (SlackChannel(interactive=True), "slack_signing_secret"),
        (TelegramChannel({"*": ("1",)}, "", interactive=True), "telegram_hook_token"),
    ],
)
def test_a_button_opens_the_link_where_nobody_would_believe_its_press(
    channel: SlackChannel | TelegramChannel, setting: str
) -> None:
    sent = asking(notification())
    for secret, opens in (("", True), ("secret", False)):
        settings = Settings(channel_secrets=ChannelSecrets({"chat": ""}), **{setting: secret})  # type: ignore[arg-type]
        with HttpCatcher() as server:
            reached = channel if isinstance(channel, SlackChannel) else replace(channel, server=server.url)
            settings = replace(settings, channel_secrets=ChannelSecrets({"chat": server.url}))
            built = build_notifiers({"chat": reached}, settings, SystemClock())
            built.by_channel["chat"].send(sent)
            built.close()
            sent_as = json.loads(server.caught[0].body)
            told = json.dumps(sent_as["blocks" if isinstance(channel, SlackChannel) else "reply_markup"])
        assert (sent.message.acknowledge in told) is opens
        assert (sent.incident_id in told) is not opens
