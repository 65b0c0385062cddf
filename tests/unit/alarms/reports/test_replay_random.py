"""Whatever happened: the policy that was in force, replayed, changes nothing and sends what was sent."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from alarms.model.errors import NotAllowed
from tests.support.recorded import MINUTE, Past

FULL = os.environ.get("MIRANTE_PROOF") == "full"
NAMES = ("Disk", "Api", "Queue")
WORDS = ("critical", "warning", "page", "info")
Happening = Callable[[Past], None]


def fires(name: str, word: str, job: str) -> Happening:
    return lambda past: past.fire(name, word, job=job)


def ends(name: str, word: str, job: str) -> Happening:
    return lambda past: past.end(name, word, job=job)


def time_passes(seconds: int) -> Happening:
    return lambda past: past.pass_time(timedelta(seconds=seconds))


def somebody(what: str, which: int, minutes: int) -> Happening:
    def act(past: Past) -> None:
        found = past.router.open_incidents()
        if not found:
            return
        one = found[which % len(found)].id
        match what:
            case "acknowledges":
                past.router.acknowledge(one, "ana")
            case "resolves":
                past.router.resolve(one, "ana")
            case "snoozes":
                past.router.snooze(one, past.clock.now() + minutes * MINUTE, "ana")
            case _:
                past.router.reassign(one, "development", "ana")

    return act


def silences(name: str, minutes: int) -> Happening:
    return lambda past: (past.silence(f"alertname={name}", minutes * MINUTE), None)[1]


def ends_a_silence(past: Past) -> None:
    for one in past.router.silences()[:1]:
        try:
            past.router.expire_silence(one.id, "ana")
        except NotAllowed:
            return
        past.router.tick()


def sends_rubbish(past: Past) -> None:
    past.take("alertmanager", b"{nope")


alerts = (st.sampled_from(NAMES), st.sampled_from(WORDS), st.sampled_from(("a", "b")))
happenings = st.one_of(
    st.builds(fires, *alerts),
    st.builds(ends, *alerts),
    st.builds(
        somebody,
        st.sampled_from(("acknowledges", "resolves", "snoozes", "reassigns")),
        st.integers(0, 5),
        st.integers(1, 240),
    ),
    st.builds(silences, st.sampled_from(NAMES), st.integers(5, 180)),
    st.just(ends_a_silence),
    st.just(sends_rubbish),
)
# Not at one and the same instant: which of them came first, the record does not say.
steps = st.lists(
    st.tuples(happenings, st.integers(7, 40_000).map(lambda n: n * 2 + 1)), min_size=1, max_size=30
)


@pytest.mark.proof
@settings(
    max_examples=300 if FULL else 25,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow],
)
@given(steps)
def test_the_same_policy_changes_nothing_and_sends_what_was_sent(
    lived: list[tuple[Happening, int]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        past = Past(Path(folder) / "router.db")
        past.fire("First", job="x")
        for happening, seconds in lived:
            time_passes(seconds)(past)
            happening(past)
        past.pass_time(MINUTE)
        found = past.replay()
        past.close()
    assert found.changes == []
    assert found.newly_missed == []
    assert [(one.page, one.reason) for one in found.reproduction.others] == []
    assert list(found.reproduction.extra) == []
    assert found.left_out == []
