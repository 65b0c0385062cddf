"""The catalogue of reasons as YAML: every code with its texts in English and Portuguese."""

from __future__ import annotations

import re

from credit.domain.errors import PolicyError
from credit.domain.reasons import ReasonCatalogue, ReasonText, Text
from credit.domain.yaml_fields import Fields, Value, read_yaml

_CODE = re.compile(r"[A-Z][A-Z0-9_]{2,63}")


def parse_reasons(content: bytes, file: str) -> ReasonCatalogue:
    """``reasons: {CODE: {title, title_pt, applicant, applicant_pt, mend?, mend_pt?}}``.

    Raises:
        PolicyError: the first thing wrong, a text missing in one language included.
    """
    top = read_yaml(content, file, PolicyError).fields()
    texts = {code: _reason(code, value) for code, value in top.take("reasons").pairs()}
    top.done()
    return ReasonCatalogue(texts)


def _reason(code: str, value: Value) -> ReasonText:
    if not _CODE.fullmatch(code):
        raise value.wrong("is not a reason code", "Use capitals, digits and '_', such as SCORE_LOW")
    fields = value.fields()
    title, applicant = _text(fields, "title"), _text(fields, "applicant")
    mend = _text(fields, "mend") if fields.maybe_any("mend", "mend_pt") else None
    fields.done()
    return ReasonText(code, title, applicant, mend)


def _text(fields: Fields, name: str) -> Text:
    return Text(fields.take(name).text(), fields.take(f"{name}_pt").text())
