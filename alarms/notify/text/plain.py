"""Text of others, made fit to be read: one line or several, clean, and no longer than it may be."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

SMS = 160  # characters of one short message, if all are plain ones
COSTLY = str.maketrans("[]{}|\\~^`", "()()//- '")  # two septets each in GSM's alphabet, or not in it


def line(text: str, most: int) -> str:
    """One printable line of at most ``most`` characters."""
    kept = text[: 8 * most]
    if not kept.isprintable():
        kept = "".join(c if c.isprintable() else " " for c in kept)
    joined = " ".join(kept.split())
    return joined if len(joined) <= most else joined[: most - 1].rstrip() + "…"


def lines(text: str, most: int) -> list[str]:
    """Its lines that say something, of at most ``most`` characters together."""
    found = []
    for one in text[: 8 * most].splitlines():
        shown = line(one, most)
        if not shown:
            continue
        found.append(shown)
        most -= len(shown)
        if most < 2:
            break
    return found


def sms(text: str, most: int) -> str:
    """In letters that cost one septet each in GSM's alphabet: 160 of them are one message; accents go."""
    plain = line(text, 8 * most).translate(COSTLY)
    if not plain.isascii():
        spread = unicodedata.normalize("NFKD", plain)
        plain = " ".join(spread.encode("ascii", "ignore").decode().split())
    return plain if len(plain) <= most else plain[: max(most - 2, 0)].rstrip() + ".."


def spoken(text: str) -> str:
    """What a voice reads aloud: words and numbers, no brackets, quotes or signs."""
    kept = "".join(c if c.isalnum() or c in " .,:'" else " " for c in text)
    return " ".join(kept.split())


def zone_name(at: datetime, zone: ZoneInfo) -> str:
    """``CET``, or ``UTC-03`` where a zone has no letters."""
    name = at.astimezone(zone).tzname() or "UTC"
    return f"UTC{name}" if name[:1] in "+-" else name


def moment(at: datetime, zone: ZoneInfo, language: str) -> str:
    """``2026-03-02 10:00 (13:00 UTC)``, ``02/03/2026 10:00 (13:00 UTC)``."""
    local, utc = at.astimezone(zone), at.astimezone(UTC)
    day = "%d/%m/%Y" if language == "pt" else "%Y-%m-%d"
    if not local.utcoffset():
        return f"{local:{day} %H:%M} UTC"
    there = f"{utc:%H:%M}" if utc.date() == local.date() else f"{utc:{day} %H:%M}"
    return f"{local:{day} %H:%M} ({there} UTC)"


def clock(at: datetime, near: datetime, zone: ZoneInfo, language: str) -> str:
    """The local time alone on the day of ``near``, else with its date."""
    local = at.astimezone(zone)
    if local.date() == near.astimezone(zone).date():
        return f"{local:%H:%M}"
    return f"{local:%d/%m %H:%M}" if language == "pt" else f"{local:%m-%d %H:%M}"
