"""Keys on disk for the embedded profile, behind the shape of a key management service.

``keys/`` (0700) holds ``master-<id>.key`` files (0600, made whole or not at all); data keys are kept wrapped
by a master key in ``keyring.json``. A real KMS takes ``LocalKeyService``'s place behind ``KeyService``.
"""

from __future__ import annotations

import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from dataplatform.errors import KeyMaterialError, UnsealError

_NONCE = 12  # bytes
_ID = 8  # characters


@dataclass(frozen=True, slots=True)
class DataKey:
    """``plaintext`` (32 bytes) is never stored; ``wrapped`` is, and only the service opens it."""

    plaintext: bytes
    wrapped: bytes


class KeyService(Protocol):
    """The two calls of a KMS that envelope encryption needs. ``context`` is authenticated, not secret."""

    def generate_data_key(self, context: str) -> DataKey: ...

    def decrypt(self, wrapped: bytes, context: str) -> bytes:
        """Raises UnsealError: not wrapped by this service for this context."""
        ...


def write_secret(path: Path, content: bytes) -> None:
    """Whole or not at all, readable by the owner only, synced. Replaces what is there."""
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, content)
        os.fsync(handle)
    finally:
        os.close(handle)
    fresh.rename(path)


def read_secret(path: Path) -> bytes:
    """Raises KeyMaterialError: others may read it, or it cannot be read."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            raise KeyMaterialError(
                path, f"other users can read it (mode {mode:04o})", f"Run: chmod 600 {path}"
            )
        return path.read_bytes()
    except OSError as error:
        raise KeyMaterialError(path, f"it cannot be read ({error.strerror})", "Check its owner") from error


def prepare_directory(directory: Path) -> None:
    """Make ``keys/`` on first use. Raises KeyMaterialError when others may enter it."""
    try:
        directory.mkdir(mode=0o700, exist_ok=True)
        mode = stat.S_IMODE(directory.stat().st_mode)
    except OSError as error:
        raise KeyMaterialError(
            directory,
            f"it cannot be created ({error.strerror})",
            "Check the owner and permissions of its parent directory",
        ) from error
    if mode & 0o077:
        raise KeyMaterialError(
            directory, f"other users can enter it (mode {mode:04o})", f"Run: chmod 700 {directory}"
        )


class LocalKeyService:
    """Master keys in files. The newest wraps; older ones still unwrap."""

    def __init__(self, directory: Path) -> None:
        """Raises KeyMaterialError: unsafe modes, or a master key of the wrong size."""
        prepare_directory(directory)
        self._directory = directory
        self._masters: dict[str, bytes] = {}
        for path in sorted(directory.glob("master-*.key")):
            self._masters[path.stem.removeprefix("master-")] = _master(path)
        if not self._masters:
            self.rotate_master()

    def rotate_master(self) -> str:
        """Make a new master key for what is wrapped from now on; returns its id."""
        identity = f"{len(self._masters) + 1:0{_ID}d}"
        content = secrets.token_bytes(32)
        write_secret(self._directory / f"master-{identity}.key", content)
        self._masters[identity] = content
        return identity

    def generate_data_key(self, context: str) -> DataKey:
        plaintext = secrets.token_bytes(32)
        identity = max(self._masters)
        nonce = secrets.token_bytes(_NONCE)
        sealed = AESGCM(self._masters[identity]).encrypt(nonce, plaintext, context.encode())
        return DataKey(plaintext, identity.encode() + nonce + sealed)

    def decrypt(self, wrapped: bytes, context: str) -> bytes:
        identity = wrapped[:_ID].decode("ascii", "replace")
        master = self._masters.get(identity)
        if master is None:
            raise UnsealError(f"there is no master key {identity!r}; restore keys/ from its backup")
        try:
            return AESGCM(master).decrypt(
                wrapped[_ID : _ID + _NONCE], wrapped[_ID + _NONCE :], context.encode()
            )
        except (InvalidTag, ValueError) as error:
            raise UnsealError(
                "a data key was not wrapped by this master key, or for another purpose"
            ) from error


def _master(path: Path) -> bytes:
    content = read_secret(path)
    if len(content) != 32:
        raise KeyMaterialError(
            path, f"a master key has 32 bytes, but this one has {len(content)}", "Restore it from its backup"
        )
    return content
