"""Templates of webhooks that fail for some message: it goes out in our own form, and somebody is told."""

from __future__ import annotations

from datetime import datetime

from alarms.policy.webhook_template import TemplateFault
from alarms.router.troubles import QUIET, Trouble, Troubles
from foundation.clock import Clock


class TemplateFaults:
    """A judge of readiness as well: what failed lately is a remark. For several threads."""

    def __init__(self, troubles: Troubles, clock: Clock) -> None:
        self._troubles, self._clock = troubles, clock
        self._last: dict[str, tuple[datetime, str]] = {}  # by channel

    def failed(self, channel: str, fault: TemplateFault) -> None:
        at = f" (line {fault.line})" if fault.line else ""
        problem = f"{fault.problem}{at}; the message was sent in our own form"
        self._last[channel] = (self._clock.now(), problem)
        self._troubles.note(Trouble.of_a_part(f"template of channel {channel}", problem))

    def forget(self) -> None:
        """The templates were read anew."""
        self._last = {}

    def problems(self) -> list[str]:
        return []

    def remarks(self) -> list[str]:
        now = self._clock.now()
        return [
            f"the template of channel {channel} failed at {at:%Y-%m-%d %H:%M:%S} UTC: {problem}"
            for channel, (at, problem) in sorted(self._last.items())
            if now - at < QUIET
        ]
