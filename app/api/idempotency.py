"""What makes two requests the same: their key, and a digest of what was asked."""

from __future__ import annotations

import hashlib
import re

import msgspec
from starlette.requests import Request

from app.api.clear_text import require_no_cpf
from app.api.decision_documents import DecisionRequestBody
from app.api.problem_types import IDEMPOTENCY_KEY_INVALID, IDEMPOTENCY_KEY_MISSING
from app.api.problems import ApiProblem
from credit.domain.cpf import normalise_cpf
from credit.ports.secrets import Sealer

KEY_PATTERN = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_canonical = msgspec.json.Encoder(order="deterministic").encode


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


def body_digest(body: DecisionRequestBody, sealer: Sealer) -> str:
    """sha256 of what was asked, however it was spelled. The CPF goes in as its blind index: a digest of the
    number itself could be guessed."""
    asked = msgspec.structs.asdict(body)
    if body.cpf is not None:
        asked["cpf"] = sealer.blind_index(normalise_cpf(body.cpf))
    return hashlib.sha256(_canonical(asked)).hexdigest()
