"""Everything a person writes, loaded, linted and generated in memory: what ``mirante check`` answers from."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from os.path import normpath
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from alarms.intake.intakes_file import load_intakes
from alarms.model.watch_list import WatchList
from alarms.policy.alarm_policy import AlarmPolicy, load_alarm_policy
from alarms.policy.channel import Channels, hook_secret_of, secret_of
from alarms.policy.defaults import CHANNELS, INDICATORS, SCHEDULES
from alarms.policy.runbook import Runbooks
from app.build import BuildOptions, NotMade, tried
from app.build_kinds import BOARDS, EVERY, ON_CLOUDWATCH, OutputKinds
from app.settings import ENV_PREFIX, Settings, channel_variable
from app.workspace import OpenWorkspace, watched_of
from dashboards.model.addresses import Deployment
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

if TYPE_CHECKING:
    from dashboards.standard.board_files import BoardFiles
    from dashboards.truth.gates import Report

T = TypeVar("T")
Generate = Callable[["OpenWorkspace", OutputKinds], "Generated"]
UNREADABLE = "unreadable"
GENERATED = "what is generated"
TRUTH = "whether boards and rules tell the truth"


class Generated(Protocol):
    """How many files were made, and what could not be."""

    @property
    def files(self) -> int: ...

    @property
    def failed(self) -> Sequence[NotMade]: ...


@dataclass(frozen=True, slots=True)
class Checked:
    """``counts`` says how much of each kind was read; what could not be read is absent.

    ``unwatched`` are metrics that are exposed, and that no board and no rule reads. ``executed`` are the
    Python files of the workspace's boards: code that ran. ``replaced`` says which of them take the place of a
    standard board. ``made`` is what became of generating.
    ``skipped`` names what was not looked at, for errors stood before it.
    """

    findings: Sequence[Finding]
    counts: dict[str, int] = field(default_factory=dict)
    unwatched: tuple[str, ...] = ()
    executed: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    made: Generated | None = None
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


def check_everything(
    settings: Settings, generate: Generate | None = None, only: OutputKinds = EVERY
) -> Checked:
    """Read all of it even when a part is wrong, so that a person fixes everything in one go.

    ``generate`` makes the files of a workspace in which nothing is wrong so far, of the kinds in ``only``,
    without boards if they would mislead; if None, all in memory. What it fails to make is a finding.
    """
    findings: list[Finding] = []
    counts: dict[str, int] = {}
    unwatched: tuple[str, ...] = ()
    folders = settings.folders
    catalogue = _attempt("definition", lambda: catalogue_of(folders), findings)
    alarms = _attempt("definition", lambda: load_alarm_policy(folders), findings)
    watched = _attempt("definition", lambda: watched_of(folders, catalogue or Catalogue(())), findings)
    intakes = _attempt("definition", lambda: load_intakes(folders), findings)
    files = _board_files(folders, findings) if only & BOARDS else None
    if folders.is_shipped:  # the only one that decides on credit
        findings += _credit_findings(settings, counts)
    if catalogue is not None:
        counts |= _catalogue_counts(catalogue)
    findings += lint.check(catalogue or sound_part_of(folders), _surroundings(settings, alarms, only))
    if alarms is not None:
        counts |= {
            "runbooks": len(alarms.runbooks.ids()),
            "teams": len(alarms.policy.teams),
            "channels": len(alarms.channels),
        }
        findings += _secret_findings(alarms.channels, settings)
        findings += _runbook_findings(alarms.runbooks, folders)
        findings += _time_zone_findings(alarms, folders)
    executed = () if files is None or folders.is_shipped else tuple(str(one.path) for one in files.files)
    skipped = [GENERATED, TRUTH]
    if intakes is not None:
        counts |= {"intakes": len(intakes.mappings), "heartbeats": len(intakes.heartbeats)}
    if (
        catalogue is None
        or alarms is None
        or watched is None
        or intakes is None
        or (only & BOARDS and files is None)
    ):
        placed = _placed(findings, folders.definitions)
        return Checked(placed, counts, unwatched, executed, skipped=tuple(skipped))
    replaced: tuple[str, ...] = ()
    made: Generated | None = None
    opened = OpenWorkspace(folders, built_part(catalogue), alarms, watched, files)
    if not _wrong(findings):
        findings += _indicator_findings(watched, alarms.runbooks, folders)
    misleading: list[Finding] = []
    if not _wrong(findings):
        skipped.remove(TRUTH)
        if only & BOARDS:
            replaced, unwatched = _told_of_boards(settings, opened, findings, misleading, counts)
    if not _wrong(findings):
        kinds = only - BOARDS if misleading else only
        made = (generate or partial(_tried, settings))(opened, kinds)
        findings += [*misleading, *_failure_findings(made.failed)]
        counts["generated files"] = made.files
        skipped = []
    placed = _placed(findings, folders.definitions)
    return Checked(placed, counts, unwatched, executed, replaced, made, tuple(skipped))


def _board_files(folders: Workspace, findings: list[Finding]) -> BoardFiles | None:
    from dashboards.standard.board_files import load_board_files

    return _attempt("boards", lambda: load_board_files(folders), findings)


def _tried(settings: Settings, opened: OpenWorkspace, only: OutputKinds) -> Generated:
    return tried(opened, BuildOptions(Deployment(settings.environment), only=only))


def _credit_findings(settings: Settings, counts: dict[str, int]) -> list[Finding]:
    from credit.domain.errors import UnknownPolicy
    from credit.usecases.load_policies import load_policies

    findings: list[Finding] = []
    try:
        load = partial(load_policies, settings.policies, settings.policy)
        book = _attempt("credit-policy", load, findings)
    except UnknownPolicy as unknown:
        fix = "Set `policy` to one of them, or add its file"
        return [Finding(FindingLevel.ERROR, "credit-policy", "settings", None, "policy", str(unknown), fix)]
    if book is not None:
        counts["credit policies"] = len(book.names())
    return findings


def _told_of_boards(
    settings: Settings,
    opened: OpenWorkspace,
    findings: list[Finding],
    misleading: list[Finding],
    counts: dict[str, int],
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Which standard boards are replaced, and what nobody watches; in ``findings`` what is wrong with the
    workspace's own, in ``misleading`` what is wrong with what we make."""
    from dashboards.model.errors import DashboardError
    from dashboards.truth.gates import examine

    environment, folders = settings.environment, opened.folders
    try:
        made = _attempt("boards", lambda: opened.boards(environment), findings)
    except DashboardError as wrong:
        misleading.append(_not_made("boards", str(wrong), "Rename or split what is too large"))
        made = None
    if made is None:
        return (), ()
    replaced = () if folders.is_shipped else _replaced(opened, environment)
    if settings.definitions is not None:
        return replaced, ()
    report = examine(opened.source(environment), made, _declared(folders))
    misleading += _truth_findings(report)
    counts |= report.counts
    return replaced, report.unwatched


def _replaced(opened: OpenWorkspace, environment: str) -> tuple[str, ...]:
    assert opened.board_files is not None
    taken = opened.board_files.replaced(opened.source(environment))
    return tuple(
        f"the standard board {name} is replaced by the one of {_opens(str(path), path.parent)}"
        for name, path in sorted(taken.items())
    )


def _wrong(findings: Sequence[Finding]) -> bool:
    return any(finding.level is FindingLevel.ERROR for finding in findings)


def _declared(folders: Workspace) -> Sequence[MetricSpec] | None:
    """What is exposed: known of our own platform, and of no other workspace's."""
    if not folders.is_shipped:
        return None
    from app.bootstrap.cloudwatch import DECLARED

    return DECLARED


def _attempt(rule: str, load: Callable[[], T], findings: list[Finding]) -> T | None:
    problems = Problems()
    loaded = problems.attempt(load)
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


def _surroundings(settings: Settings, alarms: AlarmPolicy | None, only: OutputKinds) -> LintSurroundings:
    ours = _own_metrics() if settings.folders.is_shipped else ()
    return LintSurroundings(
        environment=settings.environment,
        teams=frozenset() if alarms is None else frozenset(team.id for team in alarms.policy.teams),
        cloudwatch=bool(only & ON_CLOUDWATCH),
        buckets={metric.name: frozenset(metric.buckets) for metric in ours if metric.buckets},
    )


def _own_metrics() -> Sequence[MetricSpec]:
    from credit.metrics import METRICS

    return METRICS


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


def _failure_findings(failed: Iterable[NotMade]) -> Iterator[Finding]:
    for failure in failed:
        fix = "Rename or split what is too large"
        if failure.defect:
            fix = "This is a defect of Mirante: please report it with the definition"
        yield _not_made(failure.part, failure.problem, fix)


def _not_made(what: str, problem: str, fix: str) -> Finding:
    return Finding(FindingLevel.ERROR, "generated", "definitions", None, what, f"not made: {problem}", fix)


def _placed(findings: Sequence[Finding], root: Path) -> Sequence[Finding]:
    """Each once, with a path that opens from the current folder."""
    placed = (replace(finding, file=_opens(finding.file, root)) for finding in findings)
    return tuple(dict.fromkeys(placed))


def _opens(file: str, root: Path) -> str:
    path = Path(normpath(root / file)) if (root / file).exists() else Path(file)
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        return str(path.relative_to(Path.cwd()))
    return str(path)
