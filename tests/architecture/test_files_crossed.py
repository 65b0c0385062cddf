"""How many modules a reader opens to follow one piece of work: these numbers go down, never up."""

from __future__ import annotations

from tests.support.files_crossed import ALARM, DECISION, PAGE, measure

AT_MOST = {DECISION: 41, PAGE: 39, ALARM: 15}


def test_no_path_through_the_product_crosses_more_modules_than_before() -> None:
    crossed = measure()
    assert {what: len(modules) for what, modules in crossed.items() if len(modules) > AT_MOST[what]} == {}
    # It measures: both ends of each path, and nothing of the tests' own.
    assert {"app/api/door.py", "app/api/decisions.py"} <= set(crossed[DECISION])
    assert {"alarms/http/hooks.py", "alarms/notify/local_sink.py"} <= set(crossed[PAGE])
    assert {"slo/loaders/catalogue_files.py", "slo/cloudwatch/alarms.py"} <= set(crossed[ALARM])
    assert not [name for modules in crossed.values() for name in modules if name.startswith("tests/")]
