"""Window sets: our ``slo/windows/*.yaml``, and Sloth's ``AlertWindows``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from fractions import Fraction

from foundation.located import Section
from foundation.numbers import parse_share
from slo.loaders.annotations import SEVERITIES
from slo.model.entities import WindowSet
from slo.model.spec import Tier

MINUTE = timedelta(minutes=1)
SLOTH_TIERS = (
    ("page", "quick", "page-fast", "P1"),
    ("page", "slow", "page-slow", "P2"),
    ("ticket", "quick", "ticket-fast", "P3"),
    ("ticket", "slow", "ticket-slow", "P4"),
)


def read_window_set(section: Section) -> WindowSet | None:
    """``name``, ``period`` and ``tiers``; the factor is derived, so none is written."""
    name = section.text("name", required=True)
    period = section.duration("period", required=True)
    tiers = [_tier(item) for item in section.sections("tiers", required=True)]
    section.close()
    _refuse_repeated(section, [tier.name for tier in tiers if tier])
    if period is None or None in tiers:
        return None
    return WindowSet(name, period, tuple(t for t in tiers if t), section.file)


def _tier(section: Section) -> Tier | None:
    name = section.text("name", required=True)
    share = read_share(section, "budget_share")
    windows = read_windows(section, "long", "short")
    severity = section.text("severity", required=True, choices=SEVERITIES, default="P4")
    section.close()
    if share is None or windows is None:
        return None
    return Tier(name, share, windows[0], windows[1], severity)


def read_share(section: Section, key: str) -> Fraction | None:
    """A share of the budget, above 0 and at most 1."""
    text = section.text(key, required=True)
    share = parse_share(text)
    if text and (share is None or not 0 < share <= 1):
        section.refuse(key, f"{text!r} is not a share of the budget", "Write for example 2% or 0.02.")
        return None
    return share


def read_windows(section: Section, long_key: str, short_key: str) -> tuple[timedelta, timedelta] | None:
    long = section.duration(long_key, required=True)
    short = section.duration(short_key, required=True)
    if long is None or short is None:
        return None
    if short > long:
        section.refuse(short_key, "is longer than the long window", "Use about a twelfth of the long window.")
    for key, window in ((long_key, long), (short_key, short)):
        if window % MINUTE:
            section.refuse(key, "is not a whole number of minutes", "Counts are kept per minute.")
    return long, short


def _refuse_repeated(section: Section, names: list[str]) -> None:
    for name in sorted({name for name in names if names.count(name) > 1}):
        section.refuse("tiers", f"two tiers are called {name!r}", "Give each tier its own name.")


def read_sloth_windows(document: Section) -> WindowSet | None:
    """Sloth's ``AlertWindows``: page and ticket, quick and slow. Its name is the file's."""
    document.text("apiVersion", required=True, choices=("sloth.slok.dev/v1",))
    document.text("kind", required=True)
    document.plain("metadata")
    spec = document.section("spec", required=True)
    document.close()
    if spec is None:
        return None
    period = spec.duration("sloPeriod", required=True)
    tiers = list(_sloth_tiers(spec))
    spec.close()
    if period is None or None in tiers:
        return None
    name = document.file.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    return WindowSet(name, period, tuple(t for t in tiers if t), document.file)


def _sloth_tiers(spec: Section) -> Iterator[Tier | None]:
    parents = {kind: spec.section(kind, required=True) for kind in ("page", "ticket")}
    for kind, speed, name, severity in SLOTH_TIERS:
        parent = parents[kind]
        section = parent.section(speed, required=True) if parent else None
        yield _sloth_tier(section, name, severity) if section else None
    for parent in parents.values():
        if parent:
            parent.close()


def _sloth_tier(section: Section, name: str, severity: str) -> Tier | None:
    percent = section.number("errorBudgetPercent", required=True)
    windows = read_windows(section, "longWindow", "shortWindow")
    section.close()
    if percent is None or windows is None:
        return None
    if not 0 < percent <= 100:
        section.refuse("errorBudgetPercent", "is not above 0 and at most 100", "Write for example 2.")
        return None
    return Tier(name, percent / 100, windows[0], windows[1], severity)
