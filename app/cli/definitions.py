"""``mirante check``, ``build`` and ``import``: from what people write to everything generated from it."""

from __future__ import annotations

import gc
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from alarms.generate.router_address import RouterAddress
from alarms.model.severity import Severity
from app.build_kinds import EVERY, OutputKind, OutputKinds
from app.cli.context import (
    counted,
    echo_json,
    fields_of,
    json_option,
    pass_settings,
    prometheus_of,
    say,
    stderr,
)  # fmt: skip
from app.settings import Settings, without_password
from dashboards.model.addresses import Deployment
from foundation.exit_status import ExitStatus

if TYPE_CHECKING:
    from app.build import BuildDifference, Written
    from app.cli.definition_checks import Checked
    from app.workspace import OpenWorkspace
    from slo.loaders.importer import Imported

IMPORTED = "imported.yaml"
STYLES = {"error": "red", "warning": "yellow"}
DEFINITIONS = click.option(
    "--definitions",
    type=click.Path(path_type=Path),
    help="Folder of SLO definitions.  [default: the workspace's]",
)

LANGUAGE = click.option(
    "--language",
    type=click.Choice(["en", "pt"]),
    default="en",
    show_default=True,
    help="Of tables and reasons.",
)


class KindList(click.ParamType[OutputKinds]):
    """Names of kinds with commas between; none of them means every kind."""

    name = "kinds"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> OutputKinds:
        words = [word.strip() for word in str(value).split(",") if word.strip()]
        unknown = [word for word in words if word not in list(OutputKind)]
        if unknown:
            self.fail(f"there is no kind {unknown[0]!r}. OutputKinds: {', '.join(OutputKind)}", param, ctx)
        return frozenset(map(OutputKind, words)) or EVERY


@click.command()
@DEFINITIONS
@click.option("--prometheus", metavar="URL", help="Also hold the SLOs against this Prometheus.")
@click.option("--days", type=click.IntRange(1, 90), default=30, show_default=True, help="For --prometheus.")
@LANGUAGE
@json_option
@pass_settings
def check(
    settings: Settings,
    definitions: Path | None,
    prometheus: str | None,
    days: int,
    language: str,
    as_json: bool,
) -> None:
    """Validate and lint everything people write; the exit status says whether it passed.

    Reads SLO definitions with their windows and components, credit policies with their reasons, and the alarm
    policy with channels, schedules, responsibilities and runbooks; then generates everything in memory. Each
    finding gives file:line, field, what is wrong and how to fix it.

    With --prometheus: do series, labels and bucket edges exist (else what was probably meant); traffic, and a
    `min-events` where one bad event alone would page; how often each tier would have fired; and the samples
    that the rules read. It only reads.

    Exit status: 0 sound (perhaps with warnings), 1 something is wrong, 3 a file or folder cannot be read,
    or the Prometheus cannot be asked.
    """
    from app.cli.definition_checks import check_everything

    if as_json and prometheus is not None:
        raise click.UsageError("--json tells nothing of a Prometheus; leave one of the two out")
    gc.disable()  # what is made has no cycles: looking for some takes a third of the time
    with stderr.status("checking"):
        found = check_everything(_with(settings, definitions))
    if as_json:
        echo_json(_document(found))
    else:
        _print(found)
    status = int(found.exit_status)
    if prometheus is not None and not found.errors:
        from app.cli.prometheus_check import check_on_prometheus
        from slo.loaders.catalogue_files import catalogue_of

        slos = catalogue_of(_with(settings, definitions).folders).slos
        if not check_on_prometheus(settings, slos, prometheus, days, language):
            status = int(ExitStatus.NO)
    raise SystemExit(status)


def _with(settings: Settings, definitions: Path | None) -> Settings:
    return settings if definitions is None else replace(settings, definitions=definitions)


def _print(found: Checked) -> None:
    for finding in found.findings:
        say(str(finding), STYLES[finding.level])
    for replaced in found.replaced:
        say(replaced)
    if found.executed:
        say(f"executed as code: {counted(len(found.executed), 'board file')}: {', '.join(found.executed)}")
    if found.unwatched:
        say("not on any board or rule: " + ", ".join(found.unwatched))
    if found.counts:
        say("checked: " + ", ".join(f"{count:,} {name}" for name, count in found.counts.items()))
    if found.errors:
        say("not looked at before that is fixed: " + ", ".join(found.skipped))
    warnings = counted(len(found.findings) - found.errors, "warning")
    if found.errors:
        say(f"{counted(found.errors, 'error')}, {warnings}", "bold red")
    else:
        say(f"sound, with {warnings}" if len(found.findings) else "sound", "green")


def _document(found: Checked) -> dict[str, object]:
    return {
        "sound": not found.errors,
        "counts": found.counts,
        "unwatched": found.unwatched,
        "executed": found.executed,
        "replaced": found.replaced,
        "skipped": found.skipped,
        "findings": [
            fields_of(finding, "slo_id") | {"slo": finding.slo_id or None} for finding in found.findings
        ],
    }


@click.command()
@DEFINITIONS
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("build"), show_default=True, help="Output folder."
)
@click.option(
    "--check", "only_check", is_flag=True, help="Write nothing; list the files that are not up to date."
)
@click.option("--region", default=Deployment("").region, show_default=True, help="AWS region.")
@click.option("--account", default=Deployment("").account, show_default=True, help="AWS account.")
@click.option("--console-url", default=Deployment("").console, show_default=True, help="Console's address.")
@click.option(
    "--sloth-names", is_flag=True, help="Also record series under the names that Sloth's dashboards read."
)
@click.option(
    "--pyrra-names", is_flag=True, help="Also record series under the names that Pyrra's dashboards read."
)
@click.option(
    "--only",
    type=KindList(),
    default="",
    metavar="KINDS",
    help=f"Only these, with commas between: {', '.join(OutputKind)}. Files of the others stay as they are.",
)
@click.option("--router-url", default=RouterAddress().url, show_default=True, help="Router's address.")
@pass_settings
def build(
    settings: Settings,
    definitions: Path | None,
    out: Path,
    only_check: bool,
    region: str,
    account: str,
    console_url: str,
    router_url: str,
    sloth_names: bool,
    pyrra_names: bool,
    only: OutputKinds,
) -> None:
    """Generate everything; the same input gives the same bytes.

    If `mirante check` finds errors, all of them are listed and nothing is written.

    Prometheus rules and their unit tests, Alertmanager configuration, Grafana and CloudWatch dashboards,
    CloudWatch alarms and templates, parity.md (which panel is on which backend, and why not), and
    manifest.json (the hashes of inputs and outputs). Files that a
    previous build wrote here and this one no longer generates are removed; other files are left alone.

    An SLO whose source Mirante cannot count is left out, and named; `mirante.dev/rules: none` says that
    another tool measures it.

    Exit status: 0 written, or up to date; 1 something is wrong, or with --check: it is not up to date, or an
    SLO is left out; 3 a
    file or folder cannot be read, or --out cannot be written.
    """
    from app.build import BuildOptions, Compared, Written, build_into, differences
    from app.cli.definition_checks import check_everything
    from slo.lint.queries import LEFT_OUT

    gc.disable()  # what is made has no cycles: looking for some takes a third of the time
    chosen = _with(settings, definitions)
    options = BuildOptions(
        Deployment(settings.environment, region, account, console_url),
        RouterAddress(url=router_url),
        _topics(settings),
        sloth_names,
        only,
        pyrra_names,
    )

    def generate(workspace: OpenWorkspace, kinds: OutputKinds) -> Written | Compared:
        return (differences if only_check else build_into)(workspace, replace(options, only=kinds), out)

    with stderr.status("generating"):
        found = check_everything(chosen, generate, options.only)
    if found.errors:
        _print(found)
    if isinstance(found.made, Compared):
        _check_built(found.made.differing, out, found.made.files)
    elif isinstance(found.made, Written):
        _tell_written(settings, found.made, out)
    else:
        say("nothing was written", "bold red")
    left_out = [finding for finding in found.findings if finding.rule == LEFT_OUT]
    if left_out and found.made is not None and not only_check:
        for finding in left_out:
            say(str(finding), "red")
        say(f"left out, and without rules: {', '.join(finding.slo_id for finding in left_out)}", "bold red")
        raise SystemExit(ExitStatus.NO)
    raise SystemExit(int(found.exit_status))


def _tell_written(settings: Settings, done: Written, out: Path) -> None:
    say(f"{out}: {len(done.written):,} written, {len(done.kept):,} unchanged, {len(done.removed):,} removed")
    for failure in done.failed:
        say(f"not made, and what an earlier build made of it stays: {failure.part}", "bold red")
    rules = (out / "prometheus" / "*.rules.yaml").absolute()
    say(f"Prometheus loads the rules when its configuration has rule_files: ['{rules}']")
    say(f"and it is told to read it again: {_reload(settings)}")


def _reload(settings: Settings) -> str:
    """With what a server is told that its configuration changed."""
    url = without_password(settings.prometheus) if settings.prometheus else "http://PROMETHEUS:9090"
    return f"curl -X POST {url.rstrip('/')}/-/reload (with --web.enable-lifecycle), or kill -HUP its process"


def _topics(settings: Settings) -> dict[str, str]:
    prefix = settings.sns_topic_prefix
    return {severity.value: f"{prefix}{severity.value}" for severity in Severity} if prefix else {}


def _check_built(found: tuple[BuildDifference, ...], out: Path, files: int) -> None:
    if not found:
        say(f"{out}: all {files:,} generated files are up to date", "green")
        return
    for difference in found:
        say(f"{out / difference.path}: {difference.what}")
    say(f"{out}: {len(found):,} of {files:,} generated files are not up to date; run `mirante build`", "red")
    raise SystemExit(ExitStatus.NO)


@click.command(name="import")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help=f"Folder to write {IMPORTED} to, or - for standard output; needed without --dry-run and --prove.",
)
@click.option("--dry-run", is_flag=True, help="Write nothing: list each file and what becomes otherwise.")
@click.option("--force", is_flag=True, help="Replace an existing file.")
@click.option("--prove", is_flag=True, help="List every page that changes, on a Prometheus's own history.")
@click.option("--prometheus", metavar="URL", help="For --prove.  [default: the setting `prometheus`]")
@click.option("--days", type=click.IntRange(1, 90), default=30, show_default=True, help="For --prove.")
@click.option(
    "--rules",
    multiple=True,
    type=click.Path(path_type=Path),
    help="For --prove: rule file that the other tool generated. Repeatable.  [default: as it would]",
)
@LANGUAGE
@pass_settings
def import_(
    settings: Settings,
    files: tuple[Path, ...],
    out: Path | None,
    dry_run: bool,
    force: bool,
    prove: bool,
    prometheus: str | None,
    days: int,
    rules: tuple[Path, ...],
    language: str,
) -> None:
    """Convert other tools' files to our definitions (OpenSLO v1 with annotations).

    FILE is a file of Sloth, OpenSLO or Pyrra, or a folder with such files at any depth. Every change is
    listed: what was assumed, added, written differently or lost. A file that cannot be read as it is meant
    keeps no other from being imported. Exit status: 0 imported, 1 a file is refused, or an SLO of it names
    what no file defines, 3 a file cannot be read.

    With --prove, the last days of a Prometheus are replayed through the rules that the other tool generates
    and through ours: each page that changes, with its reason, and the budget by both. Exit status: 1 also if
    a difference is unexplained, 3 also if the Prometheus cannot be asked.
    """
    from app.cli.import_table import imported, tell, tell_changes

    if out is None and not dry_run and not prove:
        raise click.UsageError("give --out DIR, or --dry-run or --prove to see first what changes")
    found = imported(files)
    if dry_run:
        tell(found)
    else:
        tell_changes(found)
        if out is not None:
            _write_import(found, out, force)
    status = found.exit_status
    if prove:
        from app.cli.import_proof import prove_import

        url = prometheus_of(settings, prometheus)
        read = [Path(file.name) for file in found.files if file.formats]
        status = status or prove_import(settings, found.catalogue.slos, read, rules, url, days, language)
    raise SystemExit(status)


def _write_import(found: Imported, out: Path, force: bool) -> None:
    if not found.text:
        stderr.print("nothing was written", style="bold red")
        return
    if str(out) == "-":
        click.echo(found.text, nl=False)
        return
    target = out / IMPORTED
    if target.exists() and not force:
        raise click.UsageError(f"{target} exists. Give another --out, or --force to replace it.")
    out.mkdir(parents=True, exist_ok=True)
    target.write_text(found.text, encoding="utf-8")
    say(f"{target}: {len(found.catalogue.slos):,} SLOs, {len(found.changes):,} changes, listed above")
    for name in found.left_behind:
        say(f"not imported, or not wholly: {name}", "red")
    say(f"Review it, then run: mirante check --definitions {out}")
