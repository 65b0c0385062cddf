"""Appendix B.1 (``parameters.yaml``): what the document sets, and what became of it on Aurora MySQL 3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from foundation.files import read_document
from foundation.located import Place

FILE = Path(__file__).with_name("parameters.yaml")
_ABSENT = "none"  # no such variable on the local server


class ParameterVerdict(StrEnum):
    APPLIED = "applied"
    NOT_SETTABLE = "not settable"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Parameter:
    """``document`` is the document's text. ``aurora`` and ``local`` are what is set there, or None."""

    name: str
    scope: str  # cluster | instance: which parameter group
    document: str | None
    verdict: ParameterVerdict
    reason: str
    aurora: str | None
    local: str | None
    adr: str | None = None


def load_parameters() -> tuple[Parameter, ...]:
    """The document's parameters in its order, then those added to them (``document`` is None)."""
    fields = read_document(FILE).fields(["parameters", "added"])
    named = [_answered(_texts(item)) for item in fields["parameters"].items()]
    return (*named, *(_added(_texts(item)) for item in fields["added"].items()))


def _texts(item: Place) -> Mapping[str, str]:
    return {key: value.text() for key, value in item.entries()}


def aurora_parameters(scope: str) -> Mapping[str, str]:
    """What a ``cluster`` or ``instance`` parameter group of Aurora MySQL 3 is given, by name."""
    return {p.name: p.aurora for p in load_parameters() if p.scope == scope and p.aurora is not None}


def local_options() -> Mapping[str, str]:
    """The same for MariaDB on one machine, as server options by name."""
    return {p.name.replace("_", "-"): p.local for p in load_parameters() if p.local is not None}


def _answered(fields: Mapping[str, str]) -> Parameter:
    verdict, document = ParameterVerdict(fields["verdict"]), fields["document"]
    applied = verdict is ParameterVerdict.APPLIED
    local = fields.get("local", document)
    return Parameter(
        name=fields["name"],
        scope=fields["scope"],
        document=document,
        verdict=verdict,
        reason=fields["reason"],
        aurora=fields.get("aurora", document) if applied else None,
        local=local if applied and local != _ABSENT else None,
        adr=fields.get("adr"),
    )


def _added(fields: Mapping[str, str]) -> Parameter:
    return Parameter(
        name=fields["name"],
        scope=fields["scope"],
        document=None,
        verdict=ParameterVerdict.APPLIED,
        reason=fields["reason"],
        aurora=fields["value"],
        local=None,
    )
