"""Who has the duty, and what people change about it while the router runs: stand-ins and swaps."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from alarms.model.duty import DutyOverride, DutySpan, TeamDuty
from alarms.model.errors import InvalidRequest, NotAllowed
from alarms.router.context import RoutingContext
from alarms.stores.protocol import RouterStore
from foundation.clock import Clock

LOG = logging.getLogger(__name__)
LONGEST = timedelta(days=366)
LONGEST_WHY = 1_000  # characters


class Roster:
    """``alarms.router.desk.DutyDesk`` on a store."""

    _store: RouterStore
    _clock: Clock
    routing: RoutingContext

    def duty(self, since: datetime, until: datetime) -> Sequence[TeamDuty]:
        if not since < until <= since + LONGEST:
            problem = f"it is not after the beginning, or more than {LONGEST.days} days after it"
            raise InvalidRequest("until", problem, "Give a shorter time")
        schedules, planned = self.routing.schedules, self._store.duty_overrides(ending_after=since)
        return [
            TeamDuty(
                team=team.id,
                time_zone=schedules.zone_of(team.id),
                spans=tuple(schedules.spans(team.id, since, until, planned)),
                overrides=tuple(one for one in planned if one.team == team.id),
                names={person: schedules.people.name_of(person) for person in self._known()},
                title=team.name,
            )
            for team in self.routing.policy.teams
        ]

    def override_duty(
        self, team: str, person: str, starts_at: datetime, ends_at: datetime, by: str, why: str = ""
    ) -> DutyOverride:
        self._check(team, person)
        now = self._clock.now()
        if ends_at <= starts_at or ends_at <= now:
            raise InvalidRequest("ends_at", "it is past, or not after starts_at", "Give an end still to come")
        if ends_at - max(starts_at, now) > LONGEST:
            raise InvalidRequest(
                "ends_at", f"more than {LONGEST.days} days after its start", "Change schedules.yaml instead"
            )
        if len(why) > LONGEST_WHY:
            raise InvalidRequest("why", f"longer than {LONGEST_WHY} characters", "Shorten it")
        begins, ends = starts_at.astimezone(UTC), ends_at.astimezone(UTC)
        made = DutyOverride(self.routing.new_id(), team, person, begins, ends, by, why)
        self._save([made])
        return made

    def swap_duty(
        self,
        team: str,
        one: str,
        other: str,
        by: str,
        why: str = "",
        *,
        first: datetime | None = None,
        second: datetime | None = None,
    ) -> Sequence[DutyOverride]:
        """``first`` and ``second`` lie in the shifts that are swapped; None: the next of each."""
        self._check(team, one)
        self._check(team, other)
        if one == other:
            raise InvalidRequest("other", f"{one!r} cannot swap with nobody else", "Name two people")
        ours, theirs = self._shift(team, one, first, "first"), self._shift(team, other, second, "second")
        made = [
            DutyOverride(self.routing.new_id(), team, person, shift.starts_at, shift.ends_at, by, why)
            for person, shift in ((other, ours), (one, theirs))
        ]
        self._save(made)
        return made

    def end_override(self, override_id: str, by: str) -> None:
        now = self._clock.now()
        with self._store.transaction() as tx:
            found = next((one for one in tx.duty_overrides(ending_after=now) if one.id == override_id), None)
            if found is None:
                reason, fix = "there is no such override to come", "`mirante alerts duty` lists them"
                raise NotAllowed(override_id, "remove it", reason, fix)
            tx.save_duty_override(replace(found, starts_at=min(found.starts_at, now), ends_at=now))
        LOG.info("duty override removed", extra={"override": override_id, "team": found.team, "by": by})

    def _save(self, made: Sequence[DutyOverride]) -> None:
        with self._store.transaction() as tx:
            for one in made:
                tx.save_duty_override(one)
        for one in made:
            LOG.info("duty overridden", extra={"override": one.id, "team": one.team, "by": one.created_by})

    def _shift(self, team: str, person: str, at: datetime | None, field: str) -> DutySpan:
        """From now on, where it has begun."""
        now = self._clock.now()
        planned = self._store.duty_overrides(ending_after=now)
        spans = self.routing.schedules.spans(team, now, now + LONGEST, planned)
        for span in spans:
            if span.person == person and (at is None or span.starts_at <= at < span.ends_at):
                return span
        when = "in the coming year" if at is None else f"at {at.isoformat(timespec='minutes')}"
        raise InvalidRequest(
            field, f"{person!r} has no shift {when}", "`mirante alerts duty` lists the shifts"
        )

    def _check(self, team: str, person: str) -> None:
        """Raises InvalidRequest: nobody has written down that team, or that person."""
        teams = [one.id for one in self.routing.policy.teams]
        if team not in teams:
            raise InvalidRequest("team", f"{team!r} is not a team", f"Name one of {', '.join(teams)}")
        known = self._known()
        if person not in known:
            some = f"Name one of {', '.join(known[:20])}, or add" if known else "Add"
            raise InvalidRequest(
                "person",
                f"nobody is called {person!r}",
                f"{some} this person to people.yaml or schedules.yaml",
            )

    def _known(self) -> list[str]:
        schedules = self.routing.schedules
        in_turn = {person for schedule in schedules.by_team.values() for person in schedule.known}
        return sorted(in_turn | set(schedules.people.by_id))
