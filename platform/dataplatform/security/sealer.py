"""Sealing by envelope: AES-256-GCM under data keys that a key service wraps (port ``secrets.Sealer``).

Sealed bytes: format (1) | data key id (8) | nonce (12) | ciphertext and tag. The context and everything
before the ciphertext are authenticated.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from credit.domain.errors import InvalidCpf
from dataplatform.errors import KeyMaterialError, UnsealError
from dataplatform.security.keys import KeyService, read_secret, write_secret

_FORMAT = b"\x01"
_ID = 8
_NONCE = 12
_HEAD = 1 + _ID
_INDEX_USE = "mirante/blind-index"
_DATA_USE = "mirante/data"
_ELEVEN_DIGITS = re.compile(r"[0-9]{11}")


class EnvelopeSealer:
    """Keeps unwrapped keys in memory only; the ring on disk holds wrapped ones."""

    def __init__(self, ring: Path, service: KeyService) -> None:
        """Open the key ring at ``ring``, or make it.

        Raises:
            KeyMaterialError: the ring is damaged or readable by others.
            UnsealError: its keys were wrapped by another master.
        """
        self._ring, self._service = ring, service
        self._wrapped: dict[str, bytes] = {}
        self._keys: dict[str, bytes] = {}
        if ring.exists():
            self._load()
        else:
            self._index_wrapped = service.generate_data_key(_INDEX_USE).wrapped
            self.rotate()
        self._index_key = service.decrypt(self._index_wrapped, _INDEX_USE)

    def blind_index(self, cpf: str) -> str:
        """Raises InvalidCpf: not eleven plain digits."""
        if not _ELEVEN_DIGITS.fullmatch(cpf):
            raise InvalidCpf("the blind index takes eleven plain digits")
        return hmac.new(self._index_key, cpf.encode(), hashlib.sha256).hexdigest()

    def seal(self, plaintext: bytes, context: str) -> bytes:
        head = _FORMAT + self._active.encode()
        nonce = secrets.token_bytes(_NONCE)
        return (
            head + nonce + AESGCM(self._keys[self._active]).encrypt(nonce, plaintext, head + context.encode())
        )

    def open(self, sealed: bytes, context: str) -> bytes:
        """Raises UnsealError: another context, an unknown key, or altered bytes."""
        head, nonce, rest = sealed[:_HEAD], sealed[_HEAD : _HEAD + _NONCE], sealed[_HEAD + _NONCE :]
        key = self._keys.get(head[1:].decode("ascii", "replace"))
        if head[:1] != _FORMAT or key is None:
            raise UnsealError("it was sealed with a key that is not in this key ring")
        try:
            return AESGCM(key).decrypt(nonce, rest, head + context.encode())
        except (InvalidTag, ValueError) as error:
            raise UnsealError("it was altered, or it was sealed for another context") from error

    def rotate(self) -> str:
        """Seal with a new data key from now on; what is sealed stays readable. Returns the key's id."""
        fresh = self._service.generate_data_key(_DATA_USE)
        identity = f"{len(self._wrapped) + 1:0{_ID}d}"
        self._save({**self._wrapped, identity: fresh.wrapped}, identity)
        self._wrapped[identity], self._keys[identity] = fresh.wrapped, fresh.plaintext
        self._active = identity
        return identity

    def _save(self, wrapped: dict[str, bytes], active: str) -> None:
        document = {
            "active": active,
            "data_keys": {name: base64.b64encode(key).decode() for name, key in wrapped.items()},
            "index_key": base64.b64encode(self._index_wrapped).decode(),
        }
        write_secret(self._ring, json.dumps(document, indent=2, sort_keys=True).encode())

    def _load(self) -> None:
        content = read_secret(self._ring)
        try:
            document = json.loads(content)
            wrapped = {str(n): base64.b64decode(key) for n, key in document["data_keys"].items()}
            self._index_wrapped = base64.b64decode(document["index_key"])
            self._active = str(document["active"])
            self._keys = {name: self._service.decrypt(key, _DATA_USE) for name, key in wrapped.items()}
            self._wrapped = {**wrapped, self._active: wrapped[self._active]}
        except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
            raise KeyMaterialError(
                self._ring, f"it is not a key ring ({type(error).__name__})", "Restore it from its backup"
            ) from error
