"""API keys ``mk_<id>_<secret>``: made once, shown once, kept as a hash, revocable while the server runs.

The secret is 256 random bits, so a plain SHA-256 is enough (there is nothing to guess); the file holds no
secret, is written atomically and is readable by its owner only.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import logging
import os
import re
import secrets
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import msgspec

from app.api.scopes import Scope
from foundation.errors import MiranteError
from foundation.exit_status import ExitStatus

KEY_PATTERN = re.compile(r"mk_([0-9a-z]{8})_([0-9A-Za-z]{43})\Z")
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ID_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
CLIENT_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")
RELOAD_SECONDS = 1.0

log = logging.getLogger("mirante.api.keys")


class KeyFileError(MiranteError):
    """A key that cannot be made or found; the message says why and how to fix it."""

    exit_status = ExitStatus.USAGE


class KeyFileBroken(KeyFileError):
    """The file does not say what a key file says."""

    exit_status = ExitStatus.NO


class KeyFileOutOfReach(KeyFileError):
    """The file cannot be read or written."""

    exit_status = ExitStatus.ENVIRONMENT


class UnknownKey(KeyFileError):
    """No key has that id."""


class ApiKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"key_id": "id"}):
    """``client`` owns the key and is what decisions and idempotency keys belong to: it survives rotation."""

    key_id: str
    client: str
    scopes: frozenset[Scope]
    secret_sha256: str
    created_at: datetime
    revoked_at: datetime | None = None


class _File(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    version: int
    keys: tuple[ApiKey, ...]


def create_key(path: Path, client: str, scopes: Sequence[Scope], now: datetime) -> tuple[ApiKey, str]:
    """Add a key to the file; the second value is the full key, which exists nowhere else afterwards.

    Raises:
        KeyFileError: the client's name is malformed, or no scope was given.
        KeyFileBroken, KeyFileOutOfReach: the file cannot be used.
    """
    if not CLIENT_PATTERN.match(client):
        raise KeyFileError(
            f"client {client!r}: expected 1 to 64 letters, digits, '.', '_' or '-', for example 'backoffice'"
        )
    if not scopes:
        raise KeyFileError(f"a key needs at least one scope of: {', '.join(Scope)}")
    key_id = "".join(secrets.choice(ID_ALPHABET) for _ in range(8))
    secret = "".join(secrets.choice(ALPHABET) for _ in range(43))
    key = ApiKey(key_id, client, frozenset(scopes), _digest(secret), now)
    with _locked(path):
        _write(path, [*list_keys(path), key])
    return key, f"mk_{key_id}_{secret}"


def list_keys(path: Path) -> tuple[ApiKey, ...]:
    """Every key, revoked ones too, oldest first; a file that does not exist holds none.

    Raises:
        KeyFileBroken, KeyFileOutOfReach: the file is malformed, or cannot be read.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=_File).keys
    except FileNotFoundError:
        return ()
    except OSError as error:
        problem = f"the API keys cannot be read: {error.strerror}"
        raise KeyFileOutOfReach(f"{path}: {problem}. Check the path and its permissions") from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise KeyFileBroken(
            f"{path}: the API keys cannot be read: {error}. Fix the file, or move it away and "
            "create new keys with `mirante keys create`"
        ) from error


def revoke_key(path: Path, key_id: str, now: datetime) -> ApiKey:
    """Revoke it; running servers refuse it within ``RELOAD_SECONDS``. Revoking twice changes nothing.

    Raises:
        UnknownKey: no key has that id.
    """
    with _locked(path):
        keys = {key.key_id: key for key in list_keys(path)}
        if key_id not in keys:
            raise UnknownKey(
                f"{path}: there is no API key with the id {key_id!r}. `mirante keys list` shows them all"
            )
        found = keys[key_id]
        if found.revoked_at is None:
            found = msgspec.structs.replace(found, revoked_at=now)
            _write(path, [*({**keys, key_id: found}).values()])
    return found


class KeyRing:
    """The keys of a file. A new key works at once, a revoked one stops within a second.

    Raises:
        KeyFileError: the file is malformed at the start. Later on it is logged, and the known keys stay good.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._checked = -RELOAD_SECONDS
        self._stamp: tuple[int, int, int] | None = None
        self._keys: dict[str, ApiKey] = {}
        self._reload()

    def authenticate(self, presented: str) -> ApiKey | None:
        """The key, or ``None`` when it is malformed, unknown, wrong or revoked. Constant-time comparison."""
        match = KEY_PATTERN.match(presented)
        if match is None:
            return None
        if match[1] not in self._keys or time.monotonic() - self._checked >= RELOAD_SECONDS:
            self._refresh()
        key = self._keys.get(match[1])
        expected = key.secret_sha256 if key else "0" * 64
        right = hmac.compare_digest(_digest(match[2]), expected)
        return key if key and right and key.revoked_at is None else None

    def _refresh(self) -> None:
        try:
            self._reload()
        except KeyFileError as error:  # the keys known so far stay good
            log.error(
                "the API keys could not be reloaded", extra={"event": "keys.unreadable"}, exc_info=error
            )

    def _reload(self) -> None:
        self._checked = time.monotonic()
        try:
            stat = self._path.stat()
            stamp: tuple[int, int, int] | None = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        except FileNotFoundError:
            stamp = None
        if stamp != self._stamp:
            self._keys = {key.key_id: key for key in list_keys(self._path)}
            self._stamp = stamp


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path.with_suffix(".lock"), os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise KeyFileOutOfReach(
            f"{path}: cannot be written: {error.strerror}. Choose a writable folder"
        ) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _write(path: Path, keys: Sequence[ApiKey]) -> None:
    content = msgspec.json.encode(_File(version=1, keys=tuple(keys)), order="deterministic")
    text = msgspec.json.format(content, indent=2)
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
        with os.fdopen(handle, "wb") as file:
            file.write(text + b"\n")
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except OSError as error:
        raise KeyFileOutOfReach(
            f"{path}: cannot be written: {error.strerror}. Choose a writable folder"
        ) from error
