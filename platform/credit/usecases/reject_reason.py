"""Why a stream record can never be processed: one name a cause, for the dead letters and their counts."""

from __future__ import annotations

from enum import StrEnum


class RejectReason(StrEnum):
    TOO_LARGE = "too_large"
    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    NOT_AN_OBJECT = "not_an_object"
    DUPLICATE_FIELD = "duplicate_field"
    UNKNOWN_KIND = "unknown_kind"
    UNKNOWN_FIELD = "unknown_field"
    MISSING_FIELD = "missing_field"
    WRONG_TYPE = "wrong_type"
    NEGATIVE = "negative"
    OUT_OF_RANGE = "out_of_range"
    UNKNOWN_VALUE = "unknown_value"
    INVALID_IDENTIFIER = "invalid_identifier"
    INVALID_CPF = "invalid_cpf"
    INVALID_TIME = "invalid_time"
