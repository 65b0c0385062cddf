"""Scenarios replayed through Prometheus's own engine, with the generated rules, in virtual time.

promtool evaluates every rule each minute over synthetic series of the *declared* metrics and then every
expression asked for. An expression that matched nothing is told from one that failed and one with samples.
"""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from alarms.reports import response
from app.api.access import REFUSALS, Shown
from credit import metrics as telemetry
from exporters import server
from exporters.collectors import budget_drift, consistency_index, declared, saturation, slo_status
from foundation.metrics import LATENCY_BUCKETS, PROBES, MetricKind, MetricSpec
from foundation.quantities import duration_text
from slo.model.conventions import record_total
from slo.prometheus import render_yaml
from tests.support.catalogues import ENVIRONMENT, shipped_source

STEP_SECONDS = 15
PER_MINUTE = 60 // STEP_SECONDS
MINUTES = 180
END = MINUTES - 1
BROKEN_SINCE = 60
SILENT_SINCE = 150

needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")

Labels = dict[str, str]

DECISIONS = ("APPROVE", "DECLINE", "REFER")
ROUTE = {"method": "POST", "route": "/v1/decisions"}
PAIRS = ("relational/hot", "relational/wide")
COMPONENTS = (
    "api-gateway", "decision-api", "decision-engine", "aurora", "dynamodb", "keyspaces", "redis", "kinesis",
    "lambda-processors", "outbox-relay", "consistency-checker", "prober",
)  # fmt: skip
SEVERITIES = ("P1", "P2", "P3", "P4")


@dataclass(frozen=True)
class Scenario:
    """Per minute: ``good`` and ``bad`` events of each kind from ``BROKEN_SINCE`` on (``good`` before it)."""

    name: str
    good: int = 600
    bad: int = 0
    slow: int = 0
    silent: bool = False
    idle: bool = False


@dataclass(frozen=True)
class Answer:
    """What an expression came to: samples by their labels, or the engine's error."""

    samples: tuple[tuple[Labels, float], ...] = ()
    error: str | None = None

    @property
    def verdict(self) -> str:
        return "error" if self.error else "data" if self.samples else "empty"


def run(
    scenario: Scenario,
    rule_documents: Mapping[str, Mapping[str, object]],
    expressions: Iterable[str],
    folder: Path,
) -> dict[str, Answer]:
    """Every expression at the scenario's end."""
    asked = list(dict.fromkeys(expressions))
    for name, document in rule_documents.items():
        (folder / name).write_text(render_yaml(document))
    test = {
        "rule_files": sorted(rule_documents),
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": f"{STEP_SECONDS}s",
                "input_series": [{"series": name, "values": values} for name, values in series_of(scenario)],
                "promql_expr_test": [{"expr": text, "eval_time": f"{END}m"} for text in asked],
            }
        ],
    }
    (folder / "replay.json").write_text(json.dumps(test))
    program = shutil.which("promtool")
    assert program is not None
    done = subprocess.run(
        [program, "test", "rules", "replay.json"], cwd=folder, capture_output=True, text=True, check=False
    )
    answers = parse(done.stdout + done.stderr)
    return {text: answers.get(text, Answer()) for text in asked}


_BLOCK = re.compile(r'^ {4}expr: ("(?:[^"\\]|\\.)*"), time: [^,\n]+,(.*?)(?=^ {4}expr: |\Z)', re.M | re.S)
_SAMPLE = re.compile(r"(\{(?:[^{}\"]|\"(?:[^\"\\]|\\.)*\")*\}) ([-+0-9.eE]+|NaN|[-+]?Inf)")
_LABEL = re.compile(r'([A-Za-z_][A-Za-z0-9_]*)=("(?:[^"\\]|\\.)*")')


def parse(text: str) -> dict[str, Answer]:
    """promtool names each expression that matched something, since none was expected."""
    answers = {}
    for quoted, rest in _BLOCK.findall(text):
        if " err: " in rest:
            answers[json.loads(quoted)] = Answer(error=rest.partition(" err: ")[2].strip())
            continue
        got = rest.partition("got:")[2]
        samples = tuple(
            ({name: json.loads(value) for name, value in _LABEL.findall(labels)}, float(number))
            for labels, number in _SAMPLE.findall(got)
        )
        answers[json.loads(quoted)] = Answer(samples)
    return answers


def series_of(scenario: Scenario) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for spec in (*telemetry.METRICS, *declared.METRICS, *response.METRICS):
        for labels, before, after in _values(spec, scenario):
            found += _series(spec, labels, before, after, scenario)
    for job in ("mirante-data", "mirante-control"):
        alive = [("up", {"job": job, "instance": "one"})]
        found += [(_name(*one), _gauge(1, 0 if scenario.silent else 1)) for one in alive]
    return found


Value = tuple[Labels, float, float]


def _values(spec: MetricSpec, scenario: Scenario) -> Sequence[Value]:
    """Label sets with their per-minute increase (or gauge value) before and after the trouble begins."""
    good, bad = scenario.good, scenario.bad
    lost = max(0, good - bad)
    trouble = [({"outcome": "error"}, 0.0, float(bad))] if bad else []
    table: dict[MetricSpec, Sequence[Value]] = {
        telemetry.DECISION_REQUESTS: [
            ({"outcome": "ok"}, good, lost),
            ({"outcome": "client_error"}, 3, 3),
            *trouble,
        ],
        telemetry.DECISION_DURATION: [({"outcome": "ok"}, good, lost), *trouble],
        telemetry.FINANCIAL_TRANSACTIONS: [
            ({"kind": "decision", "outcome": "ok"}, good, lost),
            *([({"kind": "decision", "outcome": "error"}, 0.0, float(bad))] if bad else []),
        ],
        telemetry.DECISIONS: [
            ({"decision": decision, "policy": "personal-credit"}, 200, 200) for decision in DECISIONS
        ],
        telemetry.DECISION_AMOUNT: [({"decision": d}, 5e6, 5e6) for d in DECISIONS],
        telemetry.CACHE_READS: [({"data": "profile", "result": r}, 100, 100) for r in ("hit", "miss")],
        telemetry.CACHE_FAILURES: [({"operation": "get", "reason": "timeout"}, 0, 0)],
        telemetry.PROFILE_READS: [({"source": s}, 100, 100) for s in ("cache", "hot", "relational")],
        telemetry.HTTP_REQUESTS: [
            ({**ROUTE, "status": "201"}, good, lost),
            ({**ROUTE, "status": "401"}, 1, 1),
            ({**ROUTE, "status": "429"}, 1, 1),
            *([({**ROUTE, "status": "503"}, 0.0, float(bad))] if bad else []),
        ],
        telemetry.HTTP_DURATION: [(ROUTE, good, good)],
        telemetry.AUTH_FAILURES: [({"reason": reason}, 1, 1) for reason in REFUSALS],
        telemetry.SENSITIVE_READS: [({"what": what}, 2, 2) for what in Shown],
        telemetry.INGEST_RECORDS: [({"outcome": "ok"}, 200, 200), ({"outcome": "dead_letter"}, 0, 0)],
        telemetry.INGEST_LAG: [({}, 2, 2)],
        telemetry.INGEST_SHARD_SHARE: [({"shard": "shardId-000000000000"}, 0.1, 0.1)],
        telemetry.INGEST_HOT_SHARDS: [({}, 0, 0)],
        telemetry.INGEST_DURATION: [({}, 20, 20)],
        telemetry.PROJECTED_ROWS: [
            ({"store": store, "outcome": "ok"}, 600, 600) for store in ("hot", "wide", "cache")
        ],
        telemetry.OUTBOX_DEPTH: [({}, 3, 3)],
        telemetry.SAGAS_ENDED: [({"saga": "disbursement", "outcome": "done"}, 10, 10)],
        **{
            spec: [({"saga": "disbursement"}, 0, 0)]
            for spec in (telemetry.SAGAS_OPEN, telemetry.SAGAS_STUCK, telemetry.SAGA_OLDEST)
        },
        telemetry.CONSISTENCY_COMPARED: [({"pair": pair}, 500, 500) for pair in PAIRS],
        telemetry.CONSISTENCY_DIVERGENT: [({"pair": pair, "class": "stale"}, 0, 0) for pair in PAIRS],
        PROBES: [
            ({"target": "decision-api", "result": "ok"}, 6, 0 if bad > good / 2 else 6),
            ({"target": "decision-api", "result": "failed"}, 0, 6 if bad > good / 2 else 0),
        ],
        consistency_index.INDEX: [({"pair": pair}, 1, 1) for pair in PAIRS],
        consistency_index.LOWER_BOUND: [({"pair": pair}, 0.997, 0.997) for pair in PAIRS],
        consistency_index.AGE: [({"pair": pair}, 30, 30) for pair in PAIRS],
        consistency_index.DIFFERENT: [({"pair": pair, "class": "stale"}, 0, 0) for pair in PAIRS],
        consistency_index.COVERAGE: [({"pair": pair}, 1, 1) for pair in PAIRS],
        consistency_index.UNCHECKED: [({"pair": pair}, 60, 60) for pair in PAIRS],
        **{
            spec: [({"pair": pair}, 0, 0) for pair in PAIRS]
            for spec in (consistency_index.IN_FLIGHT, consistency_index.REPAIRED, consistency_index.REFUSED)
        },
        consistency_index.ANOMALY: [({"pair": pair, "pattern": "lasting"}, 0, 0) for pair in PAIRS],
        saturation.SATURATION: [({"component": c, "resource": "cpu"}, 0.3, 0.3) for c in COMPONENTS],
        saturation.AGE: [({"component": c, "resource": "cpu"}, 5, 5) for c in COMPONENTS],
        saturation.FAILURES: [({"component": c, "resource": "cpu"}, 0, 0) for c in COMPONENTS],
        saturation.EVENTS: [({"component": c, "event": "throttles"}, 0, 0) for c in COMPONENTS],
        server.ROLE_INFO: [({"role": role}, 1, 1) for role in ("data", "control", "api", "exporters")],
        server.COLLECT_ERRORS: [({"collector": "SaturationCollector"}, 0, 0)],
        response.ALERTS_RECEIVED: [({"source": "evaluator"}, 1, 1)],
        response.SOURCE_ANSWERS: [({"source": "prometheus"}, 1, 1)],
        response.SOURCE_ALERTS: [({"source": "prometheus", "what": "missing"}, 0, 0)],
        response.SOURCE_FOUND: [({"source": "prometheus"}, 0, 0)],
        response.NOTIFICATIONS: [({"severity": "P1", "result": "sent"}, 1, 1)],
        response.RECEIPTS: [({"state": "pending"}, 0, 0)],
        **{
            spec: [({"severity": severity}, 1, 1) for severity in SEVERITIES]
            for spec in (response.OPEN, response.RECENT, response.ACKNOWLEDGE, response.RESOLVE)
        },
        **{
            spec: [({"rule": "CreditDecisionLatencyBurnPageFast"}, 1, 1)]
            for spec in (response.NOISE, response.RULE_ACKNOWLEDGE, response.RULE_RESOLVE)
        },
        **{
            spec: [(labels, 1, 1) for labels in _objectives(spec)] for spec in slo_status.METRICS
        },
        budget_drift.RATIO: [
            ({**labels, "series": record_total(timedelta(minutes=5))}, 0.001, 0.001)
            for labels in _objectives(budget_drift.RATIO)
        ],
        budget_drift.DRIFTED: [
            ({**labels, "reason": "none"}, 0, 0) for labels in _objectives(budget_drift.DRIFTED)
        ],
        budget_drift.AUDITED: [
            ({**labels, "reason": "none"}, 1, 1) for labels in _objectives(budget_drift.AUDITED)
        ],
    }  # fmt: skip
    if spec in table:
        return table[spec]
    assert not spec.labels, f"{spec.name} is declared, and the replay does not emit it"
    return [({}, 0.0, 0.0)]


def _objectives(spec: MetricSpec) -> Iterator[Labels]:
    """Labels of the state of every objective that ships."""
    for slo, objective in shipped_source().objectives():
        own = {"service": slo.service, "slo": slo.id, "objective": objective.name}
        if "environment" in spec.labels:
            own["environment"] = ENVIRONMENT
        windows = sorted({window for tier in slo.tiers for window in (tier.long_window, tier.short_window)})
        for window in windows if "window" in spec.labels else [None]:
            yield {**own, "group": "", **({"window": duration_text(window)} if window else {})}


def _series(
    spec: MetricSpec, labels: Labels, before: float, after: float, scenario: Scenario
) -> list[tuple[str, str]]:
    where = {**labels, "job": "mirante-data", "instance": "one"}
    if spec.kind is MetricKind.GAUGE:
        return [(_name(spec.name, where), _cut(_gauge(before, after), scenario))]
    if spec.kind is MetricKind.COUNTER:
        probing = spec is PROBES  # probes go on when nobody else asks
        kept = dataclasses.replace(scenario, idle=False) if probing else scenario
        return [(_name(spec.name, where), _counter(before, after, kept))]
    return _histogram(spec, where, before, after, scenario)


def _histogram(
    spec: MetricSpec, where: Labels, before: float, after: float, scenario: Scenario
) -> list[tuple[str, str]]:
    """Fast answers take 50 ms; ``slow`` of them a minute take 800 ms."""
    found = []
    slow = min(scenario.slow, after)
    for edge in (*LATENCY_BUCKETS, float("inf")):
        text = "+Inf" if edge == float("inf") else str(float(edge))
        first = before if edge >= 0.05 else 0.0
        then = 0.0 if edge < 0.05 else after - slow if edge < 1.0 else after
        values = _counter(first, then, scenario)
        found.append((_name(f"{spec.name}_bucket", {**where, "le": text}), values))
    total = _counter(before, after, scenario)
    return [
        *found,
        (_name(f"{spec.name}_count", where), total),
        (_name(f"{spec.name}_sum", where), _counter(before * 0.05, after * 0.05, scenario)),
    ]


def _name(name: str, labels: Labels) -> str:
    inside = ",".join(f"{key}={json.dumps(value)}" for key, value in sorted(labels.items()))
    return f"{name}{{{inside}}}"


def _gauge(before: float, after: float) -> str:
    first = BROKEN_SINCE * PER_MINUTE
    return f"{before}x{first - 1} {after}x{MINUTES * PER_MINUTE - first}"


def _counter(before: float, after: float, scenario: Scenario) -> str:
    """Two straight lines; flat from the break on when idle, gone from ``SILENT_SINCE`` on when silent."""
    if scenario.idle:
        after = 0.0
    first = BROKEN_SINCE * PER_MINUTE
    one, two = before / PER_MINUTE, after / PER_MINUTE
    turn = one * first
    last = (SILENT_SINCE if scenario.silent else MINUTES) * PER_MINUTE
    text = f"0+{one}x{first - 1} {turn}+{two}x{last - first}"
    return f"{text} _x{MINUTES * PER_MINUTE - last}" if scenario.silent else text


def _cut(values: str, scenario: Scenario) -> str:
    if not scenario.silent:
        return values
    head, _, tail = values.partition(" ")
    value = tail.partition("x")[0]
    kept = (SILENT_SINCE - BROKEN_SINCE) * PER_MINUTE
    return f"{head} {value}x{kept} _x{(MINUTES - SILENT_SINCE) * PER_MINUTE}"
