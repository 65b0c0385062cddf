"""A simulation for people and machines: a table, JSON, and a chart as SVG."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from html import escape

from foundation.quantities import rounded_percent_text, span_text
from slo.simulate.history import review
from slo.simulate.simulation import MODELLED, Firing, Simulation

ROW_HEIGHT, LEFT, WIDTH, TOP = 22, 210, 960, 34
NO_COLOUR = "currentColor"


def table(simulation: Simulation, incident_start: datetime | None = None) -> str:
    """One line a firing, in time order; fixed columns."""
    head = ("fires", "resets", "tier", "sev", "backend", "after", "budget spent")
    rows = [head, *(_row(firing, incident_start) for firing in simulation.firings)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    if len(rows) == 1:
        lines.append("nothing fires")
    lines.append(f"budget spent in total: {rounded_percent_text(simulation.spent_ratio)}")
    for backend, reasons in simulation.left_out.items():
        lines += [f"{backend} leaves out {reason}" for reason in reasons]
    return "\n".join(lines)


def _row(firing: Firing, incident_start: datetime | None) -> tuple[str, ...]:
    backend = f"{firing.backend} (modelled)" if firing.modelled else firing.backend
    after = "" if incident_start is None else span_text(firing.after(incident_start))
    reset = "not yet" if firing.reset is None else firing.reset.strftime("%m-%d %H:%M")
    return (
        firing.start.strftime("%m-%d %H:%M"),
        reset,
        firing.tier,
        firing.severity,
        backend,
        after,
        rounded_percent_text(firing.spent_ratio),
    )


def as_json(simulation: Simulation) -> Mapping[str, object]:
    """Everything, with ratios as floats and times in ISO 8601; ready for ``json.dumps``."""
    backends = sorted({firing.backend for firing in simulation.firings})
    return {
        "slo": simulation.slo.id,
        "objective": simulation.objective.name,
        "start": simulation.timeline.start.isoformat(),
        "end": simulation.timeline.end.isoformat(),
        "allowed_bad_events": float(simulation.allowed),
        "budget_spent_ratio": float(simulation.spent_ratio),
        "firings": [_json_firing(firing) for firing in simulation.firings],
        "review": {backend: _json_review(simulation, backend) for backend in backends},
        "modelled": sorted(MODELLED),
        "left_out": {backend: list(reasons) for backend, reasons in simulation.left_out.items()},
    }


def _json_firing(firing: Firing) -> Mapping[str, object]:
    return {
        "backend": firing.backend,
        "modelled": firing.modelled,
        "tier": firing.tier,
        "severity": firing.severity,
        "fires": firing.start.isoformat(),
        "resets": None if firing.reset is None else firing.reset.isoformat(),
        "budget_spent_ratio": float(firing.spent_ratio),
    }


def _json_review(simulation: Simulation, backend: str) -> Mapping[str, int]:
    found = review(simulation, backend)
    return {
        "pages": found.pages,
        "true": len(found.true),
        "false": len(found.false),
        "missed": len(found.missed),
    }


def chart(simulation: Simulation, colours: Mapping[str, str] | None = None) -> str:
    """Bars of firing time, one row a tier and backend; every bar has its words in a title.

    ``colours`` by severity (``P1``) come from the caller's palette; without them bars have the text's colour.
    """
    rows = sorted({(f.tier, f.backend) for f in simulation.firings}, key=lambda row: _order(simulation, row))
    height = TOP + ROW_HEIGHT * max(1, len(rows)) + 26
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 20} {height}" '
        f'role="img" aria-label="{escape(simulation.slo.id)}: when each alert fires" '
        'font-family="sans-serif" font-size="12">',
        f'<text x="8" y="20">{escape(simulation.slo.id)}: {len(simulation.firings)} firings</text>',
        *(
            part
            for index, row in enumerate(rows)
            for part in _bars(simulation, row, TOP + ROW_HEIGHT * index, colours or {})
        ),
        *_axis(simulation, height - 8),
        "</svg>",
    ]
    return "\n".join(parts)


def _order(simulation: Simulation, row: tuple[str, str]) -> tuple[int, str]:
    names = [tier.name for tier in simulation.slo.tiers]
    return names.index(row[0]), row[1]


def _x(simulation: Simulation, instant: datetime) -> float:
    whole = (simulation.timeline.end - simulation.timeline.start).total_seconds() or 1.0
    return round(LEFT + WIDTH * (instant - simulation.timeline.start).total_seconds() / whole, 1)


def _bars(
    simulation: Simulation, row: tuple[str, str], top: int, colours: Mapping[str, str]
) -> Iterator[str]:
    tier, backend = row
    label = f"{tier}, {backend}" + (" (modelled)" if backend in MODELLED else "")
    yield f'<text x="8" y="{top + 14}">{escape(label)}</text>'
    for firing in simulation.of(backend, tier):
        end = firing.reset or simulation.timeline.end
        left, right = _x(simulation, firing.start), _x(simulation, end)
        words = " | ".join(_row(firing, None))
        yield (
            f'<rect x="{left}" y="{top + 3}" width="{max(1.0, round(right - left, 1))}" height="14" '
            f'fill="{escape(colours.get(firing.severity, NO_COLOUR))}"><title>{escape(words)}</title></rect>'
        )


def _axis(simulation: Simulation, y: int) -> Sequence[str]:
    ends = ((simulation.timeline.start, "start"), (simulation.timeline.end, "end"))
    return [
        f'<text x="{_x(simulation, instant)}" y="{y}" text-anchor="{anchor}">'
        f"{instant:%Y-%m-%d %H:%M} UTC</text>"
        for instant, anchor in ends
    ]
