"""SLOs of one name that their labels tell apart, as Pyrra tells apart the rules of one name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from foundation.errors import Effect, Problems
from slo.model.spec import Slo

_NOT_NAME = re.compile(r"[^a-zA-Z0-9_.]+")


def told_apart(slos: Sequence[Slo], problems: Problems) -> list[Slo]:
    """Each that shares its id gets the values behind its name in which the labels of those differ.

    Nothing is done where labels do not tell them apart: the second is then one too many.
    """
    same: dict[str, list[Slo]] = {}
    for slo in slos:
        same.setdefault(slo.id, []).append(slo)
    return [_named(slo, same[slo.id], problems) for slo in slos]


def _named(slo: Slo, same: Sequence[Slo], problems: Problems) -> Slo:
    telling = _telling(same)
    names = {_suffix(other, telling) for other in same}
    if len(same) == 1 or len(names) < len(same):
        return slo
    name = f"{slo.name}-{_suffix(slo, telling)}"
    reason = f"{len(same)} are named {slo.name!r} and told apart by {', '.join(telling)}: this is {name!r}"
    problems.notice(slo.source_file, slo.source_line, "metadata.name", reason, effect=Effect.CHANGED)
    return replace(slo, name=name, display_name=name)


def _telling(slos: Sequence[Slo]) -> list[str]:
    keys = {key for slo in slos for key in slo.labels}
    return sorted(key for key in keys if len({slo.labels.get(key) for slo in slos}) > 1)


def _suffix(slo: Slo, telling: Sequence[str]) -> str:
    values = [slo.labels[key] for key in telling if key in slo.labels]
    return "-".join(_NOT_NAME.sub("-", value).strip("-") for value in values)
