"""Reads ``alarms/intakes.yaml``: how the JSON of other senders reads, and which sources must not go quiet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TypeVar, cast

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.functions import Functions

from alarms.intake.mapping import ENDED, NAME_OF_A_HOOK, Finder, JsonMapping
from alarms.model.expected_beat import ExpectedBeat
from alarms.model.severity import Severity
from alarms.policy.defaults import INTAKES
from foundation.files import read_document
from foundation.located import Place, shown, suggestion
from foundation.workspace import Workspace

Named = TypeVar("Named")
SHORTEST = timedelta(seconds=10)
GRACE = timedelta(minutes=1)
PATHS = ("alerts", "starts_at", "ends_at", "key", "summary", "tags")


@dataclass(frozen=True, slots=True)
class Intakes:
    """By their names, as in the addresses of their hooks."""

    mappings: Mapping[str, JsonMapping] = field(default_factory=dict)
    heartbeats: Mapping[str, ExpectedBeat] = field(default_factory=dict)


def load_intakes(workspace: Workspace) -> Intakes:
    """Those of a workspace; one that has no such file has none.

    Raises:
        foundation.errors.DefinitionErrors: everything wrong with them, each with file, line, field and fix.
    """
    path = workspace.alarm_file(INTAKES)
    return Intakes() if path is None else read_intakes(path)


def read_intakes(path: Path) -> Intakes:
    """Raises as ``load_intakes``."""
    top = read_document(path)
    fields = top.fields(["version"], ["json", "heartbeats"])
    fields["version"].choice(["1"])
    found = Intakes(_named(fields.get("json"), _mapping), _named(fields.get("heartbeats"), _heartbeat))
    top.source.problems.raise_if_any()
    return found


def _named(places: Place | None, read: Callable[[str, Place], Named]) -> dict[str, Named]:
    found = {}
    for name, place in [] if places is None else places.entries():
        if not NAME_OF_A_HOOK.fullmatch(name):
            place.wrong(
                f"{name!r} is not a valid name",
                "Use at most 24 lower-case letters, digits and dashes, starting with a letter",
            )
        found[name] = read(name, place)
    return found


def _mapping(_: str, place: Place) -> JsonMapping:
    fields = place.fields(["name"], ["state", "severity", "labels", "links", *PATHS])
    state, ended = _words(fields.get("state"), "ended")
    severity, words = _words(fields.get("severity"), "words")
    paths = {name: _finder(fields[name]) for name in PATHS if name in fields}
    return JsonMapping(
        name=_finder(fields["name"]),
        state=state,
        ended=ENDED if ended is None else tuple(word.text().lower() for word in ended.items(least=1)),
        severity=severity,
        severity_words={}
        if words is None
        else {word.lower(): level.member(Severity) for word, level in words.entries()},
        labels=_finders(fields.get("labels")),
        links=_finders(fields.get("links")),
        **paths,
    )


def _words(place: Place | None, key: str) -> tuple[Finder | None, Place | None]:
    """An expression, or ``{path: EXPRESSION, KEY: words}``."""
    if place is None:
        return None, None
    if not place.is_mapping:
        return _finder(place), None
    fields = place.fields(["path"], [key])
    return _finder(fields["path"]), fields.get(key)


def _finders(place: Place | None) -> dict[str, Finder]:
    return {} if place is None else {name: _finder(item) for name, item in place.entries()}


def _finder(place: Place) -> Finder:
    text = place.text()
    try:
        compiled = jmespath.compile(text or "@")
    except JMESPathError as error:
        reason = str(error).partition("\n")[0]
        fix = "Write for example `alert.title`, the field `title` below `alert`. See https://jmespath.org."
        place.wrong(f"{shown(text)} is not a JMESPath expression ({reason})", fix)
        compiled = jmespath.compile("@")
    for name in sorted(_functions(compiled.parsed) - set(Functions.FUNCTION_TABLE)):
        fix = suggestion(
            name, list(Functions.FUNCTION_TABLE), "See https://jmespath.org for those there are."
        )
        place.wrong(f"{name!r} is not a function of JMESPath", fix)
    return cast("Finder", compiled)


def _functions(tree: Mapping[str, object]) -> set[str]:
    own = {str(tree["value"])} if tree.get("type") == "function_expression" else set()
    children = tree.get("children")
    below = [child for child in children if isinstance(child, dict)] if isinstance(children, list) else []
    return own.union(*(_functions(child) for child in below))


def _heartbeat(name: str, place: Place) -> ExpectedBeat:
    fields = place.fields(["every"], ["grace", "severity", "sender", "alert", "labels", "runbook"])
    places = fields["labels"].entries() if "labels" in fields else []
    text = {key: fields[key].text() for key in ("sender", "alert", "runbook") if key in fields}
    return ExpectedBeat(
        name=name,
        every=fields["every"].duration(least=SHORTEST),
        grace=fields["grace"].duration() if "grace" in fields else GRACE,
        severity=fields["severity"].member(Severity) if "severity" in fields else Severity.P2,
        sender=text.get("sender", ""),
        alert=text.get("alert", ""),
        labels={label: item.text() for label, item in places},
        runbook=text.get("runbook"),
    )
