"""How many modules a reader opens to follow one piece of work: these numbers go down, never up.

A module is crossed when the work goes on through it into another one of ours; a clock, metrics and spans are
looked at by the way. ``tests/support/files_crossed.py`` tells it in full.
"""

from __future__ import annotations

from tests.support.files_crossed import ALARM, DECISION, PAGE, measure

# A page: patterns match in linear time, a stored row that cannot be read hides no other, and the person on
# duty is told by name, by layers of a schedule that hold when clocks change, and by their own contacts; one
# table says how each kind of payload is read, and each part of a text is one file; its
# link is signed, it speaks for the worst alert that no silence covers, and a call has its own words; a body
# is read however it was packed and written; what arrives says that its channel works.
# An alarm: what its queries leave decides how many budgets there are.
AT_MOST = {DECISION: 20, PAGE: 41, ALARM: 12}


def test_no_path_through_the_product_crosses_more_modules_than_before() -> None:
    walks = measure()
    crossed = {what: walk.crossed for what, walk in walks.items()}
    assert {what: modules for what, modules in crossed.items() if len(modules) > AT_MOST[what]} == {}
    # It measures: both ends of each path, and nothing of the tests' own.
    ran = {what: set(walk.run) for what, walk in walks.items()}
    assert {"app/api/door.py", "app/api/decisions.py"} <= ran[DECISION]
    assert {"alarms/http/hooks.py", "alarms/notify/local_sink.py"} <= ran[PAGE]
    assert {"slo/loaders/catalogue_files.py", "slo/cloudwatch/alarms.py"} <= ran[ALARM]
    assert not [name for modules in ran.values() for name in modules if name.startswith("tests/")]
