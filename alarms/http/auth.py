"""Who is calling: bearer tokens, or an HMAC over the body for senders that cannot hold a token."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

READ, WRITE, HOOKS = "alerts:read", "alerts:write", "alerts:hooks"
SIGNATURE_HEADER = "x-mirante-signature"


@dataclass(frozen=True, slots=True)
class Principal:
    """``name`` goes into timelines; ``scopes`` are ``alerts:read``, ``alerts:write``, ``alerts:hooks``."""

    name: str
    scopes: frozenset[str]


class Authenticator(Protocol):
    def authenticate(self, headers: Mapping[str, str], body: bytes | None) -> Principal | None:
        """None: nobody we know. ``headers`` have small names; ``body`` is None while it has not been read."""
        ...


class BearerTokens:
    """Tokens are known by their sha256 only."""

    def __init__(self, principals: Mapping[str, Principal]) -> None:
        self._principals = dict(principals)

    @classmethod
    def of(cls, tokens: Mapping[str, Principal]) -> BearerTokens:
        """From the tokens themselves, which are not kept."""
        return cls({digest(token): principal for token, principal in tokens.items()})

    def authenticate(self, headers: Mapping[str, str], body: bytes | None) -> Principal | None:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            return None
        given = digest(token.strip())
        found = [who for known, who in self._principals.items() if hmac.compare_digest(known, given)]
        return found[0] if found else None


class SignedBodies:
    """``x-mirante-signature: sha256=<hex>``, an HMAC of the whole body."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        """``keys`` by the sender's name."""
        self._keys = dict(keys)

    def authenticate(self, headers: Mapping[str, str], body: bytes | None) -> Principal | None:
        if body is None:
            return None
        given = headers.get(SIGNATURE_HEADER, "").removeprefix("sha256=")
        for name, key in self._keys.items():
            expected = hmac.new(key, body, hashlib.sha256).hexdigest()
            if hmac.compare_digest(expected.encode(), given.encode()):
                return Principal(name, frozenset({HOOKS}))
        return None


class AuthenticatorChain:
    """The first authenticator that knows the caller."""

    def __init__(self, *authenticators: Authenticator) -> None:
        self._authenticators = authenticators

    def authenticate(self, headers: Mapping[str, str], body: bytes | None) -> Principal | None:
        for authenticator in self._authenticators:
            principal = authenticator.authenticate(headers, body)
            if principal is not None:
                return principal
        return None


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
