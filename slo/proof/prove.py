"""The proof of a migration: the team's own history through the other tool's rules and through ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from slo.ledger.prometheus_queries import PrometheusQueries
from slo.model.periods import MINUTE, floor_minute
from slo.model.spec import Objective, Slo
from slo.peers.slo import PeerSlo
from slo.prometheus.rules import unsupported
from slo.proof.budgets import Budget, budgets
from slo.proof.columns import Axis
from slo.proof.compare import ChangedPage, ComparedPages, compared
from slo.proof.errors import NotReplayed, Unsupported
from slo.proof.history import PrometheusHistory
from slo.proof.reasons import ChangeReason
from slo.proof.windows import pairs_of

SPARE = timedelta(hours=6)  # what an alert may wait besides
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Proved:
    """One objective. ``coarse`` is what was asked less often than every minute, and how often."""

    slo: str
    tool: str
    pages: ComparedPages
    budgets: tuple[Budget, ...]
    coarse: dict[str, timedelta]


@dataclass(frozen=True, slots=True)
class Proof:
    """``not_proved`` says why of each objective that could not be replayed; ``touched`` counts samples."""

    start: datetime
    end: datetime
    proved: tuple[Proved, ...]
    not_proved: tuple[tuple[str, str], ...]
    touched: int
    questions: int

    @property
    def differences(self) -> tuple[ChangedPage, ...]:
        return tuple(each for one in self.proved for each in one.pages.differences)

    @property
    def unexplained(self) -> int:
        reasons = [each.reason for each in self.differences]
        reasons += [each.reason for one in self.proved for each in one.budgets if each.reason]
        return reasons.count(ChangeReason.UNEXPLAINED) + len(self.not_proved)


def prove(
    slos: Sequence[Slo],
    peers: Sequence[PeerSlo],
    server: PrometheusQueries,
    now: datetime,
    length: timedelta,
    progress: Progress = lambda _: None,
    warm_up: timedelta | None = None,
) -> Proof:
    """``warm_up``: how much before is read too, so that long windows are full; ``None``: the longest.

    Raises:
        SourceError: the server cannot be asked.
    """
    end = floor_minute(now)
    before = longest_window(slos, peers) if warm_up is None else warm_up
    warm = before // MINUTE
    axis = Axis(end - length - before, warm + length // MINUTE + 1)
    proved, refused, touched, questions = [], [], 0, 0
    for number, (peer, own) in enumerate(together(slos, peers), 1):
        if own is None:
            refused.append((peer.name, "the import has no such objective"))
            continue
        slo, objective = own
        if problem := unsupported(slo):
            refused.append((slo.id, problem))
            continue

        def told(text: str, number: int = number, slo: Slo = slo) -> None:
            progress(f"{number} of {len(peers)}, {slo.id}: {text}")

        history = PrometheusHistory(server, axis, told)
        try:
            pages = compared(slo, objective, peer, history, warm)
            found = Proved(
                slo.id,
                peer.tool.value,
                pages,
                tuple(budgets(slo, objective, peer, history, warm)),
                history.coarse,
            )
        except (NotReplayed, Unsupported) as error:
            refused.append((slo.id, str(error)))
            continue
        finally:
            touched += history.touched
            questions += history.questions
        if not pages.groups_with_data:
            refused.append((slo.id, "neither rule set finds any data of it in that Prometheus"))
            continue
        proved.append(found)
    return Proof(axis.at(warm), axis.end, tuple(proved), tuple(refused), touched, questions)


def longest_window(slos: Sequence[Slo], peers: Sequence[PeerSlo] = ()) -> timedelta:
    """How far back an alert may look, and wait."""
    own = [tier.long_window + tier.alert_after for slo in slos for tier in slo.tiers]
    theirs = [pair.long + pair.held for peer in peers for pair in pairs_of(peer)]
    return max([*own, *theirs], default=timedelta(0)) + SPARE


Own = tuple[Slo, Objective]


def together(slos: Sequence[Slo], peers: Sequence[PeerSlo]) -> Iterator[tuple[PeerSlo, Own | None]]:
    """Each of the peer's with ours from the same place of the same file, both in the order written."""
    for file in dict.fromkeys(peer.file for peer in peers):
        theirs = sorted((p for p in peers if p.file == file), key=lambda p: p.line or 0)
        ours = [
            (slo, objective)
            for slo in sorted((s for s in slos if s.source_file == file), key=_place)
            for objective in slo.objectives
        ]
        if len(ours) == len(theirs):
            yield from zip(theirs, ours, strict=True)
            continue
        by_name = {name: own for own in ours for name in (own[0].id, own[0].name)}
        for peer in theirs:
            yield peer, by_name.get(peer.name) or by_name.get(peer.identity)


def _place(slo: Slo) -> tuple[int, str]:
    return slo.source_line or 0, slo.id
