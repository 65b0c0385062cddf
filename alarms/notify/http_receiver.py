"""A service that is told by an HTTP request: one time limit, one reading of its answer, for all of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

import httpx

from alarms.model.errors import PermanentFailure, TemporaryFailure, Unanswered
from foundation.answers import AnswerReader, TooSlow, WholeAnswer

TIMEOUT_SECONDS = 5.0  # to connect, and for each part that is sent
ANSWER_SECONDS = 20.0  # of all of it: who has the message is given time to say so, below the lease
MOST_BYTES = 64_000  # of an answer, whose status says what matters
WORTH_REPEATING = {408, 409, 425, 429}
LONGEST_REASON = 200
MASK = "********"


class HttpReceiver:
    """``name`` is what errors call it. They say neither where it is nor any of ``secrets``.

    Redirects are not followed: they would carry a page, and its secret, to somebody else.
    """

    def __init__(self, name: str, client: httpx.Client | None = None, secrets: Collection[str] = ()) -> None:
        self._name = name
        self._client = client or new_client()
        self._secrets = [part for secret in secrets for part in (secret, _path_of(secret)) if part]

    def tell(
        self, url: str, dedup_id: str, *, headers: Mapping[str, str] | None = None, **body: Any
    ) -> WholeAnswer:
        """Its answer, a 2xx; ``body`` as httpx has it: ``json``, ``content``, ``data``, ``auth``.

        An answer that never ends counts by its status. The dedup id travels as ``Idempotency-Key``.

        Raises:
            Unanswered: it has the message, and does not say what it did with it.
            TemporaryFailure: it does not have it, 5xx, or one of the 4xx that may pass.
            PermanentFailure: any other answer but 2xx, or an address that is none.
        """
        reader = AnswerReader(self._client, ANSWER_SECONDS, MOST_BYTES)
        told = {**(headers or {}), "Idempotency-Key": dedup_id}
        try:
            answer = reader.ask("POST", url, headers=told, **body)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError):
            raise PermanentFailure(self._name, "its address is not a URL") from None
        except httpx.HTTPError as error:
            if reader.begun is None:
                late = reader.sent and isinstance(error, httpx.ReadTimeout | TooSlow)
                kind = Unanswered if late else TemporaryFailure
                raise kind(self._name, self._masked(f"{type(error).__name__}: {error}")) from None
            answer = reader.begun
        if not answer.is_success:
            raise self._failure(answer)
        return answer

    def _failure(self, answer: WholeAnswer) -> Exception:
        given = self._masked(reason_of(answer))[:LONGEST_REASON]
        reason = f"answered {answer.status}" + (f": {given}" if given else "")
        if answer.status >= 500 or answer.status in WORTH_REPEATING:
            return TemporaryFailure(self._name, reason, _asked_to_wait(answer))
        return PermanentFailure(self._name, reason)

    def _masked(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        return text

    def close(self) -> None:
        self._client.close()


def new_client() -> httpx.Client:
    """A connection for each request: one that is kept could not be cut when its time is over."""
    limits = httpx.Limits(max_keepalive_connections=0)
    timeout = httpx.Timeout(TIMEOUT_SECONDS, read=ANSWER_SECONDS)
    return httpx.Client(timeout=timeout, follow_redirects=False, limits=limits)


def reason_of(answer: WholeAnswer) -> str:
    """What a service says of a refusal: a word, or one of the fields where they say it."""
    said = field_of(answer, "description", "message", "error")
    if said:
        return said
    text = " ".join(answer.content[:LONGEST_REASON].decode("utf-8", "replace").split())
    return "" if text.startswith(("<", "{", "[")) else text


def field_of(answer: WholeAnswer, *names: str) -> str:
    """The first of these fields of a JSON object that holds something; "" without any."""
    try:
        document = answer.json()
    except ValueError:
        return ""
    if not isinstance(document, dict):
        return ""
    return next((str(document[name]) for name in names if document.get(name)), "")


def _path_of(secret: str) -> str:
    """The part of an address that a server could repeat."""
    return secret.partition("://")[2].partition("/")[2]


def _asked_to_wait(answer: WholeAnswer) -> timedelta | None:
    seconds = answer.headers.get("retry-after", "")
    return timedelta(seconds=int(seconds)) if seconds.isdecimal() and len(seconds) < 6 else None
