"""``mirante alerts token``: the token alone on standard output, once; everything else never shows it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from alarms.model.access_token import identity_of
from alarms.stores.sqlite import SqliteRouterStore
from tests.support.command_line import mirante


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MIRANTE_DATA_DIR", str(tmp_path))
    (tmp_path / "control").mkdir()
    SqliteRouterStore(tmp_path / "control" / "router.sqlite").close()
    return tmp_path


def test_a_token_is_made_listed_and_revoked() -> None:
    assert mirante("alerts", "token", "list").out == "There are no tokens besides the operator's.\n"
    made = mirante("alerts", "token", "create", "shop", "--hooks", "grafana, json", "--by", "ana")
    secret = made.out.strip()
    assert identity_of(secret) == secret[:8]
    assert f"Token {secret[:8]} of shop, may send to grafana, json. Shown once:" in made.err
    listed = mirante("alerts", "token", "list").out
    assert all(word in listed for word in (secret[:8], "shop", "send", "grafana, json", "ana"))
    assert secret not in listed
    (told,) = json.loads(mirante("alerts", "token", "list", "--json").out)
    assert (told["name"], told["digest"]) == ("shop", "")
    revoked = mirante("alerts", "token", "revoke", "shop", "--by", "bia")
    assert revoked.out == f"1 token of shop revoked: {secret[:8]}.\n"
    assert "bia" in mirante("alerts", "token", "list").out


def test_a_mistake_says_what_to_write() -> None:
    wrong = mirante("alerts", "token", "create", "shop", "--hooks", "grafan")
    assert (wrong.status, wrong.out) == (2, "")
    assert "hooks: 'grafan' is not a hook. Write alertmanager" in wrong.err
    assert mirante("alerts", "token", "revoke", "shop").status == 2
