"""The body of a webhook as a person writes it: a template that sees the notification and nothing else."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from alarms.model.notification import Message, Notification, NotifyStep
from alarms.model.severity import Severity

if TYPE_CHECKING:
    from jinja2 import nodes
    from jinja2.sandbox import SandboxedEnvironment

JSON = "application/json"
EXAMPLE = Notification(
    dedup_id="0" * 32,
    incident_id="01J00000000000000000000000",
    transition=1,
    step=NotifyStep.FIRST,
    cycle=1,
    target="on-call",
    channel="tickets",
    severity=Severity.P1,
    environment="production",
    message=Message(
        'A "quoted" subject',
        'Um assunto "entre aspas"',
        'First line\nwith \\ and "quotes"',
        "Primeira linha\nação",
        "short",
        "curto",
        "https://mirante.example/console/incidents/1",
        "https://mirante.example/acknowledge/1",
    ),
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
    attributes={"kind": "opened", "severity": "P1", "team": "on-call"},
)


BARE = replace(EXAMPLE, message=Message("a", "b", "c", "d"))
RESOLVED = replace(EXAMPLE, step=NotifyStep.RESOLVED)


class TemplateFault(Exception):
    """``line`` is that of the template, where it is known."""

    def __init__(self, problem: str, line: int | None = None) -> None:
        self.problem, self.line = problem, line
        super().__init__(problem)


@dataclass(frozen=True, slots=True)
class WebhookTemplate:
    """``content_type`` is what it makes; JSON is checked to be some."""

    text: str
    content_type: str = JSON

    def check(self) -> None:
        """Fill it in with a first page, with a resolution, and with one that has no links.

        Raises:
            TemplateFault: one of them fails, or it names what there is not.
        """
        from jinja2 import meta, nodes

        tree = _parsed(self.text)
        unknown = meta.find_undeclared_variables(tree) - values(EXAMPLE).keys()
        for name in tree.find_all(nodes.Name):
            if name.name in unknown:
                known = ", ".join(sorted(values(EXAMPLE)))
                raise TemplateFault(f"there is no value {name.name!r} (known: {known})", name.lineno)
        for example in (EXAMPLE, RESOLVED, BARE):
            self.render(example)

    def render(self, notification: Notification) -> str:
        """
        Raises:
            TemplateFault: it cannot be filled in, or what it makes is not the JSON that it says.
        """
        from jinja2 import TemplateError

        try:
            made = _sandbox().from_string(_parsed(self.text)).render(values(notification))
        except (TemplateError, TypeError, ValueError, LookupError, ArithmeticError, RecursionError) as error:
            raise TemplateFault(str(error).rstrip(".") or type(error).__name__, _line_of(error)) from None
        if self.content_type.partition(";")[0].strip() == JSON:
            try:
                json.loads(made)
            except (ValueError, RecursionError) as error:
                raise TemplateFault(f"makes no JSON: {error}") from None
        return made


@cache
def _sandbox() -> SandboxedEnvironment:
    # Imported here: it takes time to load, and most channels have no template.
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)


def _parsed(text: str) -> nodes.Template:
    from jinja2 import TemplateSyntaxError

    try:
        tree = _sandbox().parse(text)
        _sandbox().compile(tree)  # an unknown filter is found here
        return tree
    except TemplateSyntaxError as error:
        raise TemplateFault(str(error.message).rstrip("."), error.lineno) from None
    except RecursionError:
        raise TemplateFault("is nested too deeply") from None


def values(notification: Notification) -> dict[str, Any]:
    """What a template may name."""
    message = notification.message
    return {
        "dedup_id": notification.dedup_id,
        "incident": notification.incident_id,
        "step": notification.step.value,
        "resolved": notification.step is NotifyStep.RESOLVED,
        "severity": notification.severity.value,
        "environment": notification.environment,
        "team": notification.team,
        "target": notification.target,
        "address": notification.address,
        "created_at": notification.created_at.isoformat(),
        "attributes": dict(notification.attributes),
        "subject": message.subject,
        "subject_pt": message.subject_pt,
        "body": message.body,
        "body_pt": message.body_pt,
        "short": message.short,
        "short_pt": message.short_pt,
        "page": message.page,
        "acknowledge": message.acknowledge,
    }


def _line_of(error: BaseException) -> int | None:
    """Where in the template it happened: the last of its own lines in the trace."""
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
