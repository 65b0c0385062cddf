"""Why a record cannot be ingested, told to the client who sent it. Never quotes a value."""

from __future__ import annotations

import re
from collections.abc import Mapping

from app.api.language import Text
from app.api.problems import FieldProblem
from credit.domain.errors import RejectedRecord, RejectReason

# A path of field names; digits in a row could be somebody's number.
_PATH = re.compile(r"(?!.*[0-9]{8})[A-Za-z0-9_.]{1,80}")

_TEXTS: Mapping[RejectReason, tuple[Text, Text]] = {
    RejectReason.TOO_LARGE: (
        Text("the record is too large", "o registro é grande demais"),
        Text("Keep a record under 64 KiB", "Mantenha o registro abaixo de 64 KiB"),
    ),
    RejectReason.NOT_UTF8: (
        Text("not UTF-8", "não está em UTF-8"),
        Text("Encode the record in UTF-8", "Codifique o registro em UTF-8"),
    ),
    RejectReason.NOT_JSON: (
        Text("not JSON", "não é JSON"),
        Text("Send the record as a JSON object", "Envie o registro como objeto JSON"),
    ),
    RejectReason.NOT_AN_OBJECT: (
        Text("not an object", "não é um objeto"),
        Text("Send the record as a JSON object", "Envie o registro como objeto JSON"),
    ),
    RejectReason.DUPLICATE_FIELD: (
        Text("a field stands there twice", "um campo aparece duas vezes"),
        Text("Send each field once", "Envie cada campo uma só vez"),
    ),
    RejectReason.UNKNOWN_KIND: (
        Text("not a known kind", "tipo desconhecido"),
        Text("Use customer or transaction", "Use customer ou transaction"),
    ),
    RejectReason.UNKNOWN_FIELD: (
        Text("unknown field", "campo desconhecido"),
        Text("Remove it", "Remova-o"),
    ),
    RejectReason.MISSING_FIELD: (
        Text("missing", "ausente"),
        Text("Send this field", "Envie este campo"),
    ),
    RejectReason.WRONG_TYPE: (
        Text("of the wrong type", "de tipo errado"),
        Text(
            "Send texts as texts and whole numbers as numbers",
            "Envie textos como textos e inteiros como números",
        ),
    ),
    RejectReason.NEGATIVE: (
        Text("negative", "negativo"),
        Text("Send zero or more", "Envie zero ou mais"),
    ),
    RejectReason.OUT_OF_RANGE: (
        Text("out of range", "fora do intervalo"),
        Text("Check the unit: amounts are in cents", "Confira a unidade: valores são em centavos"),
    ),
    RejectReason.UNKNOWN_VALUE: (
        Text("not a known value", "valor desconhecido"),
        Text("Use one of the documented values", "Use um dos valores documentados"),
    ),
    RejectReason.INVALID_IDENTIFIER: (
        Text("not an identifier", "não é um identificador"),
        Text(
            "Use 1 to 64 letters, digits, '.', '_', ':' or '-', beginning with a letter or digit; not a CPF",
            "Use de 1 a 64 letras, dígitos, '.', '_', ':' ou '-', começando por letra ou dígito; não um CPF",
        ),
    ),
    RejectReason.INVALID_CPF: (
        Text("not a valid CPF", "não é um CPF válido"),
        Text(
            "Send eleven digits with right check digits, plain or as 000.000.000-00",
            "Envie onze dígitos com dígitos verificadores corretos, simples ou como 000.000.000-00",
        ),
    ),
    RejectReason.INVALID_TIME: (
        Text("not an instant with a time zone", "não é um instante com fuso horário"),
        Text("Write it as 2026-01-31T12:00:00Z", "Escreva como 2026-01-31T12:00:00Z"),
    ),
}


def rejection_fault(number: int, rejected: RejectedRecord) -> FieldProblem:
    """The fault of the record at ``number`` (from 0) of the batch."""
    problem, mend = _TEXTS[RejectReason(rejected.reason)]
    pointer = f"#/records/{number}"
    if rejected.field and _PATH.fullmatch(rejected.field):
        pointer += "/" + rejected.field.replace(".", "/")
    return FieldProblem(problem, mend, pointer=pointer)
