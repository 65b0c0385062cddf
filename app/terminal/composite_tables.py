"""Composite service levels in the terminal and as JSON: several objectives burning together."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from app.terminal.slo_tables import STYLES, WORDS
from slo.judge.composite import CompositeStatus
from slo.judge.explain import decimal_text, percent_text
from slo.judge.status import ObjectiveState
from slo.model.conventions import window_text


def composites_table(found: Sequence[CompositeStatus]) -> Table:
    """One line a composite; its members stand in the table above."""
    table = Table(box=None, pad_edge=False)
    for heading in ("composite", "state", "members (weight)", "common budget left", "burn"):
        table.add_column(heading, overflow="fold")
    for item in found:
        known = item.state is not ObjectiveState.NO_DATA
        members = ", ".join(
            f"{member.objective} ({decimal_text(member.weight)})" for member, _ in item.members
        )
        burns = " ".join(
            f"{window_text(window)} {'-' if burn is None else decimal_text(burn, 1) + 'x'}"
            for window, burn in item.burns.items()
        )
        table.add_row(
            item.composite.id,
            Text(WORDS[item.state], style=STYLES[item.state]),
            members,
            percent_text(item.left_ratio) if known else "unknown",
            burns if known else "",
        )
    return table


def composite_document(item: CompositeStatus) -> dict[str, object]:
    """Ratios as floats; ``null`` where a member is not known."""
    known = item.state is not ObjectiveState.NO_DATA
    return {
        "composite": item.composite.id,
        "state": item.state.value,
        "budget_left_ratio": float(item.left_ratio) if known else None,
        "burns": {
            window_text(window): None if burn is None else float(burn) for window, burn in item.burns.items()
        },
        "members": [
            {"slo": member.slo_id, "objective": member.objective, "weight": str(member.weight)}
            for member, _ in item.members
        ],
    }
