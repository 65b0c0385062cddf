"""``mirante plan`` and ``apply``: what is deployed against what is generated, brought together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from alarms.generate.router_address import RouterAddress
from app.bootstrap.names import TARGETS
from app.cli.context import counted, echo_json, json_option, pass_settings, say, stderr, stdout
from app.settings import Settings
from dashboards.model.addresses import Deployment
from foundation.exit_status import ExitStatus

if TYPE_CHECKING:
    from app.deployment.aws.clients import Account
    from app.deployment.cost import Bill
    from app.deployment.plan import Change, Plan

TARGET = click.argument("targets", metavar="[TARGET]...", nargs=-1, type=click.Choice(TARGETS))
PRUNE = click.option("--prune", is_flag=True, help="Remove our resources that are no longer generated.")
REGION = click.option("--region", help="AWS region.  [default: from the AWS settings]")
CONSOLE_URL = click.option(
    "--console-url", default=Deployment("").console, show_default=True, help="Console's address."
)
ROUTER_URL = click.option(
    "--router-url", default=RouterAddress().url, show_default=True, help="Router's address."
)


@dataclass(frozen=True, slots=True)
class _Looked:
    plan: Plan
    bill: Bill | None


@click.command()
@TARGET
@PRUNE
@REGION
@CONSOLE_URL
@ROUTER_URL
@json_option
@pass_settings
def plan(
    settings: Settings,
    targets: tuple[str, ...],
    prune: bool,
    region: str | None,
    console_url: str,
    router_url: str,
    as_json: bool,
) -> None:
    """Show how the deployment differs from what is generated; changes nothing.

    TARGET is aws, grafana, prometheus or alertmanager; without one, every target whose URL is set (AWS has
    to be named; its credentials come from AWS's own chain). Resources without our mark are never touched.

    Exit status: 0 nothing differs, 1 something differs, 3 a target cannot be read.
    """
    looked = _look(settings, targets, prune, region, console_url, router_url)
    _show(looked, as_json)
    if looked.plan.changes:
        raise SystemExit(ExitStatus.NO)


@click.command()
@TARGET
@PRUNE
@REGION
@CONSOLE_URL
@ROUTER_URL
@click.option("--dry-run", is_flag=True, help="Only show what would be done.")
@pass_settings
def apply(
    settings: Settings,
    targets: tuple[str, ...],
    prune: bool,
    region: str | None,
    console_url: str,
    router_url: str,
    dry_run: bool,
) -> None:
    """Deploy what is generated. A second run changes nothing.

    Targets are those of `mirante plan`. If a run stops or fails half-way, the next run finishes it.

    Exit status: 0 everything is deployed, 1 a foreign resource is in the way, 3 something failed.
    """
    looked = _look(settings, targets, prune, region, console_url, router_url)
    _show(looked, as_json=False)
    if not dry_run:
        _carry_out(looked.plan)
    if looked.plan.foreign:
        raise SystemExit(ExitStatus.NO)


def _look(
    settings: Settings,
    targets: tuple[str, ...],
    prune: bool,
    region: str | None,
    console_url: str,
    router_url: str,
) -> _Looked:
    from app.bootstrap.deployment import aws_bill, configured, places
    from app.deployment.aws.clients import open_account
    from app.deployment.plan import make_plan
    from foundation.aws.clients import AwsClients

    chosen = targets or configured(settings)
    if not chosen:
        raise click.UsageError(
            f"nothing to compare: name a TARGET ({', '.join(TARGETS)}), or set the URL of one"
        )
    with stderr.progress("starting") as step:
        account = None
        if "aws" in chosen:
            step(f"asking AWS{f' at {settings.aws_endpoint}' if settings.aws_endpoint else ''} who we are")
            account = open_account(AwsClients(settings.aws_endpoint), region)
        step("generating")
        made = _generated(settings, account, console_url, router_url)
        found = make_plan(
            [place for target in chosen for place in places(target, settings, made, account)],
            prune=prune,
            reading=lambda kind: step(f"reading: {kind}"),
        )
    return _Looked(found, aws_bill(made) if account else None)


def _generated(
    settings: Settings, account: Account | None, console_url: str, router_url: str
) -> dict[str, bytes]:
    from app.build import artifacts
    from app.deployment.aws.topics import Topics
    from app.workspace import open_workspace

    where = Deployment(settings.environment, console=console_url)
    topics: dict[str, str] = {}
    if account is not None:
        where = Deployment(
            settings.environment, account.region, account.number, console_url, account.partition
        )
        topics = Topics(account, settings.environment).arns()
    return artifacts(
        open_workspace(settings.folders),
        settings.environment,
        deployment=where,
        router=RouterAddress(url=router_url),
        topics=topics,
    )


def _show(looked: _Looked, as_json: bool) -> None:
    from app.cli.plan_lines import bill_lines, plan_document, plan_lines

    if as_json:
        echo_json(plan_document(looked.plan, looked.bill))
        return
    for line in plan_lines(looked.plan):
        stdout.print(line, soft_wrap=True)
    if looked.bill is not None:
        for line in bill_lines(looked.bill):
            stdout.print(line, soft_wrap=True)


def _carry_out(found: Plan) -> None:
    from app.cli.plan_lines import change_line
    from app.deployment.apply import carry_out

    to_do = found.to_do
    if not to_do:
        return
    with stderr.status("applying") as status:

        def done(change: Change) -> None:
            status.update(f"applied: {change_line(change).plain}")

        outcome = carry_out(to_do, done)
    for failure in outcome.failed:
        stderr.print(str(failure.error), style="red", markup=False, soft_wrap=True)
    say(f"{counted(len(outcome.done), 'change')} of {len(to_do):,} made")
    if outcome.failed:
        say("run it again for the rest; finished steps are not repeated", "yellow")
        raise SystemExit(ExitStatus.ENVIRONMENT)
