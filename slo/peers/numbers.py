"""Numbers and durations as Go programs write them into rules."""

from __future__ import annotations

from datetime import timedelta

_UNITS = (("y", 31_536_000), ("w", 604_800), ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


def model_duration(length: timedelta) -> str:
    """``1w``, ``1d1h``, ``1h30m``: as ``model.Duration`` of prometheus/common writes it.

    Years and weeks are used only where nothing is left over.
    """
    seconds = round(length.total_seconds())
    if not seconds:
        return "0s"
    found = []
    for unit, size in _UNITS:
        if unit in ("y", "w") and seconds % size:
            continue
        count, seconds = divmod(seconds, size)
        found += [f"{count}{unit}"] if count else []
    return "".join(found)


def rounded_to_minutes(length: timedelta) -> timedelta:
    """Half a minute is rounded up, as ``time.Duration.Round`` does."""
    return timedelta(minutes=(length + timedelta(seconds=30)) // timedelta(minutes=1))
