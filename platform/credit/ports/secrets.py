"""Sealing of personal data (§3.4.1, §5.2.2): nobody outside the adapter sees a key."""

from __future__ import annotations

from typing import Protocol


class Sealer(Protocol):
    def blind_index(self, cpf: str) -> str:
        """Keyed HMAC-SHA256 of the eleven digits, hex: equal CPFs meet, and nobody can enumerate them."""
        ...

    def seal(self, plaintext: bytes, context: str) -> bytes:
        """AES-256-GCM envelope under a data key; ``context`` is authenticated (for example a customer id)."""
        ...

    def open(self, sealed: bytes, context: str) -> bytes: ...
