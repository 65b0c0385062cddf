"""Tokens of senders and tools: made, listed and revoked by people, in the store that all routers share."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace

from alarms.model.access_token import AccessToken, NewToken, TokenScope, hashed, identity_of, new_secret
from alarms.model.errors import InvalidRequest, UnknownToken
from alarms.stores.protocol import RouterStore
from foundation.clock import Clock

LOG = logging.getLogger(__name__)
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
OPERATOR = "operator"  # who has the token of the settings; nobody else is called so
HOOK = re.compile(
    r"alertmanager|eventbridge|grafana|heartbeat|json|pagerduty|(json|heartbeat)/[a-z][a-z0-9-]{0,23}"
)


class Tokens:
    """``alarms.router.desk.TokenDesk`` on a store. What is told of a token is never its digest."""

    def __init__(
        self, store: RouterStore, clock: Clock, random_bytes: Callable[[int], bytes] = secrets.token_bytes
    ) -> None:
        self._store = store
        self._clock = clock
        self._random_bytes = random_bytes

    def create(self, name: str, scope: TokenScope, hooks: Sequence[str], by: str) -> NewToken:
        _check(name, scope, hooks)
        secret = new_secret(self._random_bytes)
        token = AccessToken(
            id=identity_of(secret) or "",
            name=name,
            digest=hashed(secret),
            scope=scope,
            hooks=tuple(sorted(set(hooks))),
            created_at=self._clock.now(),
            created_by=by,
        )
        with self._store.transaction() as tx:
            tx.save_token(token)
        LOG.info("a token was made", extra={"token": token.id, "sender": name, "by": by})
        return NewToken(_shown(token), secret)

    def listed(self) -> Sequence[AccessToken]:
        return [_shown(token) for token in self._store.tokens()]

    def revoke(self, which: str, by: str) -> Sequence[AccessToken]:
        with self._store.transaction() as tx:
            found = [token for token in tx.tokens() if which in (token.name, token.id)]
            if not found:
                raise UnknownToken(which)
            now = self._clock.now()
            revoked = [
                token if token.revoked_at else replace(token, revoked_at=now, revoked_by=by)
                for token in found
            ]
            for token in revoked:
                tx.save_token(token)
        LOG.info("tokens were revoked", extra={"token": which, "by": by})
        return [_shown(token) for token in revoked]


def _shown(token: AccessToken) -> AccessToken:
    return replace(token, digest="")


def _check(name: str, scope: TokenScope, hooks: Sequence[str]) -> None:
    """Raises InvalidRequest."""
    if not NAME.fullmatch(name) or name == OPERATOR:
        raise InvalidRequest(
            "name",
            f"{name[:80]!r} is not a name for a token",
            f"Use letters, digits, '.', '_' and '-', at most 64, and not {OPERATOR}",
        )
    if hooks and scope is not TokenScope.SEND:
        raise InvalidRequest(
            "hooks", f"a token to {scope} sends to no hook", "Leave it out, or make one to send"
        )
    for hook in hooks:
        if not HOOK.fullmatch(hook):
            known = (
                "alertmanager, grafana, pagerduty, eventbridge, json, json/NAME, heartbeat or heartbeat/NAME"
            )
            raise InvalidRequest("hooks", f"{hook[:40]!r} is not a hook", f"Write {known}")
