"""Errors of the severity router.

AlarmsError
+-- UnknownIncident         no incident has that id
+-- UnknownReceipt          nothing in quarantine has that id
+-- UnknownToken            no token has that name or id
+-- InvalidRequest          what a person asks for cannot be meant so (field, problem, fix)
+-- NotAllowed              the incident is in a state in which that cannot be done (what, why, fix)
+-- MalformedPayload        an authenticated sender's payload cannot be read (goes to quarantine)
+-- NotAuthentic            a payload whose sender cannot be proven; nothing of it is kept
+-- NotConfirmed            SNS did not take the confirmation of a subscription; it asks again
+-- UnreadableRow           a stored row is not what this program writes (which, why)
+-- StoreBusy               the router's store cannot be used now; who asked must try again
+-- SourceSilent            a source that was asked what fires did not answer as one
+-- NothingRecorded         no payload is on file that could be replayed
+-- RouterUnreachable       a router that was asked over HTTP did not answer as one
+-- RouterRefused           a router that was asked over HTTP said no, and why
+-- NotifierError           a message did not reach its receiver
    +-- TemporaryFailure    try again later (throttled, timed out, unavailable)
        +-- Unanswered      the receiver has it and does not say what became of it: try much later
    +-- PermanentFailure    trying again will not help (refused, no such topic)

Policy, RACI and schedule files raise ``foundation.errors.DefinitionErrors``: file, line, field, fix.
"""

from __future__ import annotations

from datetime import timedelta

from foundation.errors import MiranteError
from foundation.exit_status import ExitStatus


class AlarmsError(MiranteError):
    """Base of everything the router raises on purpose."""

    exit_status = ExitStatus.USAGE


class UnknownIncident(AlarmsError):
    def __init__(self, incident_id: str) -> None:
        self.incident_id = incident_id
        super().__init__(
            f"there is no incident {incident_id!r}. `mirante alerts list --all` shows every incident"
        )


class UnknownReceipt(AlarmsError):
    def __init__(self, receipt_id: str) -> None:
        self.receipt_id = receipt_id
        super().__init__(
            f"nothing in quarantine is called {receipt_id!r}. `mirante alerts quarantine list` shows what is"
        )


class UnknownToken(AlarmsError):
    def __init__(self, which: str) -> None:
        self.which = which
        super().__init__(f"no token is called {which[:80]!r}. `mirante alerts token list` shows them")


class InvalidRequest(AlarmsError):
    def __init__(self, field: str, problem: str, fix: str) -> None:
        self.field, self.problem, self.fix = field, problem, fix
        super().__init__(f"{field}: {problem}. {fix}")


class NotAllowed(AlarmsError):
    def __init__(self, incident_id: str, action: str, reason: str, fix: str) -> None:
        self.incident_id, self.action, self.reason, self.fix = incident_id, action, reason, fix
        super().__init__(f"{incident_id}: cannot {action}: {reason}. {fix}")


class MalformedPayload(AlarmsError):
    """``field`` says where in the payload, ``problem`` what is wrong there."""

    exit_status = ExitStatus.NO

    def __init__(self, source: str, field: str, problem: str) -> None:
        self.source, self.field, self.problem = source, field, problem
        super().__init__(f"{source} payload: {field}: {problem}")


class NotAuthentic(AlarmsError):
    def __init__(self, source: str, reason: str) -> None:
        self.source, self.reason = source, reason
        super().__init__(f"{source} message refused: {reason}")


class NotConfirmed(AlarmsError):
    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"SNS did not confirm the subscription: {reason}")


class UnreadableRow(AlarmsError):
    def __init__(self, table: str, row: str, reason: str) -> None:
        self.table, self.row, self.reason = table, row, reason
        super().__init__(f"row {row} of {table} in the router's store cannot be read: {reason}")


class StoreBusy(AlarmsError):
    exit_status = ExitStatus.ENVIRONMENT

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(
            f"the router's store cannot be used now: {reason}. Check the disk and the file, and try again"
        )


class SourceSilent(AlarmsError):
    """A sentence: ``source`` is its subject."""

    exit_status = ExitStatus.ENVIRONMENT

    def __init__(self, source: str, reason: str) -> None:
        self.source, self.reason = source, reason
        super().__init__(f"{source} {reason}")


class NothingRecorded(AlarmsError):
    exit_status = ExitStatus.NO

    def __init__(self) -> None:
        super().__init__(
            "the router's store has no alert on record, so there is nothing to replay. "
            "Wait until alerts have come in, or check --data-dir"
        )


class RouterUnreachable(AlarmsError):
    exit_status = ExitStatus.ENVIRONMENT

    def __init__(self, url: str, reason: str) -> None:
        self.url, self.reason = url, reason
        super().__init__(f"{url}: {reason}. Check router_url, and that a router is running there")


class RouterRefused(AlarmsError):
    """``status`` is HTTP's; ``detail`` are the router's own words."""

    def __init__(self, url: str, status: int, detail: str) -> None:
        self.url, self.status, self.detail = url, status, detail
        fix = ". Set hook_token to that router's token" if status == 401 else ""
        super().__init__(f"{url} answered {status}: {detail}{fix}")


class NotifierError(AlarmsError):
    exit_status = ExitStatus.ENVIRONMENT

    def __init__(self, receiver: str, reason: str) -> None:
        self.receiver, self.reason = receiver, reason
        super().__init__(f"{receiver}: {reason}")


class TemporaryFailure(NotifierError):
    """``wait``: how long the receiver asked to be left alone, if it did."""

    def __init__(self, receiver: str, reason: str, wait: timedelta | None = None) -> None:
        self.wait = wait
        super().__init__(receiver, reason)


class Unanswered(TemporaryFailure):
    """It may have arrived: told again at once, a person would be called twice."""


class PermanentFailure(NotifierError):
    pass
