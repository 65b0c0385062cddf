"""An edge of a bucket is one number, however it is spelled."""

from __future__ import annotations

import re

import pytest

from slo.model.edges import by_number, is_same, spellings


@pytest.mark.parametrize(
    ("written", "others"),
    [
        ("0.3", ["0.3", "0.30", "0.300", "3e-1", "3e-01", "3.0E-1"]),
        ("0.30", ["0.3"]),
        ("3e-1", ["0.3", "0.30"]),
        ("1", ["1", "1.0", "1.00"]),
        ("1.0", ["1"]),
        ("10", ["10", "10.0", "1e+01", "1E1"]),
        ("1e6", ["1000000", "1000000.0", "1e+06", "1.0E6"]),
        ("0.0001", ["0.0001", "1e-04", "1.0E-4"]),
        ("1500", ["1500", "1500.0", "1.5e+03"]),
    ],
)
def test_every_spelling_is_matched_and_no_other_number(written: str, others: list[str]) -> None:
    pattern = spellings(written)
    assert pattern is not None
    for other in others:
        assert re.fullmatch(pattern, other), other
        assert is_same(written, other)
    for wrong in ("0.31", "3", "0.03", "100", "11", "15", "+Inf", "0.3001", "1e-05", "1e+07", "2"):
        assert not re.fullmatch(pattern, wrong), wrong
        assert not is_same(written, wrong)


def test_only_matchers_of_the_edge_are_respelled() -> None:
    assert by_number('x{le="1",a="le=\\"1\\""} + y{handle="1"} + sum by (le) (z)') == (
        'x{le=~"1([.]0*)?",a="le=\\"1\\""} + y{handle="1"} + sum by (le) (z)'
    )
    assert by_number('x{le!="1"}') == 'x{le!~"1([.]0*)?"}'
    for kept in ('x{le="+Inf"}', 'x{le=~"0.3|1"}', 'x{le="odd"}'):
        assert by_number(kept) == kept
