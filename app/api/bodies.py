"""What a client sends: a JSON body, read strictly and every fault named, and its Idempotency-Key."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from typing import TypeVar

import msgspec
from starlette.datastructures import Headers
from starlette.requests import Request

from app.api.exchange import ClientGone
from app.api.fields import SENT_TWICE, faults
from app.api.problem_types import (
    BODY_TOO_SLOW,
    CPF_IN_CLEAR,
    IDEMPOTENCY_KEY_INVALID,
    IDEMPOTENCY_KEY_MISSING,
    INVALID_BODY,
    INVALID_ENCODING,
    INVALID_JSON,
    UNSUPPORTED_MEDIA_TYPE,
)
from app.api.problems import ApiProblem, FieldProblem
from credit.domain.cpf import looks_like_cpf, normalise_cpf
from credit.ports.secrets import Sealer
from foundation.bilingual import Text

Body = TypeVar("Body")
KEY_PATTERN = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_canonical = msgspec.json.Encoder(order="deterministic").encode

_LOOKS_LIKE_CPF = Text("looks like a CPF", "parece ser um CPF")
_OWN_IDENTIFIER = Text("Use your own identifier, not a CPF", "Use um identificador próprio, não um CPF")
_NESTED_TOO_DEEPLY = Text(
    "The body is nested too deeply to be read.", "O corpo tem níveis demais para ser lido."
)


def _once(pairs: list[tuple[str, object]]) -> None:
    """Values are not kept: this looks at names only."""
    if len({name for name, _ in pairs}) < len(pairs):
        raise ApiProblem(INVALID_BODY, errors=[FieldProblem(*SENT_TWICE, pointer="#")])


# Numbers stay texts: this reading is for names, and a number of any length is msgspec's to judge.
_names_of = json.JSONDecoder(object_pairs_hook=_once, parse_int=str, parse_float=str).decode


async def read_body(request: Request, seconds: float) -> bytes:
    """The whole body, within ``seconds`` of real time. Its size is bounded by ``BodyLimit``.

    Raises:
        ApiProblem: not declared as JSON, compressed, or too slow.
        ClientGone: the client hung up.
    """
    _require_json(request.headers)
    try:
        async with asyncio.timeout(seconds):
            return await _receive_all(request)
    except TimeoutError as error:
        raise ApiProblem(
            BODY_TOO_SLOW,
            detail=BODY_TOO_SLOW.detail.filled(seconds=seconds),
            headers={"Connection": "close"},
        ) from error


def decode(body: bytes, wanted: msgspec.json.Decoder[Body]) -> Body:
    """The body as ``wanted``'s type.

    msgspec takes the last of two equal names, and another reader on the way may take the first: refused.

    Raises:
        ApiProblem: not UTF-8, not JSON, a name twice, or not of that type, every fault listed.
    """
    try:
        decoded = wanted.decode(body)
        _names_of(body.decode())
        return decoded
    except msgspec.ValidationError as error:
        raise ApiProblem(INVALID_BODY, errors=_faults(body, wanted)) from error
    except UnicodeDecodeError as error:
        raise ApiProblem(INVALID_ENCODING) from error
    except msgspec.DecodeError as error:
        raise _malformed(body) from error
    except RecursionError as error:
        raise ApiProblem(INVALID_JSON, detail=_NESTED_TOO_DEEPLY) from error


async def _receive_all(request: Request) -> bytes:
    message = await request.receive()
    if message["type"] == "http.request" and not message.get("more_body"):
        return bytes(message.get("body", b""))
    chunks = []
    while message["type"] == "http.request":
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(chunks)
        message = await request.receive()
    raise ClientGone


def _require_json(headers: Headers) -> None:
    media_type, _, parameters = headers.get("content-type", "").partition(";")
    charset = parameters.strip().lower().removeprefix("charset=").strip('"')
    encoding = headers.get("content-encoding", "identity").lower()
    if media_type.strip().lower() != "application/json" or encoding != "identity":
        raise ApiProblem(UNSUPPORTED_MEDIA_TYPE, headers={"Accept-Post": "application/json"})
    if charset not in ("", "utf-8", "utf8"):
        raise ApiProblem(INVALID_ENCODING)


def _faults(body: bytes, wanted: msgspec.json.Decoder[Body]) -> list[FieldProblem]:
    try:
        return faults(msgspec.json.decode(body), wanted.type)
    except UnicodeDecodeError as error:
        raise ApiProblem(INVALID_ENCODING) from error
    except msgspec.DecodeError as error:  # the fault in the syntax came after the one in a value
        raise _malformed(body) from error
    except RecursionError as error:
        raise ApiProblem(INVALID_JSON, detail=_NESTED_TOO_DEEPLY) from error


def _malformed(body: bytes) -> ApiProblem:
    try:
        body.decode()
    except UnicodeDecodeError:
        return ApiProblem(INVALID_ENCODING)
    return ApiProblem(INVALID_JSON)


def require_no_cpf(value: str | None, *, pointer: str | None = None, field: str | None = None) -> None:
    """Raises ApiProblem (422) when the text is written as a CPF is; the text is not repeated."""
    if value is not None and looks_like_cpf(value):
        problem = FieldProblem(_LOOKS_LIKE_CPF, _OWN_IDENTIFIER, pointer=pointer, field=field)
        raise ApiProblem(CPF_IN_CLEAR, errors=[problem])


def idempotency_key_of(request: Request) -> str:
    """One key, bare or as a quoted structured-field string (draft-ietf-httpapi-idempotency-key-header)."""
    sent = request.headers.getlist("idempotency-key")
    if not sent:
        raise ApiProblem(IDEMPOTENCY_KEY_MISSING)
    key = sent[0].strip()
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if len(sent) > 1 or not KEY_PATTERN.fullmatch(key):
        raise ApiProblem(IDEMPOTENCY_KEY_INVALID)
    require_no_cpf(key, field="Idempotency-Key")
    return key


def body_digest(body: msgspec.Struct, sealer: Sealer) -> str:
    """sha256 of what was asked, however it was spelled. The CPF goes in as its blind index: a digest of the
    number itself could be guessed."""
    asked = msgspec.structs.asdict(body)
    if asked.get("cpf") is not None:
        asked["cpf"] = sealer.blind_index(normalise_cpf(asked["cpf"]))
    return hashlib.sha256(_canonical(asked)).hexdigest()
