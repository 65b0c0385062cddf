"""Indicator alarms as Prometheus alerting rules, and the rules that notice a role that went silent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from alarms.model.indicator import IndicatorAlarm, Measure
from alarms.model.severity import Severity
from alarms.model.watch_list import Side, WatchList
from exporters import server
from foundation.quantities import decimal_text, duration_text
from slo.model import conventions

FILE_NAME = "mirante-indicators.rules.yaml"
LABEL_COMPONENT = "component"
LABEL_CATEGORY = "category"
LABEL_SYMPTOM = "symptom"
HEARTBEAT_ALERT = "PrometheusAlive"
SILENT_AFTER = timedelta(minutes=3)

Rule = dict[str, object]


def rule_file(watched: WatchList, environment: str, heartbeat: bool = False) -> Mapping[str, object]:
    """One group of indicator alarms and one that watches the watchers.

    ``heartbeat`` adds an alert that always fires: somebody outside must miss it when it stops.
    """
    rules = [indicator_rule(indicator, environment) for indicator in watched.indicators]
    watchers = [_target_down(environment), *(_side_silent(side, environment) for side in watched.sides)]
    if heartbeat:
        watchers.append(_heartbeat(environment))
    return {
        "groups": [
            {"name": "mirante-indicators", "interval": "1m", "rules": rules},
            {"name": "mirante-watchers", "interval": "1m", "rules": watchers},
        ]
    }


def expression(indicator: IndicatorAlarm) -> str:
    """The condition as PromQL. An absent series fires nothing here: silence has alerts of its own."""
    limit = f"{indicator.comparison} {decimal_text(indicator.threshold)}"
    limited = f"{value_expression(indicator)} {limit}"
    if indicator.measure is not Measure.INCREASE or indicator.threshold:
        return limited
    # A counter that is born at 1 never *increased*: where any one counts, its birth counts too.
    selector, by = _selector(indicator), _by(indicator)
    window = duration_text(indicator.window)
    return f"{limited}\nor\n(sum{by}({selector}) unless sum{by}({selector} offset {window})) {limit}"


def value_expression(indicator: IndicatorAlarm) -> str:
    """The number that is held against the threshold, as PromQL."""
    selector, by = _selector(indicator), _by(indicator)
    if indicator.measure is Measure.INCREASE:
        return f"sum{by}(increase({selector}[{duration_text(indicator.window)}]))"
    function = "max" if indicator.measure is Measure.HIGHEST else "min"
    return f"{function}{by}({selector})"


def _selector(indicator: IndicatorAlarm) -> str:
    where = ",".join(f'{name}="{value}"' for name, value in sorted(indicator.where.items()))
    return f"{indicator.metric}{{{where}}}" if where else indicator.metric


def _by(indicator: IndicatorAlarm) -> str:
    return f" by ({', '.join(indicator.by)}) " if indicator.by else ""


def indicator_rule(indicator: IndicatorAlarm, environment: str) -> Rule:
    rule: Rule = {"alert": indicator.name, "expr": expression(indicator)}
    if indicator.lasting > timedelta(0):
        rule["for"] = duration_text(indicator.lasting)
    labels = {
        LABEL_CATEGORY: indicator.category,
        conventions.LABEL_ENVIRONMENT: environment,
        conventions.LABEL_SEVERITY: indicator.severity.value,
        LABEL_SYMPTOM: "true" if indicator.symptom else "false",
    }
    if indicator.component:
        labels[LABEL_COMPONENT] = indicator.component
    rule["labels"] = dict(sorted(labels.items()))
    rule["annotations"] = _annotations(indicator)
    return rule


def _annotations(indicator: IndicatorAlarm) -> dict[str, str]:
    where = _which(indicator.by)
    limit = f"{indicator.comparison} {decimal_text(indicator.threshold)}"
    return {
        "description": f"{indicator.title.en}{where}: {{{{ $value }}}} {limit}. "
        f"Threshold from: {indicator.basis.en}.",
        "description_pt": f"{indicator.title.pt}{where}: {{{{ $value }}}} {limit}. "
        f"Limite vem de: {indicator.basis.pt}.",
        "runbook": indicator.runbook,
        "summary": f"{indicator.title.en}{where}",
        "summary_pt": f"{indicator.title.pt}{where}",
    }


def _which(by: Sequence[str]) -> str:
    if not by:
        return ""
    return " (" + " ".join(f"{{{{ $labels.{label} }}}}" for label in by) + ")"


def _watcher(name: str, expr: str, severity: Severity, environment: str, words: tuple[str, str]) -> Rule:
    labels = {
        LABEL_CATEGORY: "self",
        conventions.LABEL_ENVIRONMENT: environment,
        conventions.LABEL_SEVERITY: severity.value,
        LABEL_SYMPTOM: "false",
    }
    english, portuguese = words
    return {
        "alert": name,
        "expr": expr,
        "for": duration_text(SILENT_AFTER),
        "labels": labels,
        "annotations": {
            "runbook": "watching-ourselves",
            "summary": english,
            "summary_pt": portuguese,
        },
    }


def _target_down(environment: str) -> Rule:
    words = (
        "{{ $labels.job }} at {{ $labels.instance }} does not respond to scrapes",
        "{{ $labels.job }} em {{ $labels.instance }} não responde às coletas",
    )
    return _watcher("ScrapeTargetDown", "up == 0", Severity.P2, environment, words)


def _side_silent(side: Side, environment: str) -> Rule:
    """Nobody says this side is alive: it is gone from the scrape configuration, or it never started."""
    expr = f'absent({server.ROLE_INFO.name}{{role=~"{side.roles}"}})'
    words = (
        f"no process of the {side.name.en.lower()} side is being watched",
        f"nenhum processo do lado de {side.name.pt} está sendo monitorado",
    )
    return _watcher(f"{side.name.en}SideSilent", expr, Severity.P2, environment, words)


def _heartbeat(environment: str) -> Rule:
    rule = _watcher(
        HEARTBEAT_ALERT,
        "vector(1)",
        Severity.P4,
        environment,
        (
            "Prometheus evaluates rules and can reach the router",
            "O Prometheus avalia regras e alcança o roteador",
        ),
    )
    del rule["for"]
    rule["labels"] = {**_labels(rule), LABEL_CATEGORY: "heartbeat"}
    return rule


def _labels(rule: Rule) -> dict[str, str]:
    labels = rule["labels"]
    assert isinstance(labels, dict)
    return labels
