"""Whether these boards show what was counted: the recorded values beside those of the ledger."""

from __future__ import annotations

from dashboards.model.board import Panel, Series, Shape
from dashboards.model.palette import Unit
from dashboards.model.query import GaugeLevel, Match
from exporters.collectors import budget_drift
from foundation.bilingual import Text


def drift_lines(where: tuple[Match, ...] = (), width: int = 24, height: int = 7) -> Panel:
    """No line of tolerance: each SLO has its own, by its traffic and the bound of its counts."""
    return Panel(
        id="budget-drift",
        title=Text("Recorded values less counts", "Valores gravados menos contagens"),
        description=Text(
            "How far the recorded series that boards and alerts read lie from what the ledger counted. A "
            "line that rises and stays has left the counts; no line means that nothing could be compared.",
            "O quanto as séries gravadas, que painéis e alertas leem, diferem do que o livro contou. Uma "
            "linha que sobe e fica deixou as contagens; sem linha, nada pôde ser comparado.",
        ),
        shape=Shape.LINES,
        series=(
            Series(
                GaugeLevel(budget_drift.RATIO, by=("slo", "group", "series"), where=where),
                Text("{{slo}} {{group}} {{series}}", "{{slo}} {{group}} {{series}}"),
            ),
        ),
        unit=Unit.RATIO,
        width=width,
        height=height,
        minimum=0.0,
        runbook="budget-drift",
    )
