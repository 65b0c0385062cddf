"""Tokens: told once, kept as a hash, refused as soon as they are revoked, and good for what they say only."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from alarms.http.auth import HOOKS, READ, WRITE, StoredTokens, bearer
from alarms.model.access_token import AccessToken, TokenScope
from alarms.model.errors import InvalidRequest, StoreBusy, UnknownToken, UnreadableRow
from alarms.router.tokens import Tokens
from tests.support.alerts import MONDAY_10
from tests.support.router import Scene


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = Scene()
    yield made
    made.close()


@pytest.fixture
def tokens(scene: Scene) -> Tokens:
    return Tokens(scene.store, scene.clock)


def test_a_token_is_told_once_and_nothing_that_is_kept_or_told_gives_it_away(
    scene: Scene, tokens: Tokens
) -> None:
    made = tokens.create("shop", TokenScope.SEND, ["json", "grafana", "json"], "ana")
    assert len(made.secret) == 32
    assert made.secret.isalnum()
    (told,) = tokens.listed()
    assert told == made.token
    assert (told.hooks, told.created_at, told.created_by) == (("grafana", "json"), MONDAY_10, "ana")
    (kept,) = scene.store.tokens()
    assert made.secret not in repr(kept)
    assert (told.digest, len(kept.digest)) == ("", 64)


def test_two_tokens_differ_and_may_be_one_sender(tokens: Tokens) -> None:
    one, two = (tokens.create("shop", TokenScope.SEND, [], "ana") for _ in range(2))
    assert one.secret != two.secret
    assert one.token.id != two.token.id
    assert [token.name for token in tokens.listed()] == ["shop", "shop"]


@pytest.mark.parametrize(
    ("scope", "scopes"),
    [
        (TokenScope.SEND, {HOOKS}),
        (TokenScope.READ, {READ}),
        (TokenScope.WRITE, {READ, WRITE}),
    ],
)
async def test_it_proves_who_it_is_and_no_more_than_its_scope(
    scene: Scene, tokens: Tokens, scope: TokenScope, scopes: set[str]
) -> None:
    made = tokens.create("shop", scope, [], "ana")
    who = await StoredTokens(scene.store).authenticate(bearer(made.secret), None)
    assert who is not None
    assert who.name == "shop"
    assert set(who.scopes) == scopes


async def test_a_wrong_token_is_nobody(scene: Scene, tokens: Tokens) -> None:
    secret = tokens.create("shop", TokenScope.SEND, [], "ana").secret
    other = "a" if secret[-1] != "a" else "b"
    known = StoredTokens(scene.store)
    for wrong in (
        "",
        secret[:-1],
        secret + "a",
        secret[:-1] + other,
        secret.upper(),
        secret[:8],
        "a" * 32,
        "ã" * 32,
    ):
        assert await known.authenticate(bearer(wrong), None) is None


async def test_a_revoked_token_is_refused_at_once_and_its_other_is_not(scene: Scene, tokens: Tokens) -> None:
    old, new = (tokens.create("shop", TokenScope.SEND, [], "ana") for _ in range(2))
    known = StoredTokens(scene.store)
    scene.clock.advance(timedelta(hours=1))
    (revoked,) = Tokens(scene.store, scene.clock).revoke(old.token.id, "bia")
    assert (revoked.revoked_by, revoked.revoked_at) == ("bia", MONDAY_10 + timedelta(hours=1))
    assert await known.authenticate(bearer(old.secret), None) is None
    assert await known.authenticate(bearer(new.secret), None) is not None
    scene.clock.advance(timedelta(hours=1))
    by = {token.id: token.revoked_by for token in tokens.revoke("shop", "eva")}
    assert by == {old.token.id: "bia", new.token.id: "eva"}
    assert await known.authenticate(bearer(new.secret), None) is None


def test_what_is_unknown_cannot_be_revoked(tokens: Tokens) -> None:
    with pytest.raises(UnknownToken, match="no token is called 'shop'"):
        tokens.revoke("shop", "ana")


@pytest.mark.parametrize("error", [StoreBusy("gone"), UnreadableRow("tokens", "x", "torn")])
async def test_a_store_that_cannot_say_is_no_reason_to_refuse_anybody(
    scene: Scene, tokens: Tokens, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    secret = tokens.create("shop", TokenScope.SEND, [], "ana").secret

    def gone(_: str) -> AccessToken | None:
        raise error

    monkeypatch.setattr(scene.store, "token", gone)
    with pytest.raises(StoreBusy):
        await StoredTokens(scene.store).authenticate(bearer(secret), None)


@pytest.mark.parametrize("name", ["", "operator", "a b", "-x", "x" * 65, "ã", "a/b"])
def test_a_name_that_would_mislead_is_refused(tokens: Tokens, name: str) -> None:
    with pytest.raises(InvalidRequest, match="is not a name for a token"):
        tokens.create(name, TokenScope.SEND, [], "ana")


@pytest.mark.parametrize(("scope", "hook"), [(TokenScope.SEND, "grafan"), (TokenScope.READ, "grafana")])
def test_a_hook_that_is_none_or_needs_none_is_refused(tokens: Tokens, scope: TokenScope, hook: str) -> None:
    with pytest.raises(InvalidRequest, match="hooks"):
        tokens.create("shop", scope, [hook], "ana")
