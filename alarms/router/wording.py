"""What an incident says of itself: the words of the alert that it speaks for just now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alarms.model.alert import Alert


def words_of(alert: Alert) -> Mapping[str, Any]:
    """Fields of an ``Incident``, in both languages: none of them is left from another alert."""
    return {
        "summary": alert.summary,
        "summary_pt": alert.summary_pt or "",
        "description": alert.description,
        "description_pt": alert.description_pt,
        "links": alert.links,
    }
