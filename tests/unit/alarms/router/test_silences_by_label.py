"""Which silences are tried with an alert: never fewer than cover it."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from alarms.model.silence import Matcher, Silence
from alarms.router.silences_by_label import SilencesByLabel
from tests.support.alerts import MONDAY_10

NAMES, VALUES = st.sampled_from("abc"), st.sampled_from(("", "x", "y"))
MATCHERS = st.builds(Matcher, NAMES, st.sampled_from(("=", "!=", "=~", "!~")), VALUES)
SILENCES = st.lists(st.lists(MATCHERS, min_size=1, max_size=3), max_size=8)


def made(listed: list[list[Matcher]]) -> list[Silence]:
    end = MONDAY_10 + timedelta(hours=1)
    return [Silence(f"s{n}", tuple(each), MONDAY_10, end, "ana", "") for n, each in enumerate(listed)]


@given(listed=SILENCES, labels=st.dictionaries(NAMES, VALUES))
def test_every_silence_that_covers_an_alert_is_a_candidate(
    listed: list[list[Matcher]], labels: dict[str, str]
) -> None:
    silences = made(listed)
    covering = {one.id for one in silences if one.covers(labels, MONDAY_10)}
    candidates = list(SilencesByLabel(silences).candidates(labels))
    assert covering <= {one.id for one in candidates}
    assert len(candidates) == len({one.id for one in candidates})


def test_those_that_ask_for_another_value_are_not_tried() -> None:
    silences = made([[Matcher("instance", "=", f"host-{number}")] for number in range(1000)])
    candidates = SilencesByLabel(silences).candidates({"instance": "host-7", "job": "node"})
    assert [one.id for one in candidates] == ["s7"]
