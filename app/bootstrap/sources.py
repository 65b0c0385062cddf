"""Who is asked what fires, by the settings; and the router's loop that asks."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import timedelta

import httpx

from alarms.intake import cloudwatch as sns
from alarms.intake.alertmanager import SOURCE
from alarms.intake.normalise import IntakeRules
from alarms.watching.alertmanager import AlertmanagerAsker
from alarms.watching.cloudwatch import CloudWatchAsker
from alarms.watching.prometheus import PrometheusAsker
from alarms.watching.source_answer import Asker, WatchedSource, WatchTimes
from alarms.watching.watch import SourceWatch
from app.bootstrap.process import ProcessParts
from app.bootstrap.router import RouterParts
from app.serving.loops import Loop, in_thread
from app.settings import Settings, SettingsError
from foundation.aws.clients import AwsClients
from foundation.aws.purpose import ClientPurpose
from foundation.clock import SystemClock

AUTO, NONE = "auto", "none"
ALERTMANAGER, PROMETHEUS, CLOUDWATCH = "alertmanager", "prometheus", "cloudwatch"
READ_SECONDS = 10.0  # real, for each read of an answer
ALARMS = ClientPurpose(connect_seconds=3, answer_seconds=10, tries=3, unanswered=1)
Rules = Callable[[], IntakeRules]
Signs = Callable[[], frozenset[str]]


def add_watch(parts: ProcessParts, routing: RouterParts, rules: Rules, signs: Signs) -> None:
    """``signs`` are names of alerts that are signs of life.

    Raises:
        SettingsError: a source is named that is none, or that has no address.
        AwsError: AWS cannot be used as it is configured.
    """
    settings, opened = parts.settings, ExitStack()
    watched = watched_sources(settings, rules, opened, signs)
    parts.closing.append(opened.close)
    if watched:
        watch = SourceWatch(routing.store, routing.router, parts.clock, watched, _times(settings))
        parts.loops.append(Loop("watch", settings.watch_every, in_thread(watch.run_once), parts.clock))


def watched_sources(
    settings: Settings, rules: Rules, opened: ExitStack, signs: Signs = frozenset
) -> list[WatchedSource]:
    """Those whose alerts come by one hook together; what is opened for them ends with ``opened``."""
    names, wall = source_names(settings), SystemClock().now
    askers: list[Asker] = []
    if ALERTMANAGER in names:
        client = opened.enter_context(httpx.Client(timeout=READ_SECONDS))
        receivers = settings.alertmanager_receivers
        askers.append(AlertmanagerAsker(settings.alertmanager, client, rules, wall, receivers))
    if PROMETHEUS in names:
        client = opened.enter_context(httpx.Client(timeout=READ_SECONDS))
        askers.append(PrometheusAsker(settings.prometheus, client, rules, wall))
    found = [WatchedSource(SOURCE, tuple(askers), signs)] if askers else []
    if CLOUDWATCH in names:
        alarms = opened.enter_context(closing(AwsClients(settings.aws_endpoint).client("cloudwatch", ALARMS)))
        asker = CloudWatchAsker(alarms, rules, wall, settings.alarm_topics)
        found.append(WatchedSource(sns.SOURCE, (asker,)))
    return found


def source_names(settings: Settings) -> tuple[str, ...]:
    """Which of them are watched. CloudWatch has to be named where only topics are set: their messages come
    without credentials of ours, and asking takes some.

    Raises:
        SettingsError: one is named that is none, or that has no address.
    """
    addressed = {
        ALERTMANAGER: bool(settings.alertmanager),
        PROMETHEUS: bool(settings.prometheus),
        CLOUDWATCH: bool(settings.alarm_topics or settings.alarm_queue),
    }
    chosen = settings.watched_sources
    if chosen == (NONE,) or not chosen:
        return ()
    if chosen == (AUTO,):
        unasked = () if settings.alarm_queue else (CLOUDWATCH,)
        return tuple(name for name, is_set in addressed.items() if is_set and name not in unasked)
    for name in chosen:
        if name not in addressed:
            known = ", ".join([AUTO, NONE, *addressed])
            raise SettingsError("watched_sources", f"{name!r} is not a source", f"Choose among: {known}")
        if not addressed[name]:
            needs = "alarm_topics or alarm_queue" if name == CLOUDWATCH else name
            raise SettingsError("watched_sources", f"{name} is named and has no address", f"Set {needs}")
    return chosen


def _times(settings: Settings) -> WatchTimes:
    return WatchTimes(
        timedelta(seconds=settings.page_unsent_after),
        timedelta(seconds=settings.close_unreported_after),
        timedelta(seconds=settings.page_source_after),
    )
