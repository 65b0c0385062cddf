"""Two rule sets over the same history: every page that changes, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction

from slo.model.promql import analyse
from slo.model.spec import CountUnit, Objective, Slo, Tier
from slo.peers.slo import PeerSlo
from slo.prometheus.rules import rule_file
from slo.proof.columns import NO_LABELS, Labels
from slo.proof.history import OfGroup
from slo.proof.pages import FiredSpan, PageKind, alerts_of, urgent_tiers
from slo.proof.reasons import ChangeReason
from slo.proof.replay import Rule, RuleHistory, RuleReplay
from slo.proof.side import RuleSide, groups_of, side_of
from slo.proof.windows import AlertWindows, pairs_of

ENVIRONMENT = "proof"
NEAR = timedelta(minutes=5)  # starts this close are the same start


@dataclass(frozen=True, slots=True)
class ChangedPage:
    """A page of one that the other lacks, or that it sends at another time. Ends may still be going on."""

    slo: str
    group: Labels
    kind: PageKind
    peer: tuple[datetime, datetime] | None
    ours: tuple[datetime, datetime] | None
    titles: tuple[str, ...]
    reason: ChangeReason


@dataclass(frozen=True, slots=True)
class ComparedPages:
    """``agreed``: pages that both send, starting within five minutes of each other."""

    agreed: int
    differences: tuple[ChangedPage, ...]
    groups_with_data: tuple[Labels, ...]


def our_rules(slo: Slo) -> tuple[Rule, ...]:
    groups = rule_file(slo, ENVIRONMENT)["groups"]
    assert isinstance(groups, list)
    return tuple(rule for group in groups for rule in group["rules"])


def compared(
    slo: Slo, objective: Objective, peer: PeerSlo, history: RuleHistory, first: int
) -> ComparedPages:
    """One objective of ours beside the peer's, from evaluation ``first`` on, group by group."""
    slo = replace(slo, objectives=(objective,))
    ours, theirs = groups_of(our_rules(slo), history), groups_of(peer.rules, history)
    agreed, differences = 0, []
    groups = sorted(ours | theirs)
    for number, group in enumerate(groups or [NO_LABELS]):
        found = _Compared(slo, peer, OfGroup(history, dict(group)), group, first, ours, theirs, number == 0)
        agreed += found.agreed
        differences += found.differences
    return ComparedPages(agreed, tuple(sorted(differences, key=_when)), tuple(groups))


def _when(difference: ChangedPage) -> tuple[datetime, str, Labels]:
    spans = [span for span in (difference.peer, difference.ours) if span is not None]
    return min(start for start, _ in spans), difference.kind.value, difference.group


class _Compared:
    def __init__(
        self,
        slo: Slo,
        peer: PeerSlo,
        history: RuleHistory,
        group: Labels,
        first: int,
        ours: frozenset[Labels],
        theirs: frozenset[Labels],
        with_silence: bool,
    ) -> None:
        self._slo, self._peer, self._history = slo, peer, history
        self._group, self._first = group, first
        self._axis = history.axis
        self._own, self._other = group in ours, group in theirs
        self._sides: dict[str, RuleSide] = {}
        self.agreed = 0
        self.differences: list[ChangedPage] = []
        theirs_side = side_of(peer.rules, history, first)
        ours_side = self._side("", slo)
        for kind in PageKind:
            own_group = NO_LABELS if kind is PageKind.SILENCE else group
            if kind is PageKind.SILENCE and not with_silence:
                continue
            self._kind(kind, theirs_side, ours_side, own_group)

    def _side(self, name: str, slo: Slo) -> RuleSide:
        if name not in self._sides:
            self._sides[name] = side_of(our_rules(slo), self._history, self._first, urgent_tiers(slo))
        return self._sides[name]

    def _kind(self, kind: PageKind, theirs: RuleSide, ours: RuleSide, group: Labels) -> None:
        their_pages, our_pages = theirs.of(kind, group), ours.of(kind, group)
        for peer, own in matched(their_pages, our_pages):
            if peer and own and self._near(peer, own):
                self.agreed += 1
                continue
            reason = self._reason(kind, group, theirs, ours, peer, own)
            titles = tuple(dict.fromkeys((*(peer.titles if peer else ()), *(own.titles if own else ()))))
            self.differences.append(
                ChangedPage(
                    self._slo.id, self._group, kind, self._span(peer), self._span(own), titles, reason
                )
            )

    def _near(self, peer: FiredSpan, own: FiredSpan) -> bool:
        return abs(peer.start - own.start) <= self._axis.steps(NEAR)

    def _span(self, episode: FiredSpan | None) -> tuple[datetime, datetime] | None:
        return None if episode is None else (self._axis.at(episode.start), self._axis.at(episode.end))

    def _reason(
        self,
        kind: PageKind,
        group: Labels,
        theirs: RuleSide,
        ours: RuleSide,
        peer: FiredSpan | None,
        own: FiredSpan | None,
    ) -> ChangeReason:
        if kind is PageKind.SILENCE:
            return ChangeReason.NO_DATA
        if kind not in theirs.kinds or kind not in ours.kinds:
            return ChangeReason.NO_ALERTS
        if self._own is not self._other:
            return ChangeReason.GROUP
        for reason, slo in self._changes():
            side = self._side(reason.value, slo)
            if self._agrees(side.of(kind, group), peer, own):
                return reason
        if self._slo.unit is CountUnit.RATIO_MINUTES:
            return ChangeReason.MINUTE_AVERAGE
        if self._history_has_holes(kind, peer, own):
            return ChangeReason.MISSING_SERIES
        return ChangeReason.UNEXPLAINED

    def _changes(self) -> Iterator[tuple[ChangeReason, Slo]]:
        """Ours as it would be with one thing of the other tool's, the likeliest first."""
        bare = without_floor(self._slo)
        tiers = tiers_of(pairs_of(self._peer), self._slo)
        yield ChangeReason.LOW_TRAFFIC, bare
        if tiers is not None:
            yield ChangeReason.WINDOWS, replace(self._slo, tiers=tiers)
            yield ChangeReason.LOW_TRAFFIC_AND_WINDOWS, replace(bare, tiers=tiers)

    def _agrees(self, pages: Sequence[FiredSpan], peer: FiredSpan | None, own: FiredSpan | None) -> bool:
        """Whether changed rules do what the peer does where they differed."""
        if peer is not None:
            return any(page.overlaps(peer) and self._near(peer, page) for page in pages)
        assert own is not None
        return not any(page.overlaps(own) for page in pages)

    def _history_has_holes(self, kind: PageKind, peer: FiredSpan | None, own: FiredSpan | None) -> bool:
        """Whether a ratio that the peer's alerts read was missing, or no number, at the start of it."""
        episode = peer or own
        if episode is None:
            return False
        replay = RuleReplay(self._peer.rules, self._history)
        reach = range(max(0, episode.start - self._axis.steps(timedelta(hours=1))), episode.end)
        for alert in alerts_of(self._peer.rules):
            if alert.kind is not kind:
                continue
            for selector in analyse(alert.expr).selectors:
                columns = list(replay.recorded(selector.name).values())
                holes = any(c[index] is None or c[index] != c[index] for c in columns for index in reach)
                if holes or not columns:
                    return True
        return False


def matched(
    peers: Sequence[FiredSpan], ours: Sequence[FiredSpan]
) -> Iterator[tuple[FiredSpan | None, FiredSpan | None]]:
    """Each of one with the first of the other that it overlaps, or alone."""
    taken: set[int] = set()
    for peer in peers:
        index = next((i for i, own in enumerate(ours) if i not in taken and own.overlaps(peer)), None)
        if index is None:
            yield peer, None if not any(own.overlaps(peer) for own in ours) else peer
            continue
        taken.add(index)
        yield peer, ours[index]
    for index, own in enumerate(ours):
        if index not in taken and not any(own.overlaps(peer) for peer in peers):
            yield None, own


def without_floor(slo: Slo) -> Slo:
    return replace(slo, min_events=0, min_bad_events=0)


def tiers_of(pairs: Sequence[AlertWindows], slo: Slo) -> tuple[Tier, ...] | None:
    """The other tool's windows as our tiers; ``None`` where it has none, or ours are the same."""
    if not pairs:
        return None
    period = Fraction(slo.window.length // timedelta(seconds=1))
    budget = slo.objectives[0].budget
    made = []
    for number, pair in enumerate(pairs):
        long = Fraction(pair.long // timedelta(seconds=1))
        factor = Fraction(pair.threshold).limit_denominator(10**12) / budget
        urgent = pair.kind is PageKind.PAGE
        made.append(
            Tier(
                f"{'page' if urgent else 'ticket'}-{number}",
                factor * long / period,
                pair.long,
                pair.short,
                "P1" if urgent else "P3",
                alert_after=pair.held,
            )
        )
    return tuple(made)
