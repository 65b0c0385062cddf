"""Panels of an objective: its light, its budget, its burn with the alerting line in it."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from pathlib import PurePosixPath

from alarms.model.severity import Severity
from dashboards.model.board import Link, Panel, Series, Shape, Threshold
from dashboards.model.palette import State, Unit
from dashboards.model.query import Achieved, BudgetLeft, Burn, Events, Light, TierCondition, WorstLight
from dashboards.standard.source import Source, slo_board_name
from foundation.bilingual import Text
from foundation.quantities import decimal_text, duration_text, percent_text
from slo.model import conventions
from slo.model.spec import CountUnit, Objective, Slo, Tier

RUNBOOK = "generic"
BUDGET_WARN = Fraction(25, 100)
PAGING = (Severity.P1, Severity.P2)
TIER_COLOURS = Text(
    "Amber: a ticket tier is burning. Red: a page tier is burning.",
    "Âmbar: queima de nível de chamado. Vermelho: queima que aciona o plantão.",
)
BUDGET_COLOURS = Text(
    "It has no burn alerts. Amber: the budget of the period is overspent.",
    "Não tem alertas de queima. Âmbar: o orçamento do período está estourado.",
)


def runbook_of(source: Source, slo: Slo) -> str:
    """The runbook its definition names, else the one called like it, else the general one."""
    named = PurePosixPath(slo.texts["runbook"]).stem if "runbook" in slo.texts else conventions.slug(slo.id)
    return named if named in source.runbooks else RUNBOOK


def title_of(slo: Slo, objective: Objective) -> Text:
    """The definition's own words; the objective's too where there are several."""
    english = slo.display_name or slo.name
    portuguese = slo.texts.get("display_name_pt", english)
    if len(slo.objectives) == 1:
        return Text(english, portuguese)
    own = objective.display_name or objective.name
    return Text(f"{english}: {own}", f"{portuguese}: {own}")


def key_of(slo: Slo, objective: Objective) -> str:
    return f"{conventions.slug(slo.id)}-{objective.name}"


def pages(tier: Tier) -> bool:
    return Severity(tier.severity) in PAGING


def light_query(slo: Slo, objective: Objective) -> Light:
    """The alerting conditions themselves, so that the light cannot disagree with the rules."""
    conditions = [(pages(tier), _condition(slo, tier)) for tier in slo.tiers]
    sliced = slo.unit is not CountUnit.EVENTS
    return Light(
        slo.id,
        objective.name,
        tuple(condition for paging, condition in conditions if paging),
        tuple(condition for paging, condition in conditions if not paging),
        slo.min_events,
        decimal_text(slo.least_burnt(objective)) if slo.min_bad_events else "",
        slo.no_data_after if sliced else None,
        slo.window.length,
    )


def _condition(slo: Slo, tier: Tier) -> TierCondition:
    return TierCondition(tier.long_window, tier.short_window, decimal_text(tier.factor(slo.window.length)))


def light(source: Source, slo: Slo, objective: Objective, width: int = 6, height: int = 4) -> Panel:
    name, target = title_of(slo, objective), objective.target
    colours = TIER_COLOURS if slo.tiers else BUDGET_COLOURS
    return Panel(
        id=f"light-{key_of(slo, objective)}",
        title=name,
        description=Text(
            f"Promise: {percent_text(target)}. {colours.en} Grey: no fresh counts, so the state is unknown. "
            "Blue: watched, no traffic.",
            f"Promessa: {percent_text(target, 'pt')}. {colours.pt} Cinza: sem contagens recentes, estado "
            "desconhecido. Azul: monitorado, sem tráfego.",
        ),
        shape=Shape.LIGHT,
        series=(Series(light_query(slo, objective), name),),
        unit=Unit.STATE,
        width=width,
        height=height,
        runbook=runbook_of(source, slo),
        links=(Link(name, board=slo_board_name(slo)),),
        alarms=alarm_names(source, slo, objective),
    )


def worst_light(source: Source, width: int = 6, height: int = 4) -> Panel:
    lights = tuple(light_query(slo, objective) for slo, objective in source.objectives())
    title = source.part or Text("Platform", "Plataforma")
    return Panel(
        id="light-worst",
        title=title,
        description=Text(
            "The worst of the lights beside it. A grey light is not counted here, so check each one too.",
            "A pior das luzes ao lado. Uma luz cinza não conta aqui; verifique cada uma também.",
        ),
        shape=Shape.LIGHT,
        series=(Series(WorstLight(lights), title),),
        unit=Unit.STATE,
        width=width,
        height=height,
        runbook=RUNBOOK,
        links=(Link(Text("Every SLO", "Todos os SLOs"), board="slo-overview"),),
        alarms=every_alarm(source),
    )


def alarm_names(source: Source, slo: Slo, objective: Objective) -> tuple[str, ...]:
    """CloudWatch's names of the objective's burn alarms, one a tier."""
    return tuple(tier_alarm(source, slo, objective, tier) for tier in slo.tiers)


def tier_alarm(source: Source, slo: Slo, objective: Objective, tier: Tier) -> str:
    return conventions.cloudwatch_alarm_name(source.environment, slo.id, objective.name, tier.name)


def every_alarm(source: Source) -> tuple[str, ...]:
    return tuple(
        name for slo, objective in source.objectives() for name in alarm_names(source, slo, objective)
    )


def budget_gauge(source: Source, slo: Slo, objective: Objective, width: int = 6, height: int = 5) -> Panel:
    named = title_of(slo, objective)
    return Panel(
        id=f"budget-{key_of(slo, objective)}",
        title=Text(f"Budget left: {named.en}", f"Orçamento restante: {named.pt}"),
        description=Text(
            f"Share of the {window_words(slo)} error budget that is left, by counts. Below 0 it "
            "is overspent.",
            f"Parte do orçamento de erro de {window_words(slo)} que resta. Abaixo de 0, está estourado.",
        ),
        shape=Shape.GAUGE,
        series=(Series(BudgetLeft(slo.id, objective.name), named),),
        unit=Unit.RATIO,
        width=width,
        height=height,
        minimum=0.0,
        maximum=1.0,
        starts=State.BAD,
        thresholds=(Threshold(Fraction(0), State.WARN), Threshold(BUDGET_WARN, State.OK)),
        runbook=runbook_of(source, slo),
    )


def budget_line(source: Source, slo: Slo, objective: Objective, width: int = 12) -> Panel:
    """Budget left over time, for what has no burn alert to draw."""
    named = title_of(slo, objective)
    return Panel(
        id=f"budget-line-{key_of(slo, objective)}",
        title=Text(f"Budget left over time: {named.en}", f"Orçamento restante no tempo: {named.pt}"),
        description=Text(
            f"Share of the {window_words(slo)} error budget that is left. No burn alert watches it.",
            f"Parte do orçamento de erro de {window_words(slo)} que resta. Nenhum alerta de queima a vigia.",
        ),
        shape=Shape.LINES,
        series=(Series(BudgetLeft(slo.id, objective.name), named),),
        unit=Unit.RATIO,
        width=width,
        height=7,
        thresholds=(Threshold(Fraction(0), State.WARN),),
        runbook=runbook_of(source, slo),
    )


def window_words(slo: Slo) -> str:
    return duration_text(slo.window.length)


def tier_chart(source: Source, slo: Slo, objective: Objective, tier: Tier, width: int = 12) -> Panel:
    """Both windows of a tier and its factor as the red line: exactly what the alert compares."""
    factor = tier.factor(slo.window.length)
    long, short = (duration_text(w) for w in (tier.long_window, tier.short_window))
    state = State.BAD if pages(tier) else State.WARN
    return Panel(
        id=f"burn-{key_of(slo, objective)}-{tier.name}",
        title=Text(
            f"Burn {long} and {short} ({tier.severity})", f"Queima {long} e {short} ({tier.severity})"
        ),
        description=Text(
            f"{tier.severity} fires while both lines are above {decimal_text(factor)}.",
            f"{tier.severity} dispara enquanto as duas linhas passam de {decimal_text(factor)}.",
        ),
        shape=Shape.LINES,
        series=tuple(
            Series(Burn(slo.id, objective.name, window), Text(text, text))
            for window, text in ((tier.long_window, long), (tier.short_window, short))
        ),
        unit=Unit.TIMES,
        width=width,
        height=7,
        minimum=0.0,
        thresholds=(Threshold(factor, state),),
        runbook=runbook_of(source, slo),
        alarms=(tier_alarm(source, slo, objective, tier),),
    )


def burn_overview(source: Source, width: int = 12, height: int = 8) -> Panel:
    """The fastest tier of every objective on one chart; the line is the highest factor among them."""
    fastest = [(slo, objective, slo.tiers[0]) for slo, objective in source.objectives() if slo.tiers]
    factors = {tier.factor(slo.window.length) for slo, _, tier in fastest}
    return Panel(
        id="burn-overview",
        title=with_part(source, Text("Burn rate, last hour", "Taxa de queima, última hora")),
        description=Text(
            "A burn rate of 1 spends the budget exactly in the period; at the line, the fastest "
            "tier can page.",
            "Uma taxa de 1 gasta o orçamento exatamente no período; na linha, o nível mais rápido "
            "pode acionar o plantão.",
        ),
        shape=Shape.LINES,
        series=tuple(
            Series(Burn(slo.id, objective.name, tier.long_window), title_of(slo, objective))
            for slo, objective, tier in fastest
        ),
        unit=Unit.TIMES,
        width=width,
        height=height,
        minimum=0.0,
        thresholds=tuple(Threshold(factor, State.BAD) for factor in sorted(factors)),
        runbook=RUNBOOK,
    )


def with_part(source: Source, title: Text) -> Text:
    """Says of which SLOs, where it is not of all."""
    part = source.part
    return title if part is None else Text(f"{title.en}: {part.en}", f"{title.pt}: {part.pt}")


def achieved(source: Source, slo: Slo, objective: Objective, width: int = 6, height: int = 5) -> Panel:
    """What was delivered over the period beside what was promised: the target is the threshold."""
    return Panel(
        id=f"achieved-{key_of(slo, objective)}",
        title=title_of(slo, objective),
        description=Text(
            f"Good events over all in the last {window_words(slo)}; promised: "
            f"{percent_text(objective.target)}.",
            f"Bons sobre o total em {window_words(slo)}; prometido: {percent_text(objective.target, 'pt')}.",
        ),
        shape=Shape.STAT,
        series=(Series(Achieved(slo.id, objective.name, slo.window.length), title_of(slo, objective)),),
        unit=Unit.RATIO,
        width=width,
        height=height,
        starts=State.BAD,
        thresholds=(Threshold(objective.target, State.OK),),
        runbook=runbook_of(source, slo),
        links=(Link(title_of(slo, objective), board=slo_board_name(slo)),),
    )


def events(slo: Slo, objective: Objective, window: timedelta, width: int = 6, height: int = 5) -> Panel:
    text = duration_text(window)
    return Panel(
        id=f"events-{key_of(slo, objective)}",
        title=Text(f"Counted in {text}", f"Contados em {text}"),
        description=Text(
            slo.texts.get("total", "Events that this objective counts."),
            slo.texts.get("total_pt", "Eventos que este objetivo conta."),
        ),
        shape=Shape.STAT,
        series=(Series(Events(slo.id, objective.name, window), Text("events", "eventos")),),
        unit=Unit.COUNT,
        width=width,
        height=height,
    )
