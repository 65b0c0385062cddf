"""What an alert says to people, in English and Brazilian Portuguese, filled in by Prometheus when it fires.

The plain keys (``long_burn``, ``long_good`` ...) carry the same numbers for the router, one value each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from functools import lru_cache

from foundation.quantities import duration_text, percent_text, rounded_percent_text, short_text
from slo.model import conventions as names
from slo.model.promql import quoted
from slo.model.spec import CountUnit, Objective, Slo, Tier
from slo.prometheus.counts import silence_span
from slo.prometheus.names import series_labels
from slo.prometheus.silence import may_miss_a_group

UNIT_WORDS = {
    CountUnit.EVENTS: ("events", "eventos"),
    CountUnit.SLICES: ("time slices", "intervalos"),
    CountUnit.RATIO_MINUTES: ("minutes", "minutos"),
}
ENGLISH = (
    "The error budget burns {long_burn} times as fast as it may over {long} and {short_burn} times over "
    "{short} (limit {factor}: {share} of the budget in {long}). Good {unit}: {long_good} of {long_total} in "
    "{long}, {short_good} of {short_total} in {short}. Objective {target} over {period}. Budget spent: "
    "{spent}, counted over {history} of the period. At this burn, what is left lasts {lasts}."
)
PORTUGUESE = (
    "O orçamento de erro queima {long_burn} vezes mais rápido do que pode em {long} e {short_burn} vezes em "
    "{short} (limite {factor}: {share} do orçamento em {long}). {unit} bons: {long_good} de {long_total} em "
    "{long}, {short_good} de {short_total} em {short}. Objetivo {target} em {period}. Orçamento gasto: "
    "{spent}, contado em {history} do período. Neste ritmo, o que resta dura {lasts}."
)
BRACES = '{{ "{{" }}'
_SECOND = timedelta(seconds=1)
_COUNT, _BURN, _RATIO, _PERCENT, _SPAN = (
    'printf "%.0f"', 'printf "%.2f"', 'printf "%.4f"', "humanizePercentage", "humanizeDuration",
)  # fmt: skip


def burn_annotations(slo: Slo, objective: Objective, tier: Tier, own: Mapping[str, str]) -> dict[str, str]:
    """``own`` are the matchers of the objective's series."""
    mine = _own_series(own, slo)
    title, title_pt = titles(slo)
    arithmetic = _arithmetic(tier.long_window, tier.short_window, tier.budget_share, slo.window.length)
    target = percent_text(objective.target)
    words = arithmetic.words | {"target": target}
    unit, unit_pt = UNIT_WORDS[slo.unit]
    return {
        "summary": f'{title}: burning {{{{ $value | printf "%.1f" }}}}x over {words["long"]}',
        "summary_pt": f'{title_pt}: queimando {{{{ $value | printf "%.1f" }}}}x em {words["long"]}',
        "description": mine + ENGLISH.format_map(words | {"unit": unit}),
        "description_pt": mine + PORTUGUESE.format_map(words | {"unit": unit_pt.capitalize()}),
        "objective_text": target,
        **arithmetic.fixed,
        **{key: mine + text for key, text in arithmetic.looked_up.items()},
        **_group_labels(slo, objective),
    }


@dataclass(frozen=True, slots=True)
class _Arithmetic:
    """``fixed`` numbers and ``looked_up`` ones, as annotations; ``words`` fill the sentences."""

    fixed: dict[str, str]
    looked_up: dict[str, str]
    words: dict[str, str]


@lru_cache(maxsize=1024)
def _arithmetic(long: timedelta, short: timedelta, share: Fraction, period: timedelta) -> _Arithmetic:
    """The same for every SLO with these windows, so it is written once."""
    factor = share * Fraction(period // _SECOND, long // _SECOND)
    fixed = {
        "factor": short_text(factor),
        "long_window": duration_text(long),
        "short_window": duration_text(short),
    }
    looked_up = {
        "long_burn": _value(names.record_burn_rate(long), _BURN),
        "long_good": _value(names.record_good(long), _COUNT),
        "long_total": _value(names.record_total(long), _COUNT),
        "short_burn": _value(names.record_burn_rate(short), _BURN),
        "short_good": _value(names.record_good(short), _COUNT),
        "short_total": _value(names.record_total(short), _COUNT),
        "budget_spent": _spent(_RATIO),
        "history": _value(names.RECORD_HISTORY, _RATIO),
        "exhaustion_seconds": _exhaustion(long, period, _COUNT),
    }
    words = looked_up | {
        "factor": fixed["factor"],
        "long": fixed["long_window"],
        "short": fixed["short_window"],
        "share": rounded_percent_text(share),
        "period": duration_text(period),
        "spent": _spent(_PERCENT),
        "history": _value(names.RECORD_HISTORY, _PERCENT),
        "lasts": _exhaustion(long, period, _SPAN),
    }
    return _Arithmetic(fixed, looked_up, words)


def no_data_annotations(slo: Slo) -> dict[str, str]:
    title, title_pt = titles(slo)
    after = duration_text(silence_span(slo))
    if may_miss_a_group(slo):
        return _silent_group(slo, after)
    return {
        "summary": f"{title}: no data for {after}",
        "summary_pt": f"{title_pt}: sem dados há {after}",
        "description": f"Nothing has reported what this SLO counts for {after}. That is neither good news "
        "nor quiet traffic: its state is unknown until the source reports again.",
        "description_pt": f"Nada informa o que este SLO conta há {after}. Isso não é boa notícia nem falta "
        "de tráfego: seu estado é desconhecido até a fonte voltar a informar.",
    }


def _silent_group(slo: Slo, after: str) -> dict[str, str]:
    title, title_pt = titles(slo)
    labels = ", ".join(slo.group_by)
    return {
        "summary": f"{title}: no data of some {labels} for {after}",
        "summary_pt": f"{title_pt}: sem dados de algum {labels} há {after}",
        "description": f"Nothing has reported what this SLO counts for {after}, for at least one value of "
        f"{labels}, perhaps for all. That is neither good news nor quiet traffic: its state is unknown until "
        "the source reports again. `mirante slo status` says of which; one that was taken away on purpose "
        "is forgotten after a day.",
        "description_pt": f"Nada informa o que este SLO conta há {after}, em pelo menos um valor de "
        f"{labels}, talvez em todos. Isso não é boa notícia nem falta de tráfego: seu estado é desconhecido "
        "até a fonte voltar a informar. `mirante slo status` diz de qual; um que foi desativado é esquecido "
        "após um dia.",
    }


def titles(slo: Slo) -> tuple[str, str]:
    """As templates: every text of an alert is one."""
    return literal(slo.display_name), literal(slo.texts.get("display_name_pt", slo.display_name))


def literal(text: str) -> str:
    """A template that says just this text, braces and all."""
    return text.replace("{{", BRACES)


def plain(template: str) -> str:
    """The text that ``literal`` made a template of."""
    return template.replace(BRACES, "{{")


def _own_series(own: Mapping[str, str], slo: Slo) -> str:
    """Sets ``$own`` to the matchers of this objective, and of the alert's group where there are groups."""
    if not slo.grouping.exact:
        return (
            '{{ $own := "" }}{{ range $key, $value := $labels }}{{ if ne $key "__name__" }}'
            '{{ $own = printf "%s%s=%q," $own $key $value }}{{ end }}{{ end }}{{ $own = printf "{%s}" $own }}'
        )
    fixed = ",".join(f"{key}={quoted(value)}" for key, value in own.items())
    if not slo.group_by:
        return f"{{{{ $own := `{{{fixed}}}` }}}}"
    groups = ",".join(f"{label}=%q" for label in slo.group_by)
    values = " ".join(f"$labels.{label}" for label in slo.group_by)
    return f"{{{{ $own := printf `{{{fixed},{groups}}}` {values} }}}}"


def _group_labels(slo: Slo, objective: Objective) -> dict[str, str]:
    """For the router, which cannot know them where the query keeps whatever there is."""
    if slo.grouping.exact:
        return {}
    ours = "|".join(["__name__", *series_labels(slo, objective, "")])
    listed = f'{{{{ if not (match "^({ours})$" $key) }}}}{{{{ $key }}}} {{{{ end }}}}'
    return {names.ANNOTATION_GROUP: "{{ range $key, $value := $labels }}" + listed + "{{ end }}"}


def _value(record: str, show: str) -> str:
    return _looked_up(f'printf "{record}%s" $own', show)


def _spent(show: str) -> str:
    return _looked_up(f'printf "1 - {names.RECORD_BUDGET_REMAINING}%s" $own', show)


def _exhaustion(long: timedelta, period: timedelta, show: str) -> str:
    """Seconds until the budget is gone at the long window's burn; 0 when it is gone already."""
    burn = names.record_burn_rate(long)
    query = f"clamp_min({names.RECORD_BUDGET_REMAINING}%s, 0) * {period // _SECOND} / {burn}%s"
    return _looked_up(f'printf "{query}" $own $own', show)


def _looked_up(query: str, show: str) -> str:
    """``?`` while the series does not exist: a missing number is not a zero."""
    return f"{{{{ with {query} | query }}}}{{{{ . | first | value | {show} }}}}{{{{ else }}}}?{{{{ end }}}}"
