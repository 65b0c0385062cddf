"""Everything a person writes, loaded, linted and generated in memory: what ``mirante check`` answers from."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from os.path import normpath
from pathlib import Path
from typing import TypeVar

from alarms.intake.intakes_file import load_intakes
from alarms.model.watch_list import WatchList
from alarms.policy.alarm_policy import AlarmPolicy, load_alarm_policy
from alarms.policy.channel import Channels, hook_secret_of, secret_of
from alarms.policy.defaults import CHANNELS, INDICATORS, SCHEDULES
from alarms.policy.runbook import Runbooks
from app.bootstrap.cloudwatch import DECLARED
from app.build import artifacts
from app.settings import ENV_PREFIX, Settings, channel_variable
from app.workspace import OpenWorkspace, watched_of
from credit.domain.errors import UnknownPolicy
from credit.metrics import METRICS
from credit.usecases.load_policies import load_policies
from dashboards.model.errors import DashboardError
from dashboards.standard.board_files import load_board_files
from dashboards.truth.gates import Report, examine
from foundation.errors import Problems, UnreadableFile
from foundation.exit_status import ExitStatus
from foundation.files import read_text
from foundation.metrics import MetricSpec
from foundation.workspace import Workspace
from slo import lint
from slo.lint import Finding, FindingLevel, LintSurroundings
from slo.loaders.catalogue_files import catalogue_of, sound_part_of
from slo.model.catalogue import Catalogue
from slo.prometheus.rules import built_part

T = TypeVar("T")
Generate = Callable[[OpenWorkspace], Mapping[str, bytes]]
UNREADABLE = "unreadable"
GENERATED = "what is generated"
TRUTH = "whether boards and rules tell the truth"


@dataclass(frozen=True, slots=True)
class Checked:
    """``counts`` says how much of each kind was read; what could not be read is absent.

    ``unwatched`` are metrics that are exposed, and that no board and no rule reads. ``executed`` are the
    Python files of the workspace's boards: code that ran. ``replaced`` says which of them take the place of a
    standard board. ``made`` is what was generated, by its path.
    ``skipped`` names what was not looked at, for errors stood before it.
    """

    findings: Sequence[Finding]
    counts: dict[str, int] = field(default_factory=dict)
    unwatched: tuple[str, ...] = ()
    executed: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    made: Mapping[str, bytes] = field(default_factory=dict)
    skipped: tuple[str, ...] = ()

    @property
    def errors(self) -> int:
        return sum(finding.level is FindingLevel.ERROR for finding in self.findings)

    @property
    def exit_status(self) -> ExitStatus:
        """As of an error that is raised: a file that is not there says nothing wrong."""
        rules = {finding.rule for finding in self.findings if finding.level is FindingLevel.ERROR}
        if not rules:
            return ExitStatus.DONE
        return ExitStatus.ENVIRONMENT if rules == {UNREADABLE} else ExitStatus.NO


def check_everything(settings: Settings, generate: Generate | None = None) -> Checked:
    """Read all of it even when a part is wrong, so that a person fixes everything in one go.

    ``generate`` makes the files of a workspace in which nothing is wrong so far; as by default, if None.
    """
    findings: list[Finding] = []
    counts: dict[str, int] = {}
    unwatched: tuple[str, ...] = ()
    folders = settings.folders
    catalogue = _attempt("definition", lambda: catalogue_of(folders), findings)
    alarms = _attempt("definition", lambda: load_alarm_policy(folders), findings)
    watched = _attempt("definition", lambda: watched_of(folders, catalogue or Catalogue(())), findings)
    intakes = _attempt("definition", lambda: load_intakes(folders), findings)
    files = _attempt("boards", lambda: load_board_files(folders), findings)
    book = None
    if folders.is_shipped:  # the only one that decides on credit
        load = partial(load_policies, settings.policies, settings.policy)
        book = _attempt("credit-policy", load, findings)
    if catalogue is not None:
        counts |= _catalogue_counts(catalogue)
    findings += lint.check(catalogue or sound_part_of(folders), _surroundings(settings, alarms))
    if alarms is not None:
        counts |= {
            "runbooks": len(alarms.runbooks.ids()),
            "teams": len(alarms.policy.teams),
            "channels": len(alarms.channels),
        }
        findings += _secret_findings(alarms.channels, settings)
        findings += _runbook_findings(alarms.runbooks, folders)
        findings += _time_zone_findings(alarms, folders)
    if book is not None:
        counts["credit policies"] = len(book.names())
    executed = () if files is None or folders.is_shipped else tuple(str(one.path) for one in files.files)
    made: Mapping[str, bytes] = {}
    skipped = [GENERATED, TRUTH]
    if intakes is not None:
        counts |= {"intakes": len(intakes.mappings), "heartbeats": len(intakes.heartbeats)}
    if catalogue is None or alarms is None or watched is None or intakes is None or files is None:
        placed = _placed(findings, folders.definitions)
        return Checked(placed, counts, unwatched, executed, skipped=tuple(skipped))
    if not _wrong(findings):
        opened = OpenWorkspace(folders, built_part(catalogue), alarms, watched, files)
        findings += _indicator_findings(watched, alarms.runbooks, folders)
        made = _generated(generate or partial(artifacts, environment=settings.environment), opened, findings)
        counts["generated files"] = len(made)
        skipped.remove(GENERATED)
    replaced: tuple[str, ...] = ()
    if not _wrong(findings):
        skipped.remove(TRUTH)
        if not folders.is_shipped:
            replaced = _replaced(opened, settings.environment)
    if not _wrong(findings) and settings.definitions is None:
        environment = settings.environment
        report = examine(opened.source(environment), opened.boards(environment), _declared(folders))
        findings += _truth_findings(report)
        counts |= report.counts
        unwatched = report.unwatched
    placed = _placed(findings, folders.definitions)
    return Checked(placed, counts, unwatched, executed, replaced, made, tuple(skipped))


def _replaced(opened: OpenWorkspace, environment: str) -> tuple[str, ...]:
    taken = opened.board_files.replaced(opened.source(environment))
    return tuple(
        f"the standard board {name} is replaced by the one of {_opens(str(path), path.parent)}"
        for name, path in sorted(taken.items())
    )


def _wrong(findings: Sequence[Finding]) -> bool:
    return any(finding.level is FindingLevel.ERROR for finding in findings)


def _declared(folders: Workspace) -> Sequence[MetricSpec] | None:
    """What is exposed: known of our own platform, and of no other workspace's."""
    return DECLARED if folders.is_shipped else None


def _attempt(rule: str, load: Callable[[], T], findings: list[Finding]) -> T | None:
    problems = Problems()
    try:
        loaded = problems.attempt(load)
    except UnknownPolicy as unknown:
        fix = "Set `policy` to one of them, or add its file"
        findings.append(Finding(FindingLevel.ERROR, rule, "settings", None, "policy", str(unknown), fix))
        return None
    findings += [
        Finding(
            FindingLevel.ERROR,
            UNREADABLE if isinstance(wrong, UnreadableFile) else rule,
            wrong.file,
            wrong.line,
            wrong.field,
            wrong.problem,
            wrong.fix,
        )
        for wrong in problems.errors
    ]
    return loaded


def _surroundings(settings: Settings, alarms: AlarmPolicy | None) -> LintSurroundings:
    ours = METRICS if settings.folders.is_shipped else ()
    return LintSurroundings(
        environment=settings.environment,
        teams=frozenset() if alarms is None else frozenset(team.id for team in alarms.policy.teams),
        buckets={metric.name: frozenset(metric.buckets) for metric in ours if metric.buckets},
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
        what, pressed = secret_of(channel), hook_secret_of(channel)
        missing = []
        if what is not None and name not in settings.channel_secrets.by_channel:
            missing.append((f"needs {what}, which is not set here", channel_variable(name)))
        if pressed is not None and not getattr(settings, pressed):
            reason = f"is interactive, and {pressed} is not set here: its buttons open links instead"
            missing.append((reason, ENV_PREFIX + pressed.upper()))
        for reason, variable in missing:
            yield Finding(
                FindingLevel.WARNING,
                "channel-secret",
                *_named_in(settings.folders, CHANNELS, name),
                f"channels.{name}",
                reason,
                f"Set {variable} where the router runs",
            )


def _time_zone_findings(alarms: AlarmPolicy, folders: Workspace) -> Iterator[Finding]:
    """Shifts in one zone, and messages and opening hours in another, confuse whoever is on duty."""
    duty, hours = alarms.schedules.time_zone, alarms.policy.hours.time_zone
    if folders.alarm_file(SCHEDULES) is not None and duty != hours:
        yield Finding(
            FindingLevel.WARNING,
            "time-zone",
            *_named_in(folders, SCHEDULES, "time_zone"),
            "time_zone",
            f"shifts are in {duty}, and policy.yaml has {hours}, in which messages tell the time",
            f"Write business_hours: {{time_zone: {duty}, ...}} in policy.yaml, or {hours} here",
        )


def _named_in(folders: Workspace, file: str, name: str) -> tuple[str, int | None]:
    """The workspace's file and the line that names it there; one that it does not have is a default's."""
    path = folders.alarm_file(file)
    if path is None:
        return file, None
    begins = re.compile(rf"\s*(- )?(name: *)?[\"']?{re.escape(name)}[\"']?\s*(:|$)")
    lines = enumerate(read_text(path).splitlines(), 1)
    return str(path), next((number for number, line in lines if begins.match(line)), None)


def _runbook_findings(runbooks: Runbooks, folders: Workspace) -> Iterator[Finding]:
    for name in runbooks.ids():
        page = runbooks.get(name)
        for heading, steps in () if page is None else (("Steps", page.steps), ("Passos", page.steps_pt)):
            if not steps:
                reason, fix = f"has no numbered line below '## {heading}'", "Write what to do, step by step"
                page_file = folders.alarm_file(f"runbooks/{name}.md") or f"{name}.md"
                yield Finding(FindingLevel.ERROR, "runbook", str(page_file), None, heading, reason, fix)


def _indicator_findings(watched: WatchList, runbooks: Runbooks, folders: Workspace) -> Iterator[Finding]:
    for name, runbook in watched.runbooks():
        if runbooks.get(runbook) is None:
            reason = f"{name} points to the runbook {runbook!r}, which does not exist"
            fix = f"Write {runbook}.md"
            place = _named_in(folders, INDICATORS, name)
            yield Finding(FindingLevel.ERROR, "runbook", *place, name, reason, fix)


def _truth_findings(report: Report) -> Iterator[Finding]:
    """Boards and rules that could lie: unknown series, moved lines, dead links, foreign colours."""
    for lie in report.findings:
        yield Finding(FindingLevel.ERROR, lie.gate, "boards", None, lie.where, lie.problem, lie.fix)


def _generated(generate: Generate, opened: OpenWorkspace, findings: list[Finding]) -> Mapping[str, bytes]:
    """What can be generated, in memory."""
    try:
        return _attempt("boards", lambda: generate(opened), findings) or {}
    except DashboardError as wrong:
        fix = "Rename or split what is too large"
        findings.append(
            Finding(FindingLevel.ERROR, "generated", "definitions", None, "build", str(wrong), fix)
        )
        return {}


def _placed(findings: Sequence[Finding], root: Path) -> Sequence[Finding]:
    """Each once, with a path that opens from the current folder."""
    placed = (replace(finding, file=_opens(finding.file, root)) for finding in findings)
    return tuple(dict.fromkeys(placed))


def _opens(file: str, root: Path) -> str:
    path = Path(normpath(root / file)) if (root / file).exists() else Path(file)
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        return str(path.relative_to(Path.cwd()))
    return str(path)
