"""``mirante alerts channels``, ``try`` and ``subscribe``: what carries messages, and to whom."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from alarms.model.severity import Severity
from app.cli.alerts import NoRouterYet, desk_of
from app.cli.context import age_text, echo_json, json_option, pass_settings, plain_table, say, stdout
from app.settings import Settings, channel_variable
from foundation.clock import SystemClock, parse_clock

if TYPE_CHECKING:
    from alarms.policy.alarm_policy import AlarmPolicy
    from alarms.policy.channel import Channel
    from alarms.router.channel_health import ChannelHealth

ROUTER = "router"


@click.command()
@json_option
@pass_settings
def channels(settings: Settings, as_json: bool) -> None:
    """List the channels: whom they serve, whether their secrets are set, whether messages arrive."""
    from alarms.policy.alarm_policy import load_alarm_policy
    from alarms.router.channel_health import ChannelHealth

    found, now = load_alarm_policy(settings.folders), parse_clock(settings.clock).now()
    health = _health(settings)
    if as_json:
        echo_json([{"channel": name, **asdict(health.get(name, ChannelHealth()))} for name in found.channels])
        return
    columns = ("channel", "kind", "teams", "secret", "last arrived", "fails since", "waiting", "why")
    table = plain_table(*columns, right=("waiting",))
    for name, channel in found.channels.items():
        teams = [team.id for team in found.policy.teams if name in team.channels]
        actions = [action.name for action in found.policy.remediation if action.channel == name]
        serves, one = ", ".join([*teams, *actions]), health.get(name, ChannelHealth())
        arrived, fails = (
            "" if at is None else age_text(at, now) for at in (one.arrived_at, one.failing_since)
        )
        secret = _secret(settings, name, channel)
        table.add_row(name, _kind(channel), serves, secret, arrived, fails, f"{one.waiting}", one.reason)
    stdout.print(table)


def _health(settings: Settings) -> Mapping[str, ChannelHealth]:
    """By the newest messages of the router there is; nothing is known where none ever ran."""
    from alarms.router.channel_health import channel_health

    try:
        return channel_health(desk_of(settings).notifications(limit=500))
    except NoRouterYet:
        return {}


def _kind(channel: Channel) -> str:
    return type(channel).__name__.removesuffix("Channel").lower()


def _secret(settings: Settings, name: str, channel: Channel) -> str:
    from alarms.policy.channel import secret_of

    if secret_of(channel) is None:
        return "needs none"
    there = name in settings.channel_secrets.by_channel
    return "set" if there else f"missing: {channel_variable(name)}"


@click.command(name="try")
@click.argument("channel")
@click.option("--team", help="Team to address.  [default: the first team of the policy]")
@click.option(
    "--severity", type=click.Choice([level.value for level in Severity]), default="P4", show_default=True
)
@pass_settings
def try_(settings: Settings, channel: str, team: str | None, severity: str) -> None:
    """Send a test message through a channel; no incident is opened."""
    from alarms.notify.compose import trial_message
    from alarms.policy.alarm_policy import load_alarm_policy
    from alarms.policy.channel import LambdaChannel
    from app.bootstrap.notifiers import build_notifiers
    from app.bootstrap.router import console_address

    found = load_alarm_policy(settings.folders)
    chosen = _chosen(found, channel)
    if isinstance(chosen, LambdaChannel):
        raise click.BadParameter(
            "it calls machines, so a test would trigger a real action", param_hint="CHANNEL"
        )
    clock = SystemClock()
    notifiers = build_notifiers({channel: chosen}, settings, clock)
    message = trial_message(
        team or found.policy.teams[0].id,
        channel,
        Severity(severity),
        settings.environment,
        clock.now(),
        f"{console_address(settings)}/console/",
    )
    try:
        taken_as = notifiers.by_channel[channel].send(message)
    finally:
        notifiers.close()
    say(f"{channel} accepted the message as {taken_as}.")


@click.command()
@click.argument("who")
@click.argument("queue_arn")
@click.option("--channel", default="pages", show_default=True, help="SNS channel that owns the topics.")
@pass_settings
def subscribe(settings: Settings, who: str, queue_arn: str, channel: str) -> None:
    """Subscribe an SQS queue to a channel's topics; WHO is a team, or `router`.

    A team's queue gets only that team's messages, so the backup's queue does not get the first page. The
    router's queue gets the alarms that CloudWatch sends to the same topics, and none of our own messages.
    """
    from alarms.notify.sns_topics import subscribe_router, subscribe_team
    from alarms.policy.alarm_policy import load_alarm_policy
    from alarms.policy.channel import SnsChannel
    from app.bootstrap.notifiers import PAGES
    from foundation.aws.clients import AwsClients

    found = load_alarm_policy(settings.folders)
    chosen = _chosen(found, channel)
    if not isinstance(chosen, SnsChannel):
        raise click.BadParameter(f"{channel!r} has no topics", param_hint="--channel")
    teams = [team.id for team in found.policy.teams]
    if who not in (ROUTER, *teams):
        raise click.BadParameter(f"write {ROUTER} or one of {', '.join(teams)}", param_hint="WHO")
    with contextlib.closing(AwsClients(settings.aws_endpoint).client("sns", PAGES, chosen.region)) as client:
        made = (
            subscribe_router(client, chosen.topics, queue_arn)
            if who == ROUTER
            else subscribe_team(client, chosen.topics, who, queue_arn)
        )
    for subscription in made:
        say(subscription)


def _chosen(found: AlarmPolicy, name: str) -> Channel:
    if name not in found.channels:
        known = ", ".join(sorted(found.channels))
        raise click.BadParameter(f"{name!r} is not a channel (known: {known})", param_hint="CHANNEL")
    return found.channels[name]
