"""A workspace of somebody who sells things: own teams, two SLOs, one board in Python, one indicator."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from alarms.policy.defaults import DEFAULTS, POLICY
from foundation.workspace import Workspace

REQUESTS, SEARCHES, QUEUE = "shop_requests_total", "shop_search_seconds", "shop_orders_waiting"
PLATFORM_WORDS = re.compile(
    r"credit|crédito|aurora|kinesis|dynamo|keyspaces|decision|decisão|loan|lambda|saga|outbox|ingest", re.I
)
"""What only the shipped workspace may say."""

SLOS = """\
apiVersion: openslo/v1
kind: Service
metadata: {name: shop, displayName: Web shop, annotations: {mirante.dev/owner: web}}
spec: {description: Sells things to people.}
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: checkout, displayName: Orders go through}
spec:
  service: shop
  description: Orders that are taken at the first attempt.
  budgetingMethod: Occurrences
  timeWindow: [{duration: 30d, isRolling: true}]
  indicator:
    metadata: {name: orders}
    spec:
      ratioMetric:
        counter: true
        good:
          metricSource:
            type: Prometheus
            spec: {query: 'sum(increase(shop_requests_total{route="/checkout",code!~"5.."}[{{.window}}]))'}
        total:
          metricSource:
            type: Prometheus
            spec: {query: 'sum(increase(shop_requests_total{route="/checkout"}[{{.window}}]))'}
  objectives: [{displayName: 99 %, target: 0.99}]
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: search, displayName: Searches answer at once}
spec:
  service: shop
  description: Searches answered within half a second.
  budgetingMethod: Occurrences
  timeWindow: [{duration: 30d, isRolling: true}]
  indicator:
    metadata: {name: searches}
    spec:
      ratioMetric:
        counter: true
        good:
          metricSource:
            type: Prometheus
            spec: {query: 'sum(increase(shop_search_seconds_bucket{le="0.5"}[{{.window}}]))'}
        total:
          metricSource:
            type: Prometheus
            spec: {query: 'sum(increase(shop_search_seconds_count[{{.window}}]))'}
  objectives: [{displayName: 95 %, target: 0.95}]
"""
COMPONENTS = """\
components:
  - {id: storefront, name: Storefront, name_pt: Vitrine, kind: api, tier: 1, owner: web,
     depends_on: [database], slos: [shop/checkout, shop/search],
     description: What people see., description_pt: O que as pessoas veem.}
  - {id: database, name: Database, name_pt: Banco de dados, kind: store, tier: 1, owner: payments,
     description: Orders and stock., description_pt: Pedidos e estoque.}
"""
INDICATORS = """\
version: 1
metrics: {shop_orders_waiting: []}
bases: {guess: {en: a first guess, pt: um primeiro palpite}}
indicators:
  - name: OrdersWaiting
    title: {en: Orders wait, pt: Pedidos esperam}
    metric: shop_orders_waiting
    measure: highest
    above: 100
    lasting: 5m
    severity: P3
    component: storefront
    category: orders
    runbook: orders-waiting
    basis: guess
"""
RUNBOOK = """\
# Orders wait

## Steps

1. Restart the worker.

# Pedidos esperam

## Passos

1. Reinicie o processo.
"""
HELPER = '''\
"""Panels about orders."""

from dashboards.model.board import Panel, Series, Shape
from dashboards.model.query import GaugeLevel
from dashboards.standard.source import Source
from foundation.bilingual import Text
from foundation.metrics import MetricKind, MetricSpec

WAITING = MetricSpec("shop_orders_waiting", MetricKind.GAUGE, "Orders that nobody packs yet.")


def waiting(source: Source) -> Panel:
    return Panel(
        id="orders-waiting",
        title=Text("Orders waiting", "Pedidos em espera"),
        description=Text("Nobody packs them yet.", "Ninguém os embala ainda."),
        shape=Shape.LINES,
        series=(Series(GaugeLevel(WAITING), Text("waiting", "em espera")),),
        thresholds=(source.line("OrdersWaiting"),),
        runbook="orders-waiting",
    )
'''
BOARD = '''\
"""What the shop asks in the morning."""

from dashboards.model.board import Board, BoardPart, Row
from dashboards.standard.alert_panels import alerts_row
from dashboards.standard.component_panels import saturation_bars
from dashboards.standard.links_row import links_row
from dashboards.standard.operations import status_row
from dashboards.standard.source import Source
from foundation.bilingual import Text

from ._orders import waiting


def board(source: Source) -> Board:
    return Board(
        name="orders",
        title=Text("Shop: orders", "Loja: pedidos"),
        description=Text("Do orders move?", "Os pedidos andam?"),
        rows=(
            status_row(source),
            Row(BoardPart.TRENDS, Text("Orders", "Pedidos"), (waiting(source),)),
            alerts_row(source),
            Row(BoardPart.COMPONENTS, Text("Parts", "Partes"), (saturation_bars(source),)),
            links_row(runbooks=("orders-waiting",)),
        ),
        menu=Text("Orders", "Pedidos"),
    )
'''


def web_shop(root: Path) -> Workspace:
    """All its files, below ``root``."""
    policy = (DEFAULTS / POLICY).read_text(encoding="utf-8").replace("on-call", "web")
    teams = "teams:\n  payments:\n    name: {en: Payments, pt: Pagamentos}\n"
    files: Mapping[str, str] = {
        "slo/definitions/shop.yaml": SLOS,
        "slo/definitions/components.yaml": COMPONENTS,
        "alarms/policy.yaml": policy.replace("teams:\n", teams),
        "alarms/indicators.yaml": INDICATORS,
        "alarms/runbooks/orders-waiting.md": RUNBOOK,
        "dashboards/boards/orders.py": BOARD,
        "dashboards/boards/_orders.py": HELPER,
    }
    for name, text in files.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    return Workspace(root)


def samples(end: datetime, minutes: int = 180) -> Iterator[str]:
    """Its series as OpenMetrics lines: ten orders a minute of which one in 50 fails; searches all quick."""
    instants = [int((end - timedelta(minutes=minutes - index)).timestamp()) for index in range(minutes + 1)]
    for code, share in (("200", 49), ("500", 1)):
        for index, at in enumerate(instants):
            yield f'shop_requests_total{{route="/checkout",code="{code}"}} {index * 10 * share} {at}'
    for le in ("0.5", "+Inf"):
        for index, at in enumerate(instants):
            yield f'shop_search_seconds_bucket{{le="{le}"}} {index * 30} {at}'
    for index, at in enumerate(instants):
        yield f"shop_search_seconds_count {index * 30} {at}"
    for at in instants:
        yield f"shop_orders_waiting 3 {at}"
