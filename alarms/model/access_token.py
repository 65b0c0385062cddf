"""What a sender, or a person's tool, shows the router; kept as a hash, told once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

SECRET_BYTES = 20
NAMED_BY = 8  # of its 32 characters, by which it is found; the other 24 are 120 random bits
FORM = re.compile(r"[a-z2-7]{32}")


class TokenScope(StrEnum):
    """What its bearer may do; who may write may read as well."""

    SEND = "send"
    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class AccessToken:
    """``hooks`` are those it may send to (empty: all). Several may bear one name: who changes one over to
    another is one sender all the time."""

    id: str
    name: str
    digest: str  # sha256 of all of it, in hex
    scope: TokenScope
    hooks: tuple[str, ...]
    created_at: datetime
    created_by: str
    revoked_at: datetime | None = None
    revoked_by: str = ""

    def is_that(self, given: str) -> bool:
        """In the same time whatever it is, and never when it is revoked."""
        return hmac.compare_digest(self.digest, hashed(given)) and self.revoked_at is None


@dataclass(frozen=True, slots=True)
class NewToken:
    """``secret`` is nowhere but here."""

    token: AccessToken
    secret: str


def new_secret(random_bytes: Callable[[int], bytes]) -> str:
    """Of 32 small letters and digits, which every sender's form takes, PagerDuty's too."""
    return base64.b32encode(random_bytes(SECRET_BYTES)).decode().lower()


def identity_of(given: str) -> str | None:
    """By what it is found; None: it cannot be one of ours."""
    return given[:NAMED_BY] if FORM.fullmatch(given) else None


def hashed(given: str) -> str:
    return hashlib.sha256(given.encode()).hexdigest()
