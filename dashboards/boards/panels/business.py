"""Business panels: how many applications were decided and approved, for how much, and what errors cost."""

from __future__ import annotations

from datetime import timedelta

from credit import metrics as telemetry
from dashboards.model.board import Panel, Series, Shape
from dashboards.model.palette import Unit
from dashboards.model.query import (
    CounterGrowth,
    Divided,
    Quantile,
    Rate,
    Valued,
    equal,
    matching,
)
from foundation.bilingual import Text

DAY = timedelta(days=1)
APPROVED = (equal("decision", "APPROVE"),)
FAILED = (matching("outcome", "error|degraded|overload"),)
CENTS = 100


def approval_rate(width: int = 6) -> Panel:
    return Panel(
        id="approval-rate",
        title=Text("Approved, last day", "Aprovados, último dia"),
        description=Text("Approved applications over decided ones.", "Pedidos aprovados sobre decididos."),
        shape=Shape.STAT,
        series=(
            Series(
                Divided(
                    CounterGrowth(telemetry.DECISIONS, DAY, where=APPROVED),
                    CounterGrowth(telemetry.DECISIONS, DAY),
                ),
                Text("approved", "aprovados"),
            ),
        ),
        unit=Unit.RATIO,
        width=width,
        height=4,
    )


def decisions_per_hour(width: int = 12) -> Panel:
    return Panel(
        id="decisions-per-hour",
        title=Text("Decisions per hour", "Decisões por hora"),
        description=Text("By decision told to the applicant.", "Pela decisão comunicada ao solicitante."),
        shape=Shape.LINES,
        series=(
            Series(
                Rate(telemetry.DECISIONS, by=("decision",), seconds=3600),
                Text("{{decision}}", "{{decision}}"),
            ),
        ),
        unit=Unit.PER_HOUR,
        width=width,
        height=8,
        minimum=0.0,
        stacked=True,
    )


def amount_approved(width: int = 6) -> Panel:
    return Panel(
        id="amount-approved",
        title=Text("Amount approved, last day", "Valor aprovado, último dia"),
        description=Text("Reais applied for and approved.", "Reais pedidos e aprovados."),
        shape=Shape.STAT,
        series=(
            Series(
                CounterGrowth(telemetry.DECISION_AMOUNT, DAY, where=APPROVED, unit=CENTS), Text("R$", "R$")
            ),
        ),
        unit=Unit.BRL,
        width=width,
        height=4,
    )


def time_to_decide(width: int = 6) -> Panel:
    return Panel(
        id="time-to-decide",
        title=Text("95 % decided within", "95 % decididos em até"),
        description=Text("Full decisions only, now.", "Só decisões completas, agora."),
        shape=Shape.STAT,
        series=(
            Series(
                Quantile(telemetry.DECISION_DURATION, 0.95, where=(equal("outcome", "ok"),)),
                Text("time", "tempo"),
            ),
        ),
        unit=Unit.SECONDS,
        width=width,
        height=4,
    )


def cost_of_errors(width: int = 6) -> Panel:
    """An estimate, labelled as one: applications not decided in full, at the mean amount applied for."""
    return Panel(
        id="cost-of-errors",
        title=Text("Business put at risk by errors, last day", "Negócio em risco por erros, último dia"),
        description=Text(
            "Estimate: applications not decided in full, times the mean amount applied for.",
            "Estimativa: pedidos sem decisão completa, vezes o valor médio pedido.",
        ),
        shape=Shape.STAT,
        series=(
            Series(
                Valued(
                    CounterGrowth(telemetry.DECISION_REQUESTS, DAY, where=FAILED),
                    CounterGrowth(telemetry.DECISION_AMOUNT, DAY, unit=CENTS),
                    CounterGrowth(telemetry.DECISIONS, DAY),
                ),
                Text("R$", "R$"),
            ),
        ),
        unit=Unit.BRL,
        width=width,
        height=4,
        empty_means=Text("Empty until something fails.", "Vazio até que algo falhe."),
    )
