"""Patterns from people: linear whatever they are, refused with a sentence when they are none."""

from __future__ import annotations

import pytest

from foundation.patterns import PatternError, check, fullmatch


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("a.*", "abc", True),
        ("a", "abc", False),
        ("b|abc", "abc", True),
        ("a.b", "a\nb", True),
        ("(?i)ABC", "abc", True),
        ("ç+", "çç", True),
        ("", "", True),
        (".", "\ud800", True),
    ],
)
def test_a_pattern_matches_the_whole_text(pattern: str, text: str, matches: bool) -> None:
    assert fullmatch(pattern, text) is matches


def test_what_holds_up_a_backtracking_engine_for_ever_is_answered() -> None:
    """2**100,000 steps of Python's own engine."""
    assert not fullmatch("(a+)+b", "a" * 100_000)


@pytest.mark.parametrize(
    "pattern",
    ["(", "(?=a)", "(?<!a)b", r"(a)\1", "((a{100}){100}){100}", "a{2000}", "a" * 3_000, "\ud800"],
)
def test_what_is_no_pattern_is_refused_and_says_why(pattern: str) -> None:
    with pytest.raises(PatternError) as raised:
        check(pattern)
    assert raised.value.problem
    assert "without look-around and backreferences" in str(raised.value)
    assert len(str(raised.value)) < 400
