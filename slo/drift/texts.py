"""What an audit found, in sentences: which SLO, which recorded series, by how much, since when, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from foundation.bilingual import Text
from foundation.quantities import localised, span_text
from slo.drift.finding import BudgetDrift, DriftGap, DriftReason, DriftReport, DriftVerdict
from slo.drift.tolerance import LEAST, SPAN
from slo.model import conventions as names

STALE = timedelta(minutes=20)
"""An audit that is older says nothing of now."""
NAMED = 5
"""So many are named in one sentence; the rest is a number."""

_WHY = {
    DriftReason.OTHER_REVISION: Text(
        "the Prometheus evaluates other rules than this definition makes (first: {detail}); load what "
        "`mirante build` wrote",
        "o Prometheus avalia regras diferentes das que esta definição gera (a primeira: {detail}); carregue "
        "o que `mirante build` escreveu",
    ),
    DriftReason.RULE_FAILS: Text(
        "a rule fails there: {detail}",
        "uma regra falha lá: {detail}",
    ),
    DriftReason.MISSED: Text(
        "rules were not evaluated for {missed} of the last {span}",
        "as regras deixaram de ser avaliadas por {missed} nas últimas {span}",
    ),
    DriftReason.BORN_ABOVE_ZERO: Text(
        "the rules there see fewer events: possibly series that begin above zero, whose first value "
        "increase() does not see",
        "as regras de lá veem menos eventos: possivelmente séries que nascem acima de zero, cujo primeiro "
        "valor increase() não vê",
    ),
    DriftReason.UNEXPLAINED: Text(
        "no reason is visible; rules that were replaced lately, or two servers that record the same, do this",
        "nenhum motivo visível; regras trocadas há pouco, ou dois servidores que gravam o mesmo, causam isso",
    ),
}
_UNKNOWN = {
    DriftReason.NOT_DEPLOYED: Text(
        "no rules deployed: nothing is recorded", "regras não implantadas: nada é gravado"
    ),
    DriftReason.NOT_COUNTED: Text(
        "nothing to compare with: the ledger has no counts of the last {span}",
        "nada com que comparar: o livro de contagens não tem as últimas {span}",
    ),
    DriftReason.YOUNG: Text(
        "recorded for less than {least}; judged after that",
        "gravado há menos de {least}; julgado depois disso",
    ),
}


def name_of(finding: BudgetDrift) -> str:
    """``shop/checkout`` with the group, and the objective where it has a name of its own."""
    group = ",".join(f"{name}={value}" for name, value in finding.labels)
    return f"{finding.slo_id}{{{group}}}" if group else finding.slo_id


def finding_text(finding: BudgetDrift) -> Text:
    """One sentence, without the name."""
    values = {
        "detail": finding.detail or names.RECORD_OBJECTIVE,
        "missed": span_text(timedelta(minutes=finding.missed)),
        "span": span_text(SPAN),
        "least": span_text(LEAST),
    }
    if finding.verdict is DriftVerdict.DRIFTED and finding.worst is not None:
        why = _WHY[finding.reason].filled(**values)
        return _Drift(finding.worst, finding.since).text.filled(why)
    if finding.verdict is DriftVerdict.UNKNOWN:
        return _unknown(finding).filled(**values)
    return _agreement(finding).filled(**values)


def _unknown(finding: BudgetDrift) -> Text:
    if finding.reason is DriftReason.NOT_DEPLOYED and finding.detail:
        return Text(
            "no rules deployed for this environment: it is recorded under environment {detail}",
            "regras não implantadas para este ambiente: está gravado sob o ambiente {detail}",
        )
    return _UNKNOWN[finding.reason]


def _agreement(finding: BudgetDrift) -> Text:
    agrees = Text("recorded as counted", "gravado como contado")
    if finding.missed:
        return Text(
            f"{agrees.en}; rules were not evaluated for {{missed}} of the last {{span}}",
            f"{agrees.pt}; as regras deixaram de ser avaliadas por {{missed}} nas últimas {{span}}",
        )
    if finding.recorded_since is not None:
        at = f"{finding.recorded_since:%Y-%m-%d %H:%M}"
        return Text(
            f"{agrees.en}; recorded only since {at} UTC, so boards show the budget of that time alone",
            f"{agrees.pt}; gravado só desde {at} UTC, então os painéis mostram só o orçamento desse tempo",
        )
    return agrees


class _Drift:
    """``recorded 87,000 where 88,069 were counted``; ``{0}`` is the reason."""

    def __init__(self, gap: DriftGap, since: datetime | None) -> None:
        self._gap = gap
        self._since = "" if since is None else f"{since:%Y-%m-%d %H:%M} UTC"

    @property
    def text(self) -> Text:
        gap = self._gap
        recorded, counted = _number(gap, gap.recorded), _number(gap, gap.counted)
        apart = _localised(f"{100 * gap.ratio:.2f} %")
        en = f"{gap.series} says {recorded.en}, counted are {counted.en} ({apart.en} apart)"
        pt = f"{gap.series} diz {recorded.pt}, foram contados {counted.pt} (diferença de {apart.pt})"
        if self._since:
            en, pt = f"{en}, since {self._since}", f"{pt}, desde {self._since}"
        return Text(f"{en}: {{0}}", f"{pt}: {{0}}")


def _number(gap: DriftGap, value: float) -> Text:
    if gap.series in (names.RECORD_OBJECTIVE, names.RECORD_BUDGET_REMAINING):
        return _localised(f"{100 * value:.6g} %")
    return _localised(f"{value:,.0f}")


def _localised(number: str) -> Text:
    return Text(number, localised(number, "pt"))


def report_text(report: DriftReport, now: datetime) -> Iterator[Text]:
    """The audit in a few lines: what drifted one by one, what is unknown by reason, the rest as a number."""
    if report.silence:
        since = f"{report.silent_since or report.at:%Y-%m-%d %H:%M}"
        yield Text(
            f"recorded budgets: unknown since {since} UTC: {report.silence}",
            f"orçamentos gravados: desconhecidos desde {since} UTC: {report.silence}",
        )
        return
    if now - report.at > STALE:
        yield Text(
            f"recorded budgets: unknown; last compared with the counts at {report.at:%Y-%m-%d %H:%M} UTC",
            f"orçamentos gravados: desconhecidos; comparados com as contagens em "
            f"{report.at:%Y-%m-%d %H:%M} UTC",
        )
        return
    for one in report.drifted:
        said = finding_text(one)
        yield Text(
            f"recorded budget of {name_of(one)} left the counts: {said.en}",
            f"o orçamento gravado de {name_of(one)} deixou as contagens: {said.pt}",
        )
    others = [one for one in report.findings if one.verdict is not DriftVerdict.DRIFTED]
    for group in _alike(others):
        said = finding_text(group[0])
        shown = _named(group, len(report.findings))
        yield Text(f"recorded budget of {shown.en}: {said.en}", f"orçamento gravado de {shown.pt}: {said.pt}")


def _alike(findings: Sequence[BudgetDrift]) -> list[list[BudgetDrift]]:
    """Of which the same sentence is true."""
    groups: dict[str, list[BudgetDrift]] = {}
    for one in findings:
        groups.setdefault(finding_text(one).en, []).append(one)
    return list(groups.values())


def _named(group: Sequence[BudgetDrift], of: int) -> Text:
    if len(group) == of > 1:
        return Text(f"all {of}", f"todos os {of}")
    shown, more = ", ".join(name_of(one) for one in group[:NAMED]), len(group) - NAMED
    if more <= 0:
        return Text(shown, shown)
    return Text(f"{shown} and {more} more", f"{shown} e mais {more}")
