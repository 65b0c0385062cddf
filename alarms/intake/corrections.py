"""Whether what is to be worked off again can be read, by the same parser as what comes in."""

from __future__ import annotations

from collections.abc import Callable

from alarms.intake import parsers
from alarms.intake.normalise import IntakeRules
from alarms.model.errors import MalformedPayload
from alarms.model.receipt import Receipt


def readable(rules: Callable[[], IntakeRules]) -> Callable[[Receipt], None]:
    """Raises MalformedPayload for one that would be put aside, or a part of it."""

    def check(receipt: Receipt) -> None:
        _, parsed = parsers.read(receipt.kind, receipt.payload, rules(), receipt.received_at)
        for part in parsed.unread:
            raise MalformedPayload(receipt.kind, "a part of it", part.problem)

    return check
