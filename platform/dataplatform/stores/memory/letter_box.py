"""Dead letters in memory."""

from __future__ import annotations

from collections.abc import Sequence

from credit.ports.stream import DeadLetter


class MemoryLetterBox:
    def __init__(self) -> None:
        self._letters: dict[str, DeadLetter] = {}

    async def add(self, letter: DeadLetter) -> None:
        self._letters[letter.record.sequence] = letter

    async def letters(self, limit: int) -> Sequence[DeadLetter]:
        found = list(self._letters.values())
        return found if limit < 0 else found[:limit]

    async def find(self, sequences: Sequence[str]) -> Sequence[DeadLetter]:
        return [self._letters[name] for name in sequences if name in self._letters]

    async def remove(self, sequences: Sequence[str]) -> None:
        for name in sequences:
            self._letters.pop(name, None)
