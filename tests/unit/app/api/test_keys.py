from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from app.api import keys
from app.api.keys import KeyFileError, KeyRing, UnknownKey, create_key, list_keys, revoke_key
from app.api.scopes import Scope
from tests.support.api_world import NOW


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "api-keys.json"


def test_a_key_opens_what_it_was_made_for(path: Path) -> None:
    key, secret = create_key(path, "backoffice", [Scope.DECISIONS_READ], NOW)
    assert secret.startswith(f"mk_{key.key_id}_")
    assert KeyRing(path).authenticate(secret) == key


def test_the_file_holds_no_secret_and_is_for_its_owner_only(path: Path) -> None:
    _, secret = create_key(path, "backoffice", [Scope.DECISIONS_READ], NOW)
    assert secret.rsplit("_", 1)[1] not in path.read_text()
    assert path.stat().st_mode & 0o077 == 0


def test_a_key_with_one_wrong_letter_opens_nothing(path: Path) -> None:
    _, secret = create_key(path, "backoffice", [Scope.DECISIONS_READ], NOW)
    ring = KeyRing(path)
    last = "a" if secret[-1] != "a" else "b"
    assert ring.authenticate(secret[:-1] + last) is None
    assert ring.authenticate(secret + "a") is None
    assert ring.authenticate(secret[:-1]) is None
    assert ring.authenticate("") is None
    assert ring.authenticate(secret + "\n") is None


def test_a_revoked_key_stops_working_while_the_server_runs(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, secret = create_key(path, "backoffice", [Scope.DECISIONS_READ], NOW)
    ring = KeyRing(path)
    assert ring.authenticate(secret)
    assert revoke_key(path, key.key_id, NOW).revoked_at == NOW
    monkeypatch.setattr(keys, "RELOAD_SECONDS", 0.0)
    assert ring.authenticate(secret) is None


def test_a_new_key_works_at_once(path: Path) -> None:
    ring = KeyRing(path)
    _, secret = create_key(path, "backoffice", [Scope.DECISIONS_READ], NOW)
    assert ring.authenticate(secret)


def test_revoking_twice_keeps_the_first_instant(path: Path) -> None:
    key, _ = create_key(path, "backoffice", [Scope.DECISIONS_READ], NOW)
    first = revoke_key(path, key.key_id, NOW)
    assert revoke_key(path, key.key_id, NOW.replace(year=2027)) == first
    assert list_keys(path) == (first,)


def test_an_unknown_key_cannot_be_revoked(path: Path) -> None:
    with pytest.raises(UnknownKey, match="nosuchid"):
        revoke_key(path, "nosuchid", NOW)


@pytest.mark.parametrize("client", ["", "a b", "x" * 65, "-x", "name\n"])
def test_a_client_needs_a_plain_name(path: Path, client: str) -> None:
    with pytest.raises(KeyFileError, match="expected 1 to 64"):
        create_key(path, client, [Scope.DECISIONS_READ], NOW)


def test_a_key_needs_a_scope(path: Path) -> None:
    with pytest.raises(KeyFileError, match="decisions:write"):
        create_key(path, "backoffice", [], NOW)


@pytest.mark.parametrize("content", [b"", b"{}", b'{"version": 1, "keys": [{}]}', b"\xff"])
def test_a_damaged_file_is_named_with_the_fix(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(KeyFileError, match=r"api-keys\.json.*mirante keys create"):
        KeyRing(path)


def test_a_file_damaged_later_does_not_lock_everybody_out(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    _, secret = create_key(path, "backoffice", [Scope.DECISIONS_READ], NOW)
    ring = KeyRing(path)
    path.write_bytes(b"{")
    monkeypatch.setattr(keys, "RELOAD_SECONDS", 0.0)
    assert ring.authenticate(secret)
    assert "could not be reloaded" in caplog.text


def test_two_writers_lose_no_key(path: Path) -> None:
    threads = [
        threading.Thread(target=create_key, args=(path, f"client-{n}", [Scope.DECISIONS_READ], NOW))
        for n in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list_keys(path)) == 12
    assert len({row["id"] for row in json.loads(path.read_bytes())["keys"]}) == 12


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(KeyFileError, match="writable folder"):
        create_key(tmp_path / "file" / "api-keys.json", "backoffice", [Scope.DECISIONS_READ], NOW)
