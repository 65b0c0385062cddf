"""``mirante plan`` and ``apply``: what is deployed against what is generated, brought together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import click
from rich.text import Text

from alarms.generate.alertmanager_config import RouterAddress
from app.bootstrap.alarm_policy import load_alarm_policy
from app.bootstrap.deployment import TARGETS, aws_bill, configured, places
from app.build import artifacts
from app.cli.context import counted, echo_json, json_option, pass_settings, say, stderr, stdout
from app.cli.failures import EXIT_ENVIRONMENT, EXIT_NO
from app.deployment.apply import carry_out
from app.deployment.aws.clients import Account, open_account
from app.deployment.aws.topics import Topics
from app.deployment.cost import Bill
from app.deployment.plan import Action, Change, Plan, make_plan
from app.settings import Settings
from dashboards.model.addresses import Deployment
from foundation.aws.clients import AwsClients
from slo.loaders.catalogue_files import load_catalogue

TARGET = click.argument("targets", metavar="[TARGET]...", nargs=-1, type=click.Choice(TARGETS))
PRUNE = click.option("--prune", is_flag=True, help="Remove what is ours and no longer generated.")
REGION = click.option("--region", help="AWS region.  [default: AWS's own setting]")
CONSOLE_URL = click.option(
    "--console-url", default=Deployment("").console, show_default=True, help="Console's address."
)
ROUTER_URL = click.option(
    "--router-url", default=RouterAddress().url, show_default=True, help="Router's address."
)

SIGNS = {
    Action.CREATE: ("+", "green"),
    Action.CHANGE: ("~", "yellow"),
    Action.REMOVE: ("-", "red"),
    Action.FOREIGN: ("!", "bold red"),
    Action.LEFT: ("·", "bright_black"),
}
WORDS = {
    Action.CREATE: "to make",
    Action.CHANGE: "to change",
    Action.REMOVE: "to remove",
    Action.FOREIGN: "not ours",
    Action.LEFT: "left alone",
}


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
    """Say how what is deployed differs from what is generated; change nothing.

    TARGET is aws, grafana, prometheus or alertmanager; without one, every target whose address is set (AWS
    has to be named; its credentials come from AWS's own chain). What is not marked as ours is never touched.

    Exit status: 0 in step, 1 something differs, 3 a target cannot be read.
    """
    looked = _look(settings, targets, prune, region, console_url, router_url)
    _show(looked, as_json)
    if looked.plan.changes:
        raise SystemExit(EXIT_NO)


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
    """Bring what is deployed to what is generated. A second run changes nothing.

    Targets are those of `mirante plan`. A run that was stopped or failed half-way is finished by the next.

    Exit status: 0 in step, 1 something foreign is in the way, 3 something could not be done.
    """
    looked = _look(settings, targets, prune, region, console_url, router_url)
    _show(looked, as_json=False)
    if not dry_run:
        _carry_out(looked.plan)
    if looked.plan.foreign:
        raise SystemExit(EXIT_NO)


def _look(
    settings: Settings,
    targets: tuple[str, ...],
    prune: bool,
    region: str | None,
    console_url: str,
    router_url: str,
) -> _Looked:
    chosen = targets or configured(settings)
    if not chosen:
        raise click.UsageError(
            f"nothing to look at: name a TARGET ({', '.join(TARGETS)}), or set the address of one"
        )
    account = open_account(AwsClients(settings.aws_endpoint), region) if "aws" in chosen else None
    with stderr.status("generating"):
        made = _generated(settings, account, console_url, router_url)
    with stderr.status("reading") as status:
        found = make_plan(
            [place for target in chosen for place in places(target, settings, made, account)],
            prune=prune,
            reading=lambda kind: status.update(f"reading: {kind}"),
        )
    return _Looked(found, aws_bill(made) if account else None)


def _generated(
    settings: Settings, account: Account | None, console_url: str, router_url: str
) -> dict[str, bytes]:
    where = Deployment(settings.environment, console=console_url)
    topics: dict[str, str] = {}
    if account is not None:
        where = Deployment(
            settings.environment, account.region, account.number, console_url, account.partition
        )
        topics = Topics(account, settings.environment).arns()
    return artifacts(
        load_catalogue(settings.definitions),
        settings.environment,
        deployment=where,
        policy=load_alarm_policy(settings.alarm_policy).policy,
        router=RouterAddress(url=router_url),
        topics=topics,
    )


def _show(looked: _Looked, as_json: bool) -> None:
    if as_json:
        echo_json(_plan_document(looked.plan, looked.bill))
        return
    for line in _plan_lines(looked.plan):
        stdout.print(line, soft_wrap=True)
    if looked.bill is not None:
        for line in _bill_lines(looked.bill):
            stdout.print(line, soft_wrap=True)


def _plan_lines(plan: Plan) -> Iterator[Text]:
    """One line a change, what differs below it, then the count of each kind."""
    for change in plan.changes:
        yield _change_line(change)
        for word in change.words:
            yield Text(f"    {word}", style="bright_black" if change.action is Action.LEFT else "")
    yield Text(_summary(plan), style="green" if not plan.changes else "")


def _change_line(change: Change) -> Text:
    sign, style = SIGNS[change.action]
    return Text(f"{sign} {change.place.kind} {change.name}", style=style)


def _bill_lines(bill: Bill) -> Iterator[Text]:
    """What a month costs, and the quotas; a quota that does not suffice is red."""
    parts = ", ".join(f"{line.count:,} {line.what} x ${line.price}" for line in bill.costs)
    yield Text(f"about ${bill.monthly:,.2f} a month at list price ({bill.as_of}): {parts}")
    for quota in bill.quotas:
        told = f"quota: {quota.used:,} of {quota.quota:,} {quota.what}"
        yield Text(
            told + (": ask AWS for more first" if quota.exceeded else ""), "red" if quota.exceeded else ""
        )


def _plan_document(plan: Plan, bill: Bill | None) -> dict[str, object]:
    """Stable names; ``monthly_usd`` as a string of dollars and cents, null where AWS is not asked about."""
    return {
        "in_step": plan.in_step,
        "changes": [
            {
                "action": change.action.value,
                "kind": change.place.kind,
                "name": change.name,
                "differences": list(change.words),
            }
            for change in plan.changes
        ],
        "monthly_usd": None if bill is None else f"{bill.monthly:.2f}",
    }


def _summary(plan: Plan) -> str:
    counts = {action: sum(change.action is action for change in plan.changes) for action in Action}
    told = [f"{count:,} {WORDS[action]}" for action, count in counts.items() if count]
    return ", ".join([f"{sum(plan.in_step.values()):,} as generated", *told])


def _carry_out(found: Plan) -> None:
    to_do = found.to_do
    if not to_do:
        return
    with stderr.status("applying") as status:

        def done(change: Change) -> None:
            status.update(f"applied: {_change_line(change).plain}")

        outcome = carry_out(to_do, done)
    for failure in outcome.failed:
        stderr.print(str(failure.error), style="red", markup=False, soft_wrap=True)
    say(f"{counted(len(outcome.done), 'change')} of {len(to_do):,} made")
    if outcome.failed:
        say("run it again for the rest: what is done stays done", "yellow")
        raise SystemExit(EXIT_ENVIRONMENT)
