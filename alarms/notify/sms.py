"""Notifications as text messages and calls, by a gateway that speaks Twilio's HTTP API."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import httpx

from alarms.model.notification import Notification
from alarms.notify.http_receiver import HttpReceiver, field_of
from alarms.notify.recipients import FanOut, addressed
from alarms.notify.wording import is_resolved, languages_of, wordings
from alarms.policy.channel import Language, SmsChannel

API = "/2010-04-01/Accounts"
MESSAGING_SERVICE = "MG"
CALL = "call "
VOICES = {Language.EN: "en-US", Language.PT: "pt-BR"}


class SmsNotifier:
    """A ``Notifier``. The token of the account signs in, and is never part of an error."""

    def __init__(self, channel: SmsChannel, token: str, client: httpx.Client | None = None) -> None:
        self._channel = channel
        self._auth = httpx.BasicAuth(channel.user or channel.account, token)
        self._receiver = HttpReceiver("sms", client, [token])
        self._numbers = FanOut()

    def send(self, notification: Notification) -> str:
        """A call is one more way to reach a number: either of them tells its owner."""
        numbers = addressed(notification, self._channel.recipients, "sms")
        ways = list(numbers)
        if notification.severity in self._channel.voice and not is_resolved(notification):
            ways += [CALL + number for number in numbers]
        return self._numbers.tell(notification, ways, lambda way: self._one(notification, way))

    def _one(self, notification: Notification, way: str) -> str:
        sender = self._channel.sender
        languages = languages_of(notification.message, self._channel.languages)
        if way.startswith(CALL):
            called = {"To": way.removeprefix(CALL), "From": sender, "Twiml": spoken(notification, languages)}
            return self._ask("Calls", notification, called)
        origin = {"MessagingServiceSid" if sender.startswith(MESSAGING_SERVICE) else "From": sender}
        written = {"To": way, **origin, "Body": text(notification, languages)}
        return self._ask("Messages", notification, written)

    def _ask(self, what: str, notification: Notification, form: dict[str, str]) -> str:
        url = f"{self._channel.server}{API}/{self._channel.account}/{what}.json"
        answer = self._receiver.tell(url, notification.dedup_id, data=form, auth=self._auth)
        return field_of(answer, "sid") or notification.dedup_id

    def close(self) -> None:
        self._receiver.close()


def text(notification: Notification, languages: Sequence[Language]) -> str:
    return "\n".join(wording.short for wording in wordings(notification.message, languages))


def spoken(notification: Notification, languages: Sequence[Language]) -> str:
    """TwiML that says it twice: whoever wakes up misses the first time."""
    said = "".join(
        f'<Say language="{VOICES[wording.language]}" loop="2">{escape(wording.call)}</Say>'
        for wording in wordings(notification.message, languages)
    )
    return f"<Response>{said}</Response>"
