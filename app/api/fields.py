"""What is wrong with a decoded JSON value, field by field, in both languages. Never quotes the value.

The types that decode the body are the only description of what is accepted: their constraints decide, and
``expects`` (put into a field's ``Meta``) tells a person what to send instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
from msgspec import Meta

from app.api.language import Text
from app.api.problems import FieldProblem

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
            Text("expected {0}, got {1}", "esperado {0}, veio {1}").of(_KINDS[-1][1], _kind(value)),
            Text("Send a JSON object", "Envie um objeto JSON"),
            pointer=pointer,
        )
        return
    fields = {field.encode_name: field for field in msgspec.structs.fields(wanted)}
    for name, field in fields.items():
        if name in value:
            yield from _walk(value[name], field.type, f"{pointer}/{name}")
        elif field.required:
            yield FieldProblem(Text("missing", "ausente"), _mend(field.type), pointer=f"{pointer}/{name}")
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
        yield FieldProblem(_problem(value, wanted), _mend(wanted), pointer=pointer)


def _problem(value: object, wanted: Any) -> Text:
    expected = _json_type(_bare(wanted))
    if not isinstance(value, expected) or (isinstance(value, bool) and expected is not bool):
        names = [text for kind, text in _KINDS if kind is expected]
        return Text("expected {0}, got {1}", "esperado {0}, veio {1}").of(
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


def _mend(wanted: Any) -> Text:
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
