"""Everything a person writes, loaded, linted and generated in memory: what ``mirante check`` answers from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from alarms.generate.indicators import indicators
from alarms.policy.channel import Channels, secret_of
from alarms.policy.runbook import Runbooks
from app.bootstrap.alarm_policy import AlarmPolicy, load_alarm_policy
from app.bootstrap.cloudwatch import DECLARED
from app.build import artifacts
from app.settings import Settings, channel_variable
from credit.domain.errors import UnknownPolicy
from credit.metrics import METRICS
from credit.usecases.load_policies import load_policies
from dashboards.model.errors import DashboardError
from dashboards.truth.gates import Report, examine
from foundation.errors import Problems
from slo import lint
from slo.lint import Finding, FindingLevel, LintSurroundings
from slo.loaders.catalogue_files import DEFINITIONS, load_catalogue
from slo.model.catalogue import Catalogue

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Checked:
    """``counts`` says how much of each kind was read; what could not be read is absent.

    ``unwatched`` are metrics that are exposed, and that no board and no rule reads.
    """

    findings: Sequence[Finding]
    counts: dict[str, int] = field(default_factory=dict)
    unwatched: tuple[str, ...] = ()

    @property
    def errors(self) -> int:
        return sum(finding.level is FindingLevel.ERROR for finding in self.findings)


def check_everything(settings: Settings) -> Checked:
    """Read all of it even when a part is wrong, so that a person fixes everything in one go."""
    findings: list[Finding] = []
    counts: dict[str, int] = {}
    unwatched: tuple[str, ...] = ()
    catalogue = _attempt("definition", lambda: load_catalogue(settings.definitions), findings)
    alarms = _attempt("definition", lambda: load_alarm_policy(settings.alarm_policy), findings)
    book = _attempt("credit-policy", lambda: load_policies(settings.policies, settings.policy), findings)
    if catalogue is not None:
        counts |= _catalogue_counts(catalogue)
        findings += lint.check(catalogue, _surroundings(settings, alarms))
    if alarms is not None:
        counts |= {
            "runbooks": len(alarms.runbooks.ids()),
            "teams": len(alarms.policy.teams),
            "channels": len(alarms.channels),
        }
        findings += _secret_findings(alarms.channels, settings)
        findings += _runbook_findings(alarms.runbooks)
    if book is not None:
        counts["credit policies"] = len(book.names())
    if (
        catalogue is not None
        and alarms is not None
        and not any(f.level is FindingLevel.ERROR for f in findings)
    ):
        findings += _indicator_findings(catalogue, alarms.runbooks)
        counts["generated files"] = _generated(catalogue, alarms, settings, findings)
        if settings.definitions is None:  # the gates know what our own platform exposes, and nothing else
            report = examine(catalogue, settings.environment, DECLARED)
            findings += _truth_findings(report)
            counts |= report.counts
            unwatched = report.unwatched
    return Checked(_placed(findings, settings.definitions or DEFINITIONS), counts, unwatched)


def _attempt(rule: str, load: Callable[[], T], findings: list[Finding]) -> T | None:
    problems = Problems()
    try:
        loaded = problems.attempt(load)
    except UnknownPolicy as unknown:
        fix = "Set `policy` to one of them, or add its file"
        findings.append(Finding(FindingLevel.ERROR, rule, "settings", None, "policy", str(unknown), fix))
        return None
    findings += [
        Finding(FindingLevel.ERROR, rule, wrong.file, wrong.line, wrong.field, wrong.problem, wrong.fix)
        for wrong in problems.errors
    ]
    return loaded


def _surroundings(settings: Settings, alarms: AlarmPolicy | None) -> LintSurroundings:
    return LintSurroundings(
        environment=settings.environment,
        teams=frozenset() if alarms is None else frozenset(team.id for team in alarms.policy.teams),
        buckets={metric.name: frozenset(metric.buckets) for metric in METRICS if metric.buckets},
    )


def _catalogue_counts(catalogue: Catalogue) -> dict[str, int]:
    return {
        "definition files": len(catalogue.sources),
        "SLOs": len(catalogue.slos),
        "window sets": len(catalogue.windows),
        "components": len(catalogue.components),
    }


def _secret_findings(channels: Channels, settings: Settings) -> Iterator[Finding]:
    """Warnings only: where it is checked need not be where it runs."""
    for name, channel in channels.items():
        what = secret_of(channel)
        if what is not None and name not in settings.channel_secrets.by_channel:
            reason, fix = (
                f"needs {what}, which is not set here",
                f"Set {channel_variable(name)} where it runs",
            )
            yield Finding(
                FindingLevel.WARNING,
                "channel-secret",
                "channels.yaml",
                None,
                f"channels.{name}",
                reason,
                fix,
            )


def _runbook_findings(runbooks: Runbooks) -> Iterator[Finding]:
    for name in runbooks.ids():
        page = runbooks.get(name)
        for heading, steps in () if page is None else (("Steps", page.steps), ("Passos", page.steps_pt)):
            if not steps:
                reason, fix = f"has no numbered line below '## {heading}'", "Write what to do, step by step"
                yield Finding(FindingLevel.ERROR, "runbook", f"{name}.md", None, heading, reason, fix)


def _indicator_findings(catalogue: Catalogue, runbooks: Runbooks) -> Iterator[Finding]:
    for indicator in indicators(catalogue):
        if runbooks.get(indicator.runbook) is None:
            reason = f"{indicator.name} points to the runbook {indicator.runbook!r}, which does not exist"
            fix = f"Write {indicator.runbook}.md"
            yield Finding(FindingLevel.ERROR, "runbook", "runbooks", None, indicator.name, reason, fix)


def _truth_findings(report: Report) -> Iterator[Finding]:
    """Boards and rules that could lie: unknown series, moved lines, dead links, foreign colours."""
    for lie in report.findings:
        yield Finding(FindingLevel.ERROR, lie.gate, "boards", None, lie.where, lie.problem, lie.fix)


def _generated(catalogue: Catalogue, alarms: AlarmPolicy, settings: Settings, findings: list[Finding]) -> int:
    """How many files can be generated; none are written."""
    try:
        return len(artifacts(catalogue, settings.environment, policy=alarms.policy))
    except DashboardError as wrong:
        fix = "Rename or split what is too large"
        findings.append(
            Finding(FindingLevel.ERROR, "generated", "definitions", None, "build", str(wrong), fix)
        )
        return 0


def _placed(findings: Sequence[Finding], root: Path) -> Sequence[Finding]:
    """Each once, with a path that opens from the current folder."""
    placed = (replace(finding, file=_opens(finding.file, root)) for finding in findings)
    return tuple(dict.fromkeys(placed))


def _opens(file: str, root: Path) -> str:
    path = root / file if (root / file).exists() else Path(file)
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        return str(path.relative_to(Path.cwd()))
    return str(path)
