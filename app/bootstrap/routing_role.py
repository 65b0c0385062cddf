"""The router's role: alerts in, worked off, escalated, delivered, audited, counted; missed when it stops.

They come in by hooks that know their senders, by SNS over HTTPS, and from an SQS queue.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable, Sequence
from datetime import timedelta

import httpx

from alarms.http.auth import (
    HOOKS,
    READ,
    TOKENS,
    WRITE,
    AuthenticatorChain,
    BearerTokens,
    Principal,
    SignedBodies,
    StoredTokens,
)
from alarms.http.desk_api import DeskApi
from alarms.http.heartbeat_api import HeartbeatApi
from alarms.http.hooks import Hooks
from alarms.http.reload_api import ReloadApi
from alarms.http.token_api import TokenApi
from alarms.intake.heartbeats import Heartbeats, SignsOfLife
from alarms.intake.inbox import Inbox
from alarms.intake.intakes_file import Intakes, load_intakes
from alarms.intake.normalise import IntakeRules, intake_rules
from alarms.intake.sns_host import HttpsCertificates, Subscriptions
from alarms.intake.sns_message import TOPIC, CertificateSource, SnsVerifier
from alarms.intake.sqs import SqsConsumer
from alarms.intake.worker import IntakeWorker
from alarms.model.ids import SortableIds
from alarms.model.notification import Delivery
from alarms.notify.dispatcher import Dispatcher, Settled
from alarms.policy.alarm_policy import AlarmPolicy
from alarms.policy.channel import pagers
from alarms.policy.policy import RoutingPolicy
from alarms.reports.metrics import RouterMetrics
from alarms.router.channel_health import ChannelWatch
from alarms.router.heartbeat import HeartbeatSender, ping
from alarms.router.readiness import RouterReadiness
from alarms.router.tokens import OPERATOR
from alarms.stores.protocol import RouterStore
from app.bootstrap.alarm_files import LOOK_EVERY, AlarmFiles, Take
from app.bootstrap.chat import ChatButtons
from app.bootstrap.kept_alarm_files import KeptAlarmFiles
from app.bootstrap.kept_secret import kept_secret
from app.bootstrap.notifiers import Notifiers, build_notifiers
from app.bootstrap.process import ProcessParts
from app.bootstrap.router import RouterParts
from app.bootstrap.sources import add_watch
from app.bootstrap.template_faults import TemplateFaults
from app.serving.loops import Loop, in_thread
from app.settings import Settings, SettingsError
from foundation.aws.clients import AwsClients
from foundation.aws.purpose import ClientPurpose
from foundation.clock import Clock, SystemClock
from slo.model.catalogue import Catalogue

WORK_EVERY = 0.1  # real seconds between two looks at the inbox and the outbox
TICK_EVERY = 5.0  # clock seconds between two looks at the timers
AUDIT_EVERY = 60.0  # clock seconds
LEASE = timedelta(seconds=120)  # more than a fan-out to slow recipients takes
AT_ONCE = 16  # messages on their way
PING_SECONDS = 10.0  # real, that a heartbeat may take
QUEUE_WAIT = 5  # real seconds a look at the queue waits for a message; the process cannot stop meanwhile
QUEUE_PAUSE = 1.0  # real seconds between two looks, when the last one found nothing
ALARM_QUEUE = ClientPurpose(connect_seconds=3, answer_seconds=QUEUE_WAIT + 5)


def add_routing(
    parts: ProcessParts,
    catalogue: Catalogue,
    routing: RouterParts,
    certificates: CertificateSource | None = None,
) -> None:
    """Hooks and desk want the bearer token of ``hook_token``; with none set, the one kept in its file.

    Raises:
        SettingsError: a channel lacks its secret, or a topic is not an ARN.
        DefinitionErrors: the mappings of other senders' JSON say something wrong.
        AwsError: AWS cannot be used as it is configured.
    """
    settings, clock, real = parts.settings, parts.clock, SystemClock()
    store, router = routing.store, routing.router
    metrics, inbox = RouterMetrics(store, clock), Inbox(store, clock, SortableIds(clock))
    subscriptions, queue = Subscriptions(), alarm_queue(settings, store, clock)
    operator = Principal(OPERATOR, frozenset({READ, WRITE, HOOKS, TOKENS}))
    people = AuthenticatorChain(BearerTokens.of({_token(parts): operator}), StoredTokens(store))
    signers = SignedBodies({"signed": settings.hook_key.encode()} if settings.hook_key else {})
    verifier = _verifier(settings, certificates or HttpsCertificates())
    intakes = load_intakes(routing.files.folders)
    heartbeats = Heartbeats(store, router, clock, intakes.heartbeats)
    hooks = Hooks(
        inbox,
        AuthenticatorChain(people, signers),
        clock,
        sns=verifier,
        confirm=subscriptions.confirm,
        heartbeats=heartbeats.names,
    )
    rules = _rules(settings, catalogue)
    signs = SignsOfLife(intakes.heartbeats)
    worker = _worker(routing, rules(router.policy, intakes), clock, inbox, signs)
    channels = ChannelWatch(routing.store, router.routing.troubles, router, clock, routing.channels)
    templates = TemplateFaults(router.routing.troubles, clock)
    notifiers = build_notifiers(routing.channels, settings, clock, templates.failed)
    dispatcher = _dispatcher(routing, notifiers, clock, (metrics.delivered, channels.settled))

    outside = httpx.Client(timeout=PING_SECONDS, follow_redirects=False)
    chat = ChatButtons(settings, router, routing.channels, outside)

    def prepare(alarms: AlarmPolicy) -> Take:
        sent = load_intakes(settings.folders)
        fresh = build_notifiers(alarms.channels, settings, clock, templates.failed)

        def take() -> None:
            dispatcher.change_notifiers(fresh.by_channel, fresh.close)
            templates.forget()
            worker.change_rules(rules(alarms.policy, sent))
            signs.change(sent.heartbeats)
            heartbeats.change(sent.heartbeats)
            router.change_pagers(pagers(alarms.channels))
            channels.change_channels(alarms.channels)
            chat.change_channels(alarms.channels)

        return take

    kept = KeptAlarmFiles(parts.paths.alarm_files)
    files = AlarmFiles(settings, router, clock, routing.files, prepare, kept)
    heartbeat = HeartbeatSender(
        store,
        clock,
        lambda: ping(outside, settings.heartbeat_url),
        complaint=lambda: None if queue is None else queue.complaint(),
    )

    def tick() -> None:
        channels.look()
        router.tick()
        heartbeat.ticked()

    parts.routes += [
        *hooks.routes(),
        *chat.routes(),
        *TokenApi(router.tokens, people).routes(),
        *HeartbeatApi(heartbeats, people).routes(),
        *ReloadApi(files.read, people).routes(),
        *DeskApi(router, people).routes(),
    ]
    parts.collectors.append(metrics)
    free = None if settings.router_store else _free_of(parts)
    parts.judges += [RouterReadiness(store, clock, free), files, channels, templates]
    parts.hangup.append(files.ask)
    parts.loops += [
        Loop("work", WORK_EVERY, in_thread(worker.run_once), real, while_busy=True),
        Loop("timers", TICK_EVERY, in_thread(tick), clock),
        Loop("heartbeats", TICK_EVERY, in_thread(heartbeats.run_once), clock),
        Loop("deliver", WORK_EVERY, in_thread(dispatcher.pump), real, while_busy=True),
        Loop("files", LOOK_EVERY, in_thread(files.look), real),
        Loop("audit", AUDIT_EVERY, in_thread(lambda: metrics.repaired(len(router.audit()))), clock),
    ]
    if queue is not None:
        parts.loops.append(Loop("queue", QUEUE_PAUSE, in_thread(queue.run_once), real, while_busy=True))
    if settings.heartbeat_url:
        parts.loops.append(Loop("heartbeat", settings.heartbeat_every, in_thread(heartbeat.run_once), real))
    add_watch(parts, routing, lambda: rules(router.policy, intakes), signs.alerts)
    # Messages on their way are waited for, in a thread, before what carries them is closed.
    parts.closing += [subscriptions.close, outside.close]
    parts.closing.append(lambda: asyncio.to_thread(dispatcher.close))


def _rules(settings: Settings, catalogue: Catalogue) -> Callable[[RoutingPolicy, Intakes], IntakeRules]:
    def rules(policy: RoutingPolicy, intakes: Intakes) -> IntakeRules:
        words, ignored = policy.severity_words, policy.ignored_labels
        return intake_rules(settings.environment, catalogue.slos, words, ignored, intakes.mappings)

    return rules


def _worker(
    routing: RouterParts, rules: IntakeRules, clock: Clock, inbox: Inbox, signs: SignsOfLife
) -> IntakeWorker:
    return IntakeWorker(
        routing.store,
        routing.router,
        rules,
        clock,
        received=routing.received.count,
        left=inbox.worked_off,
        flooded=inbox.is_flooded,
        signs=signs,
    )


def _dispatcher(
    routing: RouterParts, notifiers: Notifiers, clock: Clock, interested: Sequence[Settled]
) -> Dispatcher:
    def settled(delivery: Delivery) -> None:
        for told in interested:
            told(delivery)

    def dead(delivery: Delivery) -> None:
        """Somebody has to be told all the same: the next in the matrix is."""
        settled(delivery)
        routing.router.undeliverable(delivery)

    dispatcher = Dispatcher(
        routing.store,
        {},
        clock,
        f"dispatcher-{os.getpid()}",
        lease=LEASE,
        concurrency=AT_ONCE,
        on_sent=settled,
        on_failed=settled,
        on_dead=dead,
    )
    dispatcher.change_notifiers(notifiers.by_channel, notifiers.close)
    return dispatcher


def alarm_queue(settings: Settings, store: RouterStore, clock: Clock) -> SqsConsumer | None:
    """The queue that alarms come in by, if one is set. Raises AwsError."""
    if not settings.alarm_queue:
        return None
    client = AwsClients(settings.aws_endpoint).client("sqs", ALARM_QUEUE)
    return SqsConsumer(client, settings.alarm_queue, store, clock, SortableIds(clock), QUEUE_WAIT)


def _verifier(settings: Settings, certificates: CertificateSource) -> SnsVerifier | None:
    for topic in settings.alarm_topics:
        if not TOPIC.fullmatch(topic):
            raise SettingsError(
                "alarm_topics", f"{topic!r} is not the ARN of an SNS topic", "Write arn:aws:sns:..."
            )
    return SnsVerifier(frozenset(settings.alarm_topics), certificates) if settings.alarm_topics else None


def _free_of(parts: ProcessParts) -> Callable[[], int]:
    return lambda: shutil.disk_usage(parts.paths.control).free


def _token(parts: ProcessParts) -> str:
    """The one that is set, or the one in its file: made on first use, readable by its owner only."""
    return parts.settings.hook_token or kept_secret(parts.paths.hook_token)
