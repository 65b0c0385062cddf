"""Who is calling: tokens, or an HMAC over the body for senders that cannot hold a token."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from alarms.model.access_token import TokenScope, hashed, identity_of
from alarms.model.errors import StoreBusy, UnreadableRow
from alarms.stores.protocol import RouterStore

READ, WRITE, HOOKS = "alerts:read", "alerts:write", "alerts:hooks"
TOKENS = "alerts:tokens"  # to make and revoke them
SIGNATURE_HEADER = "x-mirante-signature"


SCOPES = {
    TokenScope.SEND: frozenset({HOOKS}),
    TokenScope.READ: frozenset({READ}),
    TokenScope.WRITE: frozenset({READ, WRITE}),
}


@dataclass(frozen=True, slots=True)
class Principal:
    """``name`` goes into timelines; ``scopes`` are ``alerts:read``, ``alerts:write``, ``alerts:hooks``.

    ``hooks`` are the ones it may send to (empty: all of them).
    """

    name: str
    scopes: frozenset[str]
    hooks: frozenset[str] = frozenset()

    def may_send_to(self, hook: str) -> bool:
        """``json/shop`` is allowed as such, and by ``json``."""
        allowed = not self.hooks or hook in self.hooks or hook.partition("/")[0] in self.hooks
        return HOOKS in self.scopes and allowed


class Authenticator(Protocol):
    async def authenticate(self, headers: Mapping[str, str], body: bytes | None) -> Principal | None:
        """None: nobody we know. ``headers`` have small names; ``body`` is None while it has not been read.

        Raises ``StoreBusy``: nobody can say now.
        """
        ...


class BearerTokens:
    """Tokens are known by their sha256 only."""

    def __init__(self, principals: Mapping[str, Principal]) -> None:
        self._principals = dict(principals)

    @classmethod
    def of(cls, tokens: Mapping[str, Principal]) -> BearerTokens:
        """From the tokens themselves, which are not kept."""
        return cls({hashed(token): principal for token, principal in tokens.items()})

    async def authenticate(self, headers: Mapping[str, str], body: bytes | None) -> Principal | None:
        token = token_in(headers)
        if not token:
            return None
        given = hashed(token)
        found = [who for known, who in self._principals.items() if hmac.compare_digest(known, given)]
        return found[0] if found else None


class StoredTokens:
    """Those that people have made, as the store has them at this moment: one that is revoked is refused at
    once."""

    def __init__(self, store: RouterStore) -> None:
        self._store = store

    async def authenticate(self, headers: Mapping[str, str], body: bytes | None) -> Principal | None:
        given = token_in(headers)
        identity = identity_of(given)
        if identity is None:
            return None
        try:
            token = await asyncio.to_thread(self._store.token, identity)
        except UnreadableRow as error:
            raise StoreBusy(str(error)) from error
        if token is None or not token.is_that(given):
            return None
        return Principal(token.name, SCOPES[token.scope], frozenset(token.hooks))


class SignedBodies:
    """``x-mirante-signature: sha256=<hex>``, an HMAC of the whole body."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        """``keys`` by the sender's name."""
        self._keys = dict(keys)

    async def authenticate(self, headers: Mapping[str, str], body: bytes | None) -> Principal | None:
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

    async def authenticate(self, headers: Mapping[str, str], body: bytes | None) -> Principal | None:
        for authenticator in self._authenticators:
            principal = await authenticator.authenticate(headers, body)
            if principal is not None:
                return principal
        return None


MAY = {HOOKS: "send", READ: "read", WRITE: "write", TOKENS: "make tokens"}


def forbidden(principal: Principal, scope: str) -> str:
    """What its token may do, and what it would have to."""
    may = " and ".join(word for name, word in MAY.items() if name in principal.scopes) or "do nothing"
    return f"{principal.name} may {may}; this needs a token that may {MAY[scope]}"


def token_in(headers: Mapping[str, str]) -> str:
    """Of ``Authorization: Bearer TOKEN``, or the password of Basic, for senders that have nothing else."""
    scheme, _, given = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return given.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(given.strip(), validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def bearer(token: str) -> dict[str, str]:
    """The headers of whoever shows that token, wherever it was found."""
    return {"authorization": f"Bearer {token}"}
