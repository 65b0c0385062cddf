"""Which values of a label are good, and which bad: HTTP statuses, gRPC codes, and words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from slo.offers.known import Protocol

_HTTP = re.compile(r"[1-5][0-9][0-9]|[1-5][xX][xX]")
_HTTP_CLASS = re.compile(r"[1-5]")
_GRPC_FAULTS = {
    "unknown": "2", "deadlineexceeded": "4", "internal": "13", "unavailable": "14", "dataloss": "15",
}  # fmt: skip
_GRPC_OTHERS = {
    "ok": "0", "cancelled": "1", "canceled": "1", "invalidargument": "3", "notfound": "5",
    "alreadyexists": "6", "permissiondenied": "7", "resourceexhausted": "8", "failedprecondition": "9",
    "aborted": "10", "outofrange": "11", "unimplemented": "12", "unauthenticated": "16",
}  # fmt: skip
_FAULTS = {
    "number": "2|4|13|14|15",
    "camel": "Unknown|DeadlineExceeded|Internal|Unavailable|DataLoss",
    "upper": "UNKNOWN|DEADLINE_EXCEEDED|INTERNAL|UNAVAILABLE|DATA_LOSS",
}
"""The faults as each kind of library spells them; where only OK was seen, any of them may come."""
_GOOD = frozenset((
    "ok", "okay", "success", "succeeded", "successful", "true", "pass", "passed", "complete", "completed",
    "done", "delivered", "processed", "accepted", "sent", "hit", "approved",
))  # fmt: skip
_BAD = frozenset((
    "error", "errors", "err", "failure", "failures", "fail", "failed", "false", "timeout", "timed_out",
    "exception", "rejected", "dropped", "aborted", "crashed", "server_error", "dead_letter", "panic", "lost",
))  # fmt: skip
_NEUTRAL = frozenset((
    "client_error", "redirection", "informational", "skipped", "ignored", "duplicate", "cancelled",
    "canceled",
))  # fmt: skip
_MISSING = frozenset(("", "0", "unknown", "none"))
MOST_VALUES = 200


@dataclass(frozen=True, slots=True)
class OutcomeVerdict:
    """``part`` (``good`` or ``bad``) is what the matcher ``op`` ``value`` selects; ``values`` are those seen
    that it does. ``good`` says it in words."""

    part: str
    op: str
    value: str
    values: frozenset[str]
    good: str


def verdict(protocol: Protocol, values: Iterable[str]) -> OutcomeVerdict | str:
    """Or why there is none."""
    seen = frozenset(values)
    told = seen - _MISSING
    if len(seen) > MOST_VALUES:
        return f"its outcome has {len(seen)} values: too many to judge"
    if told and all(_HTTP.fullmatch(value) for value in told):
        bad = frozenset(value for value in told if value.startswith("5"))
        return OutcomeVerdict("bad", "=~", "5..", bad, "answered without a server error (status 5xx)")
    if told and all(_HTTP_CLASS.fullmatch(value) for value in told):
        return OutcomeVerdict("bad", "=", "5", told & {"5"}, "answered without a server error (status 5xx)")
    if protocol is Protocol.GRPC:
        return _grpc(seen)
    return _words(seen)


def _grpc(seen: frozenset[str]) -> OutcomeVerdict | str:
    plain = {value: value.replace("_", "").lower() for value in seen if value}
    codes = {**_GRPC_FAULTS, **_GRPC_OTHERS}
    strange = [value for value, text in plain.items() if text not in codes and text not in codes.values()]
    if strange or not plain:
        return f"it holds codes that are not gRPC's: {_listed(strange)}" if strange else "it has no code"
    faults = {*_GRPC_FAULTS, *_GRPC_FAULTS.values()}
    bad = frozenset(value for value, text in plain.items() if text in faults)
    spellings = {
        _spelling(value) for value in seen if value not in _MISSING and value != "OK"
    } or _FAULTS.keys()
    pattern = "|".join(text for spelling, text in _FAULTS.items() if spelling in spellings)
    good = (
        "answered without a fault of the server (Unknown, DeadlineExceeded, Internal, Unavailable, DataLoss)"
    )
    return OutcomeVerdict("bad", "=~", pattern, bad, good)


def _spelling(code: str) -> str:
    if code.isdigit():
        return "number"
    return "upper" if code.isupper() else "camel"


def _words(seen: frozenset[str]) -> OutcomeVerdict | str:
    """Good ones are selected, so that a failure of a new name counts as one."""
    lower = {value: value.lower().replace("-", "_") for value in seen if value}
    good = frozenset(value for value, word in lower.items() if word in _GOOD | _NEUTRAL)
    bad = {value for value, word in lower.items() if word in _BAD}
    strange = sorted(set(lower) - good - bad)
    if strange:
        return f"you have to say which of its values are good: {_listed(strange)}"
    if not any(lower[value] in _GOOD for value in good):
        return "none of its values seen today is a good one" if lower else "its outcome is empty"
    pattern = "|".join(sorted(good))
    return OutcomeVerdict(
        "good", "=~" if len(good) > 1 else "=", pattern, good, f"ended as {' or '.join(sorted(good))}"
    )


def _listed(values: Iterable[str]) -> str:
    """A few of them, none of them long: they are somebody else's text."""
    shown = [repr(value[:40]) for value in sorted(values)]
    return ", ".join(shown[:6]) + (f" and {len(shown) - 6} more" if len(shown) > 6 else "")
