"""Where dead letters wait when the stream itself cannot keep them, as Kinesis cannot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from credit.ports.stream import DeadLetter


class LetterBox(Protocol):
    async def add(self, letter: DeadLetter) -> None:
        """Durable when it returns. The same record set aside again is one letter, with the newest reason."""
        ...

    async def letters(self, limit: int) -> Sequence[DeadLetter]:
        """In the order they came; a negative limit means all."""
        ...

    async def find(self, sequences: Sequence[str]) -> Sequence[DeadLetter]:
        """Those of them that are here."""
        ...

    async def remove(self, sequences: Sequence[str]) -> None: ...
