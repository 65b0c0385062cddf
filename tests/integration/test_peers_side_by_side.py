"""Twenty definitions of each other tool: its own rules (as it generated them) and ours, run by the real rule
engine over the same random incidents. Every difference is one that the proof lists, with a reason.

CI: ``FILES``, eight hours. ``MIRANTE_PROOF=full``: all of them, two days.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from slo.ledger.prometheus_queries import PrometheusQueries
from slo.loaders.importer import import_files
from slo.model.promql import analyse
from slo.peers.files import peer_slos, written_rules
from slo.proof.columns import NO_LABELS, Labels
from slo.proof.compare import our_rules
from slo.proof.pages import PageKind, alerts_of, group_of, static_labels, urgent_tiers
from slo.proof.prove import Proof, prove, together
from slo.proof.reasons import ChangeReason
from slo.proof.replay import Rule
from tests.golden.peers.record import definitions, recording
from tests.support.prometheus_server import backfill, needs_prometheus, prometheus_server
from tests.support.promtool_alerts import firing_by_promtool
from tests.support.shop_history import Incident, Shop, random_incidents

pytestmark = [needs_prometheus, pytest.mark.proof]
FULL = os.environ.get("MIRANTE_PROOF") == "full"
NOW = datetime(2026, 3, 20, tzinfo=UTC)
MINUTES = 2 * 1440 if FULL else 480
FILES = (
    *("grouped", "latency", "plain"),  # of Sloth, each of several definitions
    *(
        "basket-99",
        "by-cluster",
        "fast-by-cluster",
        "few-by-cluster",
        "no-such-bucket",
        "probed",
        "two-weeks",
    ),
)
EVERY = 5
SHOP = Shop(
    MINUTES,
    [*random_incidents(11, 60, MINUTES, MINUTES // 240), Incident("small", MINUTES // 2, 120, 1.0)],
    seed=5,
)
"""A total failure of the small cluster is always among the incidents."""
EDGE = 15  # minutes about a start or an end, where one may be before the other

Key = tuple[str, PageKind, Labels]
Minutes = Mapping[Key, frozenset[int]]


@dataclass(frozen=True, slots=True)
class World:
    proof: Proof
    theirs: Minutes
    ours: Minutes
    names: Sequence[str]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrometheusQueries]:
    folder = tmp_path_factory.mktemp("shop")
    data = backfill(SHOP.lines(NOW - timedelta(minutes=MINUTES)), folder)
    with prometheus_server(folder, data) as url, httpx.Client(timeout=60) as client:
        yield PrometheusQueries(url, client)


@pytest.fixture(scope="module", params=["sloth", "pyrra"])
def world(
    request: pytest.FixtureRequest, server: PrometheusQueries, tmp_path_factory: pytest.TempPathFactory
) -> World:
    folder = tmp_path_factory.mktemp(request.param)
    files = [file for file in definitions(request.param) if FULL or file.stem in FILES]
    slos = import_files(files).catalogue.slos
    peers = written_rules(peer_slos(files), [recording(file) for file in files])
    proof = prove(slos, peers, server, NOW, timedelta(minutes=MINUTES), warm_up=timedelta(0))
    pairs = [(peer, own) for peer, own in together(slos, peers) if own is not None]
    series = SHOP.series()
    urgent = {own[0].id: urgent_tiers(own[0]) for _, own in pairs}
    theirs = {own[0].id: _needed(peer.rules) for peer, own in pairs}
    ours = {own[0].id: _needed(our_rules(own[0])) for _, own in pairs}
    return World(
        proof,
        _firing(folder, theirs, urgent, series),
        _firing(folder, ours, urgent, series),
        [own[0].id for _, own in pairs],
    )


def _needed(rules: Sequence[Rule]) -> list[Rule]:
    """The alerts and what they read, without the texts, which ask the engine more than the rules do."""
    read = {name for rule in rules if rule.get("alert") for name in _names(rule)}
    while more := {n for rule in rules if rule.get("record") in read for n in _names(rule)} - read:
        read |= more
    kept = [rule for rule in rules if rule.get("alert") or rule.get("record") in read]
    return [{key: value for key, value in rule.items() if key != "annotations"} for rule in kept]


def _names(rule: Rule) -> set[str]:
    return {selector.name for selector in analyse(str(rule["expr"])).selectors}


def _firing(
    folder: Path,
    rules: Mapping[str, Sequence[Rule]],
    urgent: Mapping[str, frozenset[str]],
    series: Mapping[str, Sequence[int]],
) -> Minutes:
    """Minutes in which any alert of a kind fires, by definition and group."""
    found: dict[Key, set[int]] = {}
    whole = [rule for own in rules.values() for rule in own]
    told = firing_by_promtool(folder, whole, series, EVERY)
    known = [
        (slo_id, alert, static_labels(own))
        for slo_id, own in rules.items()
        for alert in alerts_of(own, urgent[slo_id])
    ]
    for minute, alerts in told.items():
        for labels in alerts:
            meant = [each for each in known if _is(each[1].labels, labels, each[0])]
            slo_id, alert, static = max(meant, key=lambda each: len(each[1].labels))
            silent = alert.kind is PageKind.SILENCE
            kept = tuple(sorted(labels.items()))
            group = NO_LABELS if silent else group_of(kept, static | {"alertstate"})
            found.setdefault((slo_id, alert.kind, group), set()).add(minute)
    return {key: frozenset(minutes) for key, minutes in found.items()}


def _is(own: Mapping[str, str], labels: Mapping[str, str], slo_id: str) -> bool:
    """Sloth's alerts say whose they are by the labels that they carry along."""
    named = labels.get("sloth_id")
    if named is not None and named != slo_id.replace("/", "-"):
        return False
    return all(labels.get(key) == value for key, value in own.items() if "{{" not in value)


def _differing(world: World) -> Iterator[tuple[Key, list[int]]]:
    """Minutes in which one fires and the other does not, but for those about a change of either."""
    for key in sorted(world.theirs.keys() | world.ours.keys(), key=str):
        theirs, ours = (side.get(key, frozenset()) for side in (world.theirs, world.ours))
        changes = {
            minute
            for side in (theirs, ours)
            for minute in range(EVERY, MINUTES + 1, EVERY)
            if (minute in side) is not (minute - EVERY in side)
        }
        differing = sorted(
            minute
            for minute in theirs ^ ours
            if not any(abs(minute - change) < EDGE for change in changes)
            or all(near in theirs ^ ours for near in range(minute - EDGE, minute + EDGE + 1, EVERY))
        )
        if differing:
            yield key, differing


def test_every_difference_of_the_real_engine_is_listed(world: World) -> None:
    start = NOW - timedelta(minutes=MINUTES)
    listed = [
        (each.slo, each.kind, each.group, [span for span in (each.peer, each.ours) if span])
        for each in world.proof.differences
    ]
    missed = []
    for (slo_id, kind, group), minutes in _differing(world):
        spans = [
            span
            for name, own, labels, found in listed
            if (name, own) == (slo_id, kind) and set(labels) <= set(group) | set(labels)
            for span in found
        ]
        for minute in minutes:
            at = start + timedelta(minutes=minute)
            edge = timedelta(minutes=EDGE)
            if not any(first - edge <= at <= last + edge for first, last in spans):
                missed.append((slo_id, kind.value, group, minute))
    assert missed == []


def test_every_listed_difference_has_a_reason(world: World) -> None:
    told = [(each.slo, each.kind, each.group, each.peer, each.ours) for each in world.proof.differences
            if each.reason is ChangeReason.UNEXPLAINED]  # fmt: skip
    assert told == []
    assert world.proof.not_proved == ()
    assert len(world.names) >= (20 if FULL else 7)
    print(_report(world))


def _report(world: World) -> str:
    """How many pages changed, by reason; read it with ``-s``."""
    counts: dict[str, int] = {}
    for each in world.proof.differences:
        counts[each.reason.value] = counts.get(each.reason.value, 0) + 1
    agreed = sum(one.pages.agreed for one in world.proof.proved)
    lines = [f"{len(world.names)} definitions, {agreed} pages the same in both"]
    return "\n".join([*lines, *(f"  {reason}: {count}" for reason, count in sorted(counts.items()))])


def test_the_engine_said_something(world: World) -> None:
    assert sum(len(minutes) for minutes in world.theirs.values()) > 100
    assert sum(len(minutes) for minutes in world.ours.values()) > 100


def test_a_small_cluster_that_fails_wholly_pages_with_both(world: World) -> None:
    """What adding clusters up would hide."""
    small = ("cluster", "small")
    paged = {key[0] for key in world.theirs if key[1] is PageKind.PAGE and small in key[2]}
    ours = {key[0] for key in world.ours if key[1] is PageKind.PAGE and small in key[2]}
    assert paged
    assert ours >= {name for name in paged if "few" not in name}  # of few events, more is asked
