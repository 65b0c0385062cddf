"""How a client behaves, by what it is for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClientPurpose:
    """Real seconds to connect and to wait for an answer, calls at once, and tries of each.

    One try is the default: whoever asks has retries of its own, or must know what happened to the first.
    """

    connect_seconds: float
    answer_seconds: float
    tries: int = 1
    connections: int = 10
