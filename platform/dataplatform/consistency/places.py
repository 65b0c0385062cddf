"""Where a record is in a projection."""

from __future__ import annotations

Place = tuple[str, str]  # customer id, data type
