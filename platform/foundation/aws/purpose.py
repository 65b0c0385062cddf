"""How a client behaves, by what it is for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClientPurpose:
    """Real seconds to connect and to wait for an answer, calls at once, and tries of each.

    One try is the default: whoever asks has retries of its own, or must know what happened to the first.
    ``unanswered`` is how many of the tries may end without any answer (None: all of them): a throttled call
    is worth waiting for, a server that says nothing is not.
    """

    connect_seconds: float
    answer_seconds: float
    tries: int = 1
    unanswered: int | None = None
    connections: int = 10
