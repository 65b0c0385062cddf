"""Names of generated CloudWatch alarms that are not an SLO's: one home, read by alarms and boards."""

from __future__ import annotations

import re

_WORD = re.compile(r"(?<!^)(?=[A-Z])")


def kebab(name: str) -> str:
    """``ConsistencyIndexLow`` as ``consistency-index-low``."""
    return _WORD.sub("-", name).lower()


def indicator_alarm(environment: str, indicator: str, component: str = "") -> str:
    """``component`` tells apart the alarms of an indicator that each component has."""
    suffix = f"-{component}" if component else ""
    return f"mirante-{environment}-{kebab(indicator)}{suffix}"


def unless_caused(alarm: str) -> str:
    """The composite that speaks for a symptom unless its cause speaks already."""
    return f"{alarm}-unless-caused"


def causes(environment: str, component: str) -> str:
    """The composite that fires while anything below a component fires."""
    return f"mirante-{environment}-{component}-causes"


def silence_alarm(environment: str, role: str) -> str:
    return f"mirante-{environment}-role-{role}-silent"


def log_alarm(environment: str, pattern: str) -> str:
    return f"mirante-{environment}-log-{pattern}"
