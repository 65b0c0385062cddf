"""What is wrong with what a client sent, field by field, in both languages. Never quotes a value.

The types that decode the body are the only description of what is accepted: their constraints decide, and
``expects`` (put into a field's ``Meta``) tells a person what to send instead. Records for the stream are
judged by ingestion; its reasons have their texts here, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
from msgspec import Meta

from app.api.problems import FieldProblem
from credit.domain.errors import RejectedRecord, RejectReason
from foundation.bilingual import Text

EXPECTS = "expects"
MOST_FAULTS = 50
_PLAIN_NAME = re.compile(r"[A-Za-z_]{1,40}")  # without digits: a name from outside may hold a CPF

_KINDS: tuple[tuple[type | tuple[type, ...], Text], ...] = (
    (NoneType, Text("null", "null")),
    (bool, Text("true or false", "verdadeiro ou falso")),
    (int, Text("a whole number", "um número inteiro")),
    (float, Text("a number with decimals", "um número com decimais")),
    (str, Text("a text", "um texto")),
    (list, Text("a list", "uma lista")),
    (dict, Text("an object", "um objeto")),
)
_OTHER = Text("something else", "outra coisa")
_SEE_DOCS = Text("See /docs for what this field accepts", "Veja em /docs o que este campo aceita")


def expects(en: str, pt: str) -> dict[str, object]:
    """For ``Meta(extra=...)``: what a person should send in this field."""
    return {EXPECTS: Text(en, pt)}


def faults(value: object, wanted: Any, pointer: str = "#") -> list[FieldProblem]:
    """Everything in ``value`` that ``wanted`` (a msgspec type) does not accept, at most ``MOST_FAULTS``."""
    found: list[FieldProblem] = []
    for fault in _walk(value, wanted, pointer):
        found.append(fault)
        if len(found) == MOST_FAULTS:
            break
    return found


def _walk(value: object, wanted: Any, pointer: str) -> Iterator[FieldProblem]:
    bare = _bare(wanted)
    if isinstance(bare, type) and issubclass(bare, msgspec.Struct):
        yield from _walk_struct(value, bare, pointer)
    elif get_origin(bare) is list and isinstance(value, list):
        yield from _walk_list(value, wanted, get_args(bare)[0], pointer)
    else:
        yield from _check(value, wanted, pointer)


def _walk_struct(value: object, wanted: type[msgspec.Struct], pointer: str) -> Iterator[FieldProblem]:
    if not isinstance(value, dict):
        yield FieldProblem(
            Text("expected {0}, got {1}", "esperado {0}, veio {1}").filled(_KINDS[-1][1], _kind(value)),
            Text("Send a JSON object", "Envie um objeto JSON"),
            pointer=pointer,
        )
        return
    fields = {field.encode_name: field for field in msgspec.structs.fields(wanted)}
    for name, field in fields.items():
        if name in value:
            yield from _walk(value[name], field.type, f"{pointer}/{name}")
        elif field.required:
            yield FieldProblem(Text("missing", "ausente"), _fix(field.type), pointer=f"{pointer}/{name}")
    for name in value:
        if name not in fields:
            yield _unknown(name, pointer, tuple(fields))


def _walk_list(value: list[object], wanted: Any, item: Any, pointer: str) -> Iterator[FieldProblem]:
    before = False
    for number, each in enumerate(value):
        for fault in _walk(each, item, f"{pointer}/{number}"):
            before = True
            yield fault
    if not before:
        yield from _check(value, wanted, pointer)


def _check(value: object, wanted: Any, pointer: str) -> Iterator[FieldProblem]:
    if _bare(wanted) is msgspec.Raw:  # judged by whoever reads it
        return
    try:
        msgspec.convert(value, wanted, strict=True)
    except msgspec.ValidationError:
        yield FieldProblem(_problem(value, wanted), _fix(wanted), pointer=pointer)


def _problem(value: object, wanted: Any) -> Text:
    expected = _json_type(_bare(wanted))
    if not isinstance(value, expected) or (isinstance(value, bool) and expected is not bool):
        names = [text for kind, text in _KINDS if kind is expected]
        return Text("expected {0}, got {1}", "esperado {0}, veio {1}").filled(
            names[0] if names else _OTHER, _kind(value)
        )
    if isinstance(value, int):
        if value < 0:
            return Text("negative", "negativo")
        return _size(wanted, value)
    return Text("not accepted", "não aceito")


def _json_type(bare: Any) -> type:
    """The Python type that a JSON value of this type decodes to."""
    if get_origin(bare) is Literal or (isinstance(bare, type) and issubclass(bare, Enum)):
        return str
    found: type = get_origin(bare) or bare
    return found


def _size(wanted: Any, value: int) -> Text:
    least = next((meta.ge for meta in _metas(wanted) if meta.ge is not None), None)
    if least is not None and value < least:
        return Text("too small", "pequeno demais")
    return Text("too large", "grande demais")


def _unknown(name: str, pointer: str, known: tuple[str, ...]) -> FieldProblem:
    shown = f"{pointer}/{name}" if _PLAIN_NAME.fullmatch(name) else pointer
    names = ", ".join(known)
    return FieldProblem(
        Text("unknown field", "campo desconhecido"),
        Text(f"Remove it. Fields are: {names}", f"Remova-o. Os campos são: {names}"),
        pointer=shown,
    )


def _kind(value: object) -> Text:
    return next((text for kind, text in _KINDS if isinstance(value, kind)), _OTHER)


def _fix(wanted: Any) -> Text:
    for meta in _metas(wanted):
        text = (meta.extra or {}).get(EXPECTS)
        if isinstance(text, Text):
            return text
    return _SEE_DOCS


def _metas(wanted: Any) -> Iterator[Meta]:
    if get_origin(wanted) is Annotated:
        yield from (meta for meta in wanted.__metadata__ if isinstance(meta, Meta))
        yield from _metas(wanted.__origin__)
    elif get_origin(wanted) in (Union, UnionType):
        for part in get_args(wanted):
            yield from _metas(part)


def _bare(wanted: Any) -> Any:
    """The type itself, without constraints and without ``None``."""
    if get_origin(wanted) is Annotated:
        return _bare(wanted.__origin__)
    if get_origin(wanted) in (Union, UnionType):
        parts = [part for part in get_args(wanted) if part is not NoneType]
        return _bare(parts[0])
    return wanted


# A path of field names; digits in a row could be somebody's number.
_FIELD_PATH = re.compile(r"(?!.*[0-9]{8})[A-Za-z0-9_.]{1,80}")

SENT_TWICE = (
    Text("a field appears twice", "um campo aparece duas vezes"),
    Text("Send each field once", "Envie cada campo uma só vez"),
)
_REJECTIONS: Mapping[RejectReason, tuple[Text, Text]] = {
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
    RejectReason.DUPLICATE_FIELD: SENT_TWICE,
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
            "Send texts as JSON strings and whole numbers as JSON numbers",
            "Envie textos como strings e inteiros como números em JSON",
        ),
    ),
    RejectReason.NEGATIVE: (
        Text("negative", "negativo"),
        Text("Send zero or a positive number", "Envie zero ou um número positivo"),
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
            "Send eleven digits with correct check digits, plain or as 000.000.000-00",
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
    problem, fix = _REJECTIONS[RejectReason(rejected.reason)]
    pointer = f"#/records/{number}"
    if rejected.field and _FIELD_PATH.fullmatch(rejected.field):
        pointer += "/" + rejected.field.replace(".", "/")
    return FieldProblem(problem, fix, pointer=pointer)
