"""What carries messages, from the channels that people configured; secrets come from the settings only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol, TypeVar

from alarms.notify.dispatcher import Notifier
from alarms.notify.lambda_action import LambdaNotifier
from alarms.notify.local_sink import LocalSink
from alarms.notify.ntfy import NtfyNotifier
from alarms.notify.pagerduty import PagerDutyNotifier
from alarms.notify.slack import SlackNotifier
from alarms.notify.sms import SmsNotifier
from alarms.notify.smtp import MailSecrets, SmtpNotifier
from alarms.notify.sns import SnsNotifier
from alarms.notify.teams import TeamsNotifier
from alarms.notify.telegram import TelegramNotifier
from alarms.notify.webhook import WebhookNotifier
from alarms.policy.channel import (
    AppriseChannel,
    Channel,
    Channels,
    LambdaChannel,
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
    hook_secret_of,
    secret_of,
)
from alarms.policy.webhook_template import TemplateFault
from app.bootstrap.paths import DataPaths
from app.settings import Settings, SettingsError, channel_variable
from foundation.aws.clients import AwsClients
from foundation.aws.purpose import ClientPurpose
from foundation.clock import Clock, SystemClock

# The outbox tries again by itself, with the dedup id it had; a try ends well before its lease does.
PAGES = ClientPurpose(connect_seconds=3, answer_seconds=5)
TemplateFailed = Callable[[str, TemplateFault], None]  # a channel, and what is wrong with its template


class Closing(Protocol):
    def close(self) -> object: ...


Closes = TypeVar("Closes", bound=Closing)


@dataclass(frozen=True, slots=True)
class Notifiers:
    """By the name of their channel."""

    by_channel: Mapping[str, Notifier]
    close: Callable[[], None]


def build_notifiers(
    channels: Channels, settings: Settings, clock: Clock, failed: TemplateFailed = lambda _name, _fault: None
) -> Notifiers:
    """Nothing is asked of the outside yet. ``failed`` hears of a template that fails, and of which channel.

    Raises:
        SettingsError: a channel lacks its secret, or has one that cannot be used.
        ModuleNotFoundError: a channel needs an extra that is not installed.
        AwsError: AWS cannot be used as it is configured.
    """
    with ExitStack() as opened:
        built = {
            name: _notifier(name, channel, settings, clock, opened, partial(failed, name))
            for name, channel in channels.items()
        }
        return Notifiers(built, opened.pop_all().close)


def _notifier(
    name: str,
    channel: Channel,
    settings: Settings,
    clock: Clock,
    opened: ExitStack,
    failed: Callable[[TemplateFault], None],
) -> Notifier:
    """What it opens is closed with ``opened``; a mail's connection ends with the mail."""
    secret = _secret(name, channel, settings)
    aws = AwsClients(settings.aws_endpoint)

    def kept(resource: Closes) -> Closes:
        return opened.enter_context(closing(resource))

    match channel:
        case LocalChannel():
            return kept(LocalSink(DataPaths(settings.data_dir).notifications, clock))
        case SnsChannel():
            return SnsNotifier(kept(aws.client("sns", PAGES, channel.region)), channel.topics)
        case WebhookChannel():
            now, template = SystemClock().now, channel.template
            return kept(WebhookNotifier(channel.url, secret.encode(), now, template=template, failed=failed))
        case SlackChannel():
            return kept(
                SlackNotifier(secret, languages=channel.languages, interactive=_hears(channel, settings))
            )
        case TeamsChannel():
            return kept(TeamsNotifier(secret, languages=channel.languages))
        case TelegramChannel():
            return kept(TelegramNotifier(replace(channel, interactive=_hears(channel, settings)), secret))
        case SmtpChannel():
            return SmtpNotifier(channel, MailSecrets(secret))
        case PagerDutyChannel():
            return kept(PagerDutyNotifier(channel, secret))
        case SmsChannel():
            return kept(SmsNotifier(channel, secret))
        case NtfyChannel():
            return kept(NtfyNotifier(channel, secret))
        case AppriseChannel():
            return _apprise(name, channel, secret)
        case LambdaChannel():
            functions = {f"remediation:{action}": name for action, name in channel.functions.items()}
            return LambdaNotifier(kept(aws.client("lambda", PAGES, _region(channel))), functions)


def _hears(channel: Channel, settings: Settings) -> bool:
    """Whether a press of its button would be believed; a link does the same otherwise."""
    needed = hook_secret_of(channel)
    return needed is not None and bool(getattr(settings, needed))


def _apprise(name: str, channel: AppriseChannel, secret: str) -> Notifier:
    # Imported here: the library comes with an extra, and takes time to load.
    from alarms.notify.apprise_urls import AppriseNotifier

    try:
        return AppriseNotifier(secret, channel.languages)
    except ValueError as error:
        fix = "Write one as the library documents it: SERVICE://..."
        raise SettingsError(channel_variable(name), str(error), fix) from None


def _secret(name: str, channel: Channel, settings: Settings) -> str:
    """Raises SettingsError when the channel needs one and has none."""
    what = secret_of(channel)
    given = settings.channel_secrets.by_channel.get(name, "")
    if what is not None and not given:
        problem = f"the channel {name!r} of channels.yaml needs {what}"
        raise SettingsError(channel_variable(name), problem, "Set it, or remove the channel")
    return given


def _region(channel: LambdaChannel) -> str | None:
    """That of its functions, where they are named by ARN."""
    arns = [name for name in channel.functions.values() if name.startswith("arn:")]
    return arns[0].split(":")[3] if arns else None
