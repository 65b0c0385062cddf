"""A server that is asked over HTTP, within limits: whatever it does instead of answering is one error."""

from __future__ import annotations

from collections.abc import Callable, Sized
from datetime import datetime, timedelta
from typing import Any, TypeVar

import httpx

from alarms.intake.normalise import instant
from alarms.model.errors import MalformedPayload, SourceSilent
from foundation.answers import AnswerReader, AnswerRefused
from foundation.errors import Problems, shortened
from foundation.quantities import parse_duration
from foundation.yaml_nodes import plain, read_nodes

ANSWER_SECONDS = 20.0  # real, for each question
MOST_CONFIGURATION = 1_000_000  # characters that are looked at
Read = TypeVar("Read")


class Server:
    """``shown`` is its address without a password."""

    def __init__(self, url: str, client: httpx.Client) -> None:
        self._url = url.rstrip("/")
        self._reader = AnswerReader(client, ANSWER_SECONDS)
        scheme, mark, rest = self._url.partition("://")
        place, slash, path = rest.partition("/")
        self.shown = f"{scheme}{mark}{place.rpartition('@')[2]}{slash}{path}"

    def ask(self, path: str) -> Any:
        """What it answers, as JSON. Raises ``SourceSilent``."""
        try:
            answer = self._reader.ask("GET", f"{self._url}{path}")
        except AnswerRefused as error:
            raise SourceSilent(self.shown, str(error)) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SourceSilent(self.shown, f"cannot be reached: {_said(error)}") from error
        if not answer.is_success:
            raise SourceSilent(self.shown, f"answered {answer.status} to {path}")
        try:
            return answer.json()
        except ValueError as error:
            raise SourceSilent(self.shown, f"answered {path} without JSON ({_said(error)})") from error

    def odd(self, path: str, error: Exception) -> SourceSilent:
        """It answers, and not as such a server does."""
        return SourceSilent(self.shown, f"answered {path} with something else ({_said(error)})")


ODD = (LookupError, TypeError, ValueError, AttributeError, MalformedPayload, OverflowError)


class Parts:
    """Elements of one answer, each read alone: an odd one hides no other, and is counted."""

    def __init__(self) -> None:
        self.count = self.odd = 0
        self._first = ""

    def read(self, listed: object, read: Callable[[Any], Read]) -> list[Read]:
        """What ``read`` makes of each that is not odd. Raises ``TypeError`` where it is no list at all."""
        if not isinstance(listed, list):
            raise TypeError(f"{type(listed).__name__} in place of a list")
        found = []
        for item in listed:
            self.count += 1
            try:
                found.append(read(item))
            except ODD as error:
                self.odd += 1
                self._first = self._first or _said(error)
        return found

    def remark(self) -> str:
        """What was odd."""
        said = f"{self.odd} of {self.count} parts of its answer cannot be read: {self._first}"
        return said if self.odd else ""

    def refuse_none_of(self, found: Sized) -> None:
        """Raises ``ValueError`` where nothing but odd elements came instead of what was asked for."""
        if self.odd and not found:
            raise ValueError(self.remark())


def up_for(began: object, now: datetime) -> timedelta:
    """Since it says it began; nothing, where it began later than now. Raises ``MalformedPayload``."""
    return max(timedelta(), now - instant("source", "start", began))


def configuration(text: object) -> Any:
    """A configuration as plain values; ``{}`` where it is not one that can be read."""
    if not isinstance(text, str) or len(text) > MOST_CONFIGURATION:
        return {}
    documents = read_nodes(text, "configuration", Problems())
    found = plain(documents[0]) if documents else {}
    return found if isinstance(found, dict) else {}


def duration(text: object) -> timedelta:
    """``1m30s`` as Prometheus writes it; nothing for anything else."""
    return (parse_duration(text) if isinstance(text, str) else None) or timedelta()


def _said(error: Exception) -> str:
    return shortened(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__, 200)
