"""Pyrra's alerts: four tiers whose windows follow the objective's, and one for metrics that are gone.

``Windows`` and ``AbsentDuration`` in ``slo`` at commit 1ba95af of pyrra-dev/pyrra: lengths are written for
28 days, scaled, and rounded to the minute; the factors never change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

from foundation.errors import Effect
from foundation.located import Section
from foundation.quantities import duration_text, percent_text
from slo.loaders.openslo_alerts import SEVERITY_WORDS
from slo.model.periods import MINUTE
from slo.model.spec import Tier

BURN_NAME = "ErrorBudgetBurn"
_FOR = timedelta(days=28)
_SHORTEST_SILENCE = timedelta(minutes=5)  # a series that is not written any more is seen as long as that
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _Burn:
    """One of Pyrra's alerts on an objective of 28 days; ``key`` is where its severity is written."""

    name: str
    key: str
    factor: int
    long: timedelta
    short: timedelta
    after: timedelta
    severity: str


_BURNS = (
    _Burn("fast-burn", "fastBurn", 14, _HOUR, 5 * MINUTE, 2 * MINUTE, "critical"),
    _Burn("medium-burn", "mediumBurn", 7, 6 * _HOUR, 30 * MINUTE, 15 * MINUTE, "critical"),
    _Burn("slow-burn", "slowBurn", 2, 24 * _HOUR, 2 * _HOUR, _HOUR, "warning"),
    _Burn("long-term-burn", "longTermBurn", 1, 96 * _HOUR, 6 * _HOUR, 3 * _HOUR, "warning"),
)


@dataclass(frozen=True, slots=True)
class PyrraAlerts:
    """``silence`` is the severity of the alert for metrics that are gone; ``None``: there is none."""

    tiers: tuple[Tier, ...]
    silence: str | None
    silent_after: timedelta


def read_pyrra_alerts(
    spec: Section, window: timedelta, target: Fraction, annotations: Mapping[str, str]
) -> PyrraAlerts:
    """What ``alerting`` leaves of them; all, where it is not written."""
    alerting = spec.section("alerting")
    severities = None if alerting is None else alerting.section("severities")
    words = _severities(severities)
    name = BURN_NAME if alerting is None else alerting.text("name", default=BURN_NAME)
    burns, absent = _switches(alerting)
    if alerting is not None:
        if alerting.text("absentName"):
            reason = "the alert for metrics that are gone has a name of its own SLO here"
            alerting.notice("absentName", reason, effect=Effect.LOST)
        alerting.close()
    budget = 1 - target
    tiers = list(_tiers(spec, window, budget, name, words, annotations)) if burns else []
    fast = _BURNS[0]
    after = _rounded(fast.factor * budget * _seconds(_scaled(fast.long, window)))
    silent_after = max(_SHORTEST_SILENCE, after + _scaled(fast.after, window))
    silence = SEVERITY_WORDS.get(words["absent"].lower(), "P1") if absent else None
    return PyrraAlerts(tuple(tiers), silence, silent_after)


def _switches(alerting: Section | None) -> tuple[bool, bool]:
    """Whether burns alert, and whether absence does: ``disabled`` is the older word for the first."""
    if alerting is None:
        return True, True
    disabled = alerting.flag("disabled", False)
    return alerting.flag("burnrates", True) and not disabled, alerting.flag("absent", True)


def _severities(section: Section | None) -> Mapping[str, str]:
    default = {burn.key: burn.severity for burn in _BURNS} | {"absent": "critical"}
    if section is None:
        return default
    found = {key: section.text(key, default=word) for key, word in default.items()}
    section.close()
    return found


def _tiers(
    spec: Section,
    window: timedelta,
    budget: Fraction,
    name: str,
    words: Mapping[str, str],
    annotations: Mapping[str, str],
) -> Iterator[Tier]:
    for burn in _BURNS:
        if burn.factor * budget >= 1:
            reason = (
                f"{burn.name} can never fire: {burn.factor} times a budget of {percent_text(budget)} "
                "is more than all events; it is left out"
            )
            spec.notice("target", reason, effect=Effect.LOST)
            continue
        long = _at_least_a_minute(spec, burn, "long", window)
        short = _at_least_a_minute(spec, burn, "short", window)
        word = words[burn.key]
        labels = {
            "severity": word,
            "long": go_text(long),
            "short": go_text(short),
            "exhaustion": go_text(timedelta(seconds=_seconds(window) // burn.factor)),
        }
        yield Tier(
            name=burn.name,
            budget_share=burn.factor * Fraction(_seconds(long), _seconds(window)),
            long_window=long,
            short_window=short,
            severity=SEVERITY_WORDS.get(word.lower(), SEVERITY_WORDS[burn.severity]),
            alert_after=_scaled(burn.after, window),
            alert_name=name,
            labels=labels,
            annotations=annotations,
        )


def _at_least_a_minute(spec: Section, burn: _Burn, which: str, window: timedelta) -> timedelta:
    scaled = _scaled(getattr(burn, which), window)
    if scaled:
        return scaled
    reason = (
        f"the {which} window of {burn.name} would round to nothing, which Prometheus refuses; "
        f"it is {duration_text(MINUTE)}"
    )
    spec.notice("window", reason, effect=Effect.CHANGED)
    return MINUTE


def _scaled(length: timedelta, window: timedelta) -> timedelta:
    return _rounded(Fraction(_seconds(window) * _seconds(length), _seconds(_FOR)))


def _rounded(seconds: Fraction) -> timedelta:
    """To the minute, half a minute up."""
    return int(seconds / 60 + Fraction(1, 2)) * MINUTE


def _seconds(length: timedelta) -> int:
    return length // timedelta(seconds=1)


def go_text(length: timedelta) -> str:
    """As Prometheus writes a duration: ``1h4m``; years and weeks only where nothing is left over."""
    seconds, text = _seconds(length), ""
    for unit, size, alone in (
        ("y", 31_536_000, True), ("w", 604_800, True), ("d", 86_400, False),
        ("h", 3_600, False), ("m", 60, False), ("s", 1, False),
    ):  # fmt: skip
        count, rest = divmod(seconds, size)
        if count and not (alone and rest):
            text, seconds = f"{text}{count}{unit}", rest
    return text or "0s"
