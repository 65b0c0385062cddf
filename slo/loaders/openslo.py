"""OpenSLO v1 (and what v2alpha words otherwise): objects of all files together, then references resolved.

Follows the specification's README and ``enhancements/v2alpha.md`` at commit aa5cb78 of OpenSLO/OpenSLO.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from foundation.located import Section
from slo.loaders.definitions import Definitions
from slo.loaders.metadata import Metadata, read_metadata
from slo.loaders.openslo_alerts import Condition, Policy, read_condition, read_policy, read_target_spec
from slo.loaders.openslo_sli import LONGEST_DESCRIPTION, SliContext, read_sli_spec
from slo.loaders.openslo_slo import Known, read_slo
from slo.model.conventions import ANNOTATION_PREFIX
from slo.model.entities import DataSource, NotificationTarget, Service, WindowSet
from slo.model.spec import Indicator

V1 = "openslo/v1"
V2 = "openslo.com/v2alpha"
VERSIONS = (V1, V2, "openslo/v2alpha")
KINDS = (
    "Service", "DataSource", "SLI", "SLO", "AlertPolicy", "AlertCondition", "AlertNotificationTarget",
)  # fmt: skip

T = TypeVar("T")


class OpenSlo:
    """Takes documents one by one, since references cross files; ``resolve`` then reads them all."""

    def __init__(self) -> None:
        self._documents: dict[str, list[Section]] = {kind: [] for kind in KINDS}

    def take(self, document: Section) -> None:
        version = document.text("apiVersion", required=True)
        if version not in VERSIONS:
            mend = f"Write apiVersion: {V1}; its objectives and indicators are worded differently."
            document.refuse("apiVersion", f"{version!r} is not read here", mend)
            return
        kind = document.text("kind", required=True, choices=KINDS)
        if kind:
            self._documents[kind].append(document)

    def resolve(self, windows: Mapping[str, WindowSet], into: Definitions) -> None:
        """Read everything taken into ``into``; refusals gather in the documents' problems."""
        into.services += self._named("Service", _service).values()
        data_sources = self._named("DataSource", _data_source)
        targets = self._named("AlertNotificationTarget", _target)
        into.data_sources += data_sources.values()
        into.targets += targets.values()
        sli = SliContext(data_sources)
        conditions = {name: c for name, c in self._named("AlertCondition", read_condition).items() if c}
        policies = self._named("AlertPolicy", _policy_reader(conditions, frozenset(targets)))
        indicators = self._named("SLI", lambda document: _sli(document, _context(document, sli)))
        for document in self._documents["SLO"]:
            context = _context(document, sli)
            known = Known(context, indicators, policies, conditions, frozenset(targets), windows)
            slos, composite = read_slo(document, known)
            document.close()
            into.slos += slos
            into.composites += [composite] if composite else []

    def _named(self, kind: str, read: Callable[[Section], T]) -> dict[str, T]:
        found: dict[str, T] = {}
        first: dict[str, Section] = {}
        for document in self._documents[kind]:
            value = read(document)
            document.close()
            name = _peek_name(document)
            if name in first:
                place = f"{first[name].file}:{first[name].line}"
                document.refuse("metadata.name", f"{kind} {name!r} is defined in {place} too", "Rename one.")
            first.setdefault(name, document)
            found.setdefault(name, value)
        return found


def _context(document: Section, sli: SliContext) -> SliContext:
    dialect = "v1" if document.text("apiVersion") == V1 else "v2alpha"
    return SliContext(sli.data_sources, dialect)


def _policy_reader(
    conditions: Mapping[str, Condition], targets: frozenset[str]
) -> Callable[[Section], Policy]:
    return lambda document: read_policy(document, conditions, targets)


def _peek_name(document: Section) -> str:
    metadata = document.section("metadata")
    return metadata.text("name") if metadata else ""


def _described(document: Section) -> tuple[Metadata, Section | None, str]:
    metadata = read_metadata(document)
    spec = document.section("spec", required=True)
    description = spec.text("description", longest=LONGEST_DESCRIPTION) if spec else ""
    return metadata, spec, description


def _service(document: Section) -> Service:
    metadata = read_metadata(document)
    spec = document.section("spec")
    description = ""
    if spec is not None:
        description = spec.text("description", longest=LONGEST_DESCRIPTION)
        spec.close()
    owner = metadata.annotations.get(f"{ANNOTATION_PREFIX}owner", "")
    return Service(metadata.name, metadata.display_name, description, owner, metadata.labels)


def _data_source(document: Section) -> DataSource:
    metadata, spec, description = _described(document)
    if spec is None:
        return DataSource(metadata.name, "")
    connection = spec.plain("connectionDetails")
    source = DataSource(
        metadata.name,
        spec.text("type", required=True),
        description,
        connection if isinstance(connection, dict) else {},
    )
    spec.close()
    return source


def _target(document: Section) -> NotificationTarget:
    name = read_metadata(document).name
    target, description = read_target_spec(document)
    return NotificationTarget(name, target, description)


def _sli(document: Section, context: SliContext) -> Indicator | None:
    read_metadata(document)
    spec = document.section("spec", required=True)
    return None if spec is None else read_sli_spec(spec, context)
