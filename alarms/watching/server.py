"""A server that is asked over HTTP, within limits: whatever it does instead of answering is one error."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import httpx

from alarms.intake.normalise import instant
from alarms.model.errors import MalformedPayload, SourceSilent
from foundation.answers import AnswerReader, AnswerRefused
from foundation.errors import Problems, shortened
from foundation.quantities import parse_duration
from foundation.yaml_nodes import plain, read_nodes

ANSWER_SECONDS = 20.0  # real, for each question
MOST_CONFIGURATION = 1_000_000  # characters that are looked at


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
