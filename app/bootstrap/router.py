"""The severity router over its store, as every process that touches incidents opens it; and its notifiers."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import Protocol, TypeVar

from alarms.model.errors import StoreBusy
from alarms.model.ids import SortableIds
from alarms.notify.compose import Composer
from alarms.notify.dispatcher import Notifier
from alarms.notify.lambda_action import LambdaNotifier
from alarms.notify.local_sink import LocalSink
from alarms.notify.slack import SlackNotifier
from alarms.notify.smtp import SmtpNotifier, SmtpServer
from alarms.notify.sns import SnsNotifier
from alarms.notify.webhook import WebhookNotifier
from alarms.policy.alarm_policy import load_alarm_policy
from alarms.policy.channel import (
    Channel,
    Channels,
    LambdaChannel,
    LocalChannel,
    SlackChannel,
    SmtpChannel,
    SnsChannel,
    WebhookChannel,
    secret_of,
)
from alarms.policy.runbook import Runbooks
from alarms.reports.metrics import AlertsReceived
from alarms.router.router import Router
from alarms.router.topology import Topology
from alarms.stores.protocol import RouterStore
from alarms.stores.sqlite import SqliteRouterStore
from app.bootstrap.paths import DataPaths
from app.settings import Settings, SettingsError, channel_variable
from foundation.aws.clients import AwsClients
from foundation.aws.purpose import ClientPurpose
from foundation.clock import Clock, SystemClock, parse_clock
from slo.model.catalogue import Catalogue

# The outbox tries again by itself, with the dedup id it had; a try ends well before its lease does.
PAGES = ClientPurpose(connect_seconds=3, answer_seconds=5)


@dataclass(frozen=True, slots=True)
class RouterParts:
    store: RouterStore
    router: Router
    runbooks: Runbooks
    channels: Channels
    received: AlertsReceived


def open_router(settings: Settings, catalogue: Catalogue, *, must_exist: bool = False) -> RouterParts:
    """Safe beside other processes on the same store.

    Raises:
        DefinitionErrors: the alarm policy or one of its companions says something wrong.
        AlarmsError: the store's file cannot be used.
        SettingsError: the store at ``router_store`` cannot.
    """
    if not must_exist:
        DataPaths(settings.data_dir).control.mkdir(parents=True, exist_ok=True)
    clock = parse_clock(settings.clock)
    alarms = load_alarm_policy(settings.folders)
    store = _open_store(settings, must_exist)
    received = AlertsReceived()
    console = settings.console_url or f"http://{settings.host}:{settings.control_port}"
    router = Router(
        store,
        alarms.policy,
        clock,
        SortableIds(clock),
        schedules=alarms.schedules,
        topology=Topology(catalogue.components),
        composer=Composer(alarms.runbooks, console.rstrip("/")),
        received=received.count,
        environment=settings.environment,
    )
    return RouterParts(store, router, alarms.runbooks, alarms.channels, received)


def _open_store(settings: Settings, must_exist: bool) -> RouterStore:
    """Leases go by the database's clock, which the workers share, unless ours is accelerated."""
    if not settings.router_store:
        return SqliteRouterStore(DataPaths(settings.data_dir).router, must_exist=must_exist)
    # Imported here: its driver takes time to load, and the embedded store needs none.
    from alarms.stores.mysql import MysqlRouterStore

    shown = settings.masked()["router_store"]
    try:
        return MysqlRouterStore(settings.router_store, server_time=settings.clock == "system")
    except ValueError as error:
        fix = "Write mysql://user:password@host:port/database"
        raise SettingsError("router_store", f"{shown}: {error}", fix) from None
    except StoreBusy as error:
        fix = "Start that server, or correct the URL"
        raise SettingsError("router_store", f"{shown} cannot be used: {error.reason}", fix) from error


class Closing(Protocol):
    def close(self) -> object: ...


Closes = TypeVar("Closes", bound=Closing)


@dataclass(frozen=True, slots=True)
class Notifiers:
    """By the name of their channel."""

    by_channel: Mapping[str, Notifier]
    close: Callable[[], None]


def build_notifiers(channels: Channels, settings: Settings, clock: Clock) -> Notifiers:
    """Nothing is asked of the outside yet.

    Raises:
        SettingsError: a channel lacks its secret.
        AwsError: AWS cannot be used as it is configured.
    """
    with ExitStack() as opened:
        built = {
            name: _notifier(name, channel, settings, clock, opened) for name, channel in channels.items()
        }
        return Notifiers(built, opened.pop_all().close)


def _notifier(name: str, channel: Channel, settings: Settings, clock: Clock, opened: ExitStack) -> Notifier:
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
            return kept(WebhookNotifier(channel.url, secret.encode(), SystemClock().now))
        case SlackChannel():
            return kept(SlackNotifier(secret))
        case SmtpChannel():
            return SmtpNotifier(_mail_server(channel, secret), channel.recipients)
        case LambdaChannel():
            functions = {f"remediation:{action}": name for action, name in channel.functions.items()}
            return LambdaNotifier(kept(aws.client("lambda", PAGES, _region(channel))), functions)


def _secret(name: str, channel: Channel, settings: Settings) -> str:
    """Raises SettingsError when the channel needs one and has none."""
    what = secret_of(channel)
    given = settings.channel_secrets.by_channel.get(name, "")
    if what is not None and not given:
        problem = f"the channel {name!r} of channels.yaml needs {what}"
        raise SettingsError(channel_variable(name), problem, "Set it, or remove the channel")
    return given


def _mail_server(channel: SmtpChannel, secret: str) -> SmtpServer:
    return SmtpServer(
        channel.host,
        channel.port,
        channel.sender,
        user=channel.user,
        password=secret or None,
        tls=ssl.create_default_context() if channel.starttls else None,
    )


def _region(channel: LambdaChannel) -> str | None:
    """That of its functions, where they are named by ARN."""
    arns = [name for name in channel.functions.values() if name.startswith("arn:")]
    return arns[0].split(":")[3] if arns else None
