"""What differs between what is deployed and what is generated, as ``mirante plan`` says it."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from app.deployment.cost import Bill
from app.deployment.plan import Action, Change, Plan

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


def plan_lines(plan: Plan) -> Iterator[Text]:
    """One line a change, what differs below it, then the count of each kind."""
    for change in plan.changes:
        yield change_line(change)
        for word in change.words:
            yield Text(f"    {word}", style="bright_black" if change.action is Action.LEFT else "")
    yield Text(_summary(plan), style="green" if not plan.changes else "")


def change_line(change: Change) -> Text:
    sign, style = SIGNS[change.action]
    return Text(f"{sign} {change.place.kind} {change.name}", style=style)


def bill_lines(bill: Bill) -> Iterator[Text]:
    """What a month costs, and the quotas; a quota that does not suffice is red."""
    parts = ", ".join(f"{line.count:,} {line.what} x ${line.price}" for line in bill.costs)
    yield Text(f"about ${bill.monthly:,.2f} a month at list price ({bill.as_of}): {parts}")
    for quota in bill.quotas:
        told = f"quota: {quota.used:,} of {quota.quota:,} {quota.what}"
        yield Text(
            told + ((": request an increase from AWS first") if quota.exceeded else ""),
            "red" if quota.exceeded else "",
        )


def plan_document(plan: Plan, bill: Bill | None) -> dict[str, object]:
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
