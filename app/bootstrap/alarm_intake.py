"""How alerts come in: hooks that know their senders, SNS over HTTPS, and an SQS queue."""

from __future__ import annotations

import os
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from starlette.routing import Route

from alarms.http.auth import HOOKS, READ, WRITE, AuthenticatorChain, BearerTokens, Principal, SignedBodies
from alarms.http.hooks import Hooks
from alarms.intake.inbox import Inbox
from alarms.intake.sns_host import HttpsCertificates, Subscriptions
from alarms.intake.sns_message import TOPIC, CertificateSource, SnsVerifier
from alarms.intake.sqs import SqsConsumer
from alarms.model.ids import SortableIds
from alarms.stores.protocol import RouterStore
from app.bootstrap.paths import DataPaths
from app.serving.loops import Loop, in_thread
from app.settings import Settings, SettingsError
from foundation.aws.clients import AwsClients
from foundation.aws.purpose import ClientPurpose
from foundation.clock import Clock, SystemClock

QUEUE_WAIT = 5  # real seconds a look at the queue waits for a message; the process cannot stop meanwhile
QUEUE_PAUSE = 1.0  # real seconds between two looks, when the last one found nothing
ALARM_QUEUE = ClientPurpose(connect_seconds=3, answer_seconds=QUEUE_WAIT + 5)


@dataclass(frozen=True, slots=True)
class AlarmIntake:
    """``people`` are the tokens that the desk takes as well; ``complaint`` says what does not come in."""

    routes: Sequence[Route]
    loops: Sequence[Loop]
    people: BearerTokens
    complaint: Callable[[], str | None]
    close: Callable[[], Awaitable[None]]


def alarm_intake(
    settings: Settings,
    store: RouterStore,
    inbox: Inbox,
    clock: Clock,
    certificates: CertificateSource | None = None,
) -> AlarmIntake:
    """Raises SettingsError: a topic is no ARN. AwsError: AWS cannot be used as it is configured."""
    token = settings.hook_token or kept_token(DataPaths(settings.data_dir).hook_token)
    people = BearerTokens.of({token: Principal("operator", frozenset({READ, WRITE, HOOKS}))})
    signers = SignedBodies({"signed": settings.hook_key.encode()} if settings.hook_key else {})
    subscriptions = Subscriptions()
    hooks = Hooks(
        inbox,
        AuthenticatorChain(people, signers),
        clock,
        sns=_verifier(settings, certificates or HttpsCertificates()),
        confirm=subscriptions.confirm,
    )
    queue = _queue(settings, store, clock)
    return AlarmIntake(
        routes=hooks.routes(),
        loops=[] if queue is None else [_loop(queue)],
        people=people,
        complaint=lambda: None if queue is None else queue.complaint(),
        close=subscriptions.close,
    )


def _verifier(settings: Settings, certificates: CertificateSource) -> SnsVerifier | None:
    for topic in settings.alarm_topics:
        if not TOPIC.fullmatch(topic):
            raise SettingsError("alarm_topics", f"{topic!r} is no topic's ARN", "Write arn:aws:sns:...")
    return SnsVerifier(frozenset(settings.alarm_topics), certificates) if settings.alarm_topics else None


def _queue(settings: Settings, store: RouterStore, clock: Clock) -> SqsConsumer | None:
    if not settings.alarm_queue:
        return None
    client = AwsClients(settings.aws_endpoint).client("sqs", ALARM_QUEUE)
    return SqsConsumer(client, settings.alarm_queue, store, clock, SortableIds(clock), QUEUE_WAIT)


def _loop(queue: SqsConsumer) -> Loop:
    return Loop("queue", QUEUE_PAUSE, in_thread(lambda: queue.run_once() > 0), SystemClock())


def kept_token(path: Path) -> str:
    """The token in the file, made on first use, readable by its owner only."""
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        token = secrets.token_urlsafe(32)
        handle = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(token + "\n")
        return token
