"""Who owns an alert: the first matching route of the policy, and the team that its severity goes to first."""

from __future__ import annotations

from alarms.model.decision import Stage
from alarms.model.incident import IncidentState
from alarms.router.context import AlertContext, IncidentUpdate


def route(context: AlertContext) -> None:
    context.route = context.routing.policy.route(context.labels)


def assign(update: IncidentUpdate) -> None:
    """Owner and person on duty, as the incident's own policy says for the severity it has now."""
    routes = update.policy.routes
    chosen = next((one for one in routes if one.name == update.incident.route), routes[-1])
    update.amend(
        owner=update.escalation.owner(update.level, chosen),
        assignee=update.escalation.assignee(update.level, chosen, update.now),
        given_by_hand=False,
    )


def follow_the_duty(update: IncidentUpdate) -> bool:
    """What nobody has acknowledged belongs to whoever has the duty by now, unless a person gave it to
    somebody; whether it changed hands."""
    incident = update.incident
    if incident.state is not IncidentState.OPEN or incident.given_by_hand:
        return False
    person = update.escalation.on_duty(incident.owner, update.now).partition(":")[2] or None
    if person == incident.assignee:
        return False
    update.amend(assignee=person)
    now_of = person or "the whole team"
    update.explain(Stage.ROUTE, incident.owner, f"the duty is {now_of}'s by now", rule="schedules")
    return True


def explain_route(context: AlertContext, update: IncidentUpdate) -> None:
    chosen, incident = context.route, update.incident
    matchers = " and ".join(map(str, chosen.matchers)) or "everything else"
    update.explain(
        Stage.ROUTE,
        incident.owner,
        f"{matchers}: owner {chosen.owner}; {incident.severity} goes to {incident.owner} first",
        rule=chosen.name,
    )
