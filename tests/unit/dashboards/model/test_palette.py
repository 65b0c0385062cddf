from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import combinations

import pytest

from dashboards.model.palette import (
    BACKGROUND_DARK,
    LANGUAGES,
    NO_DATA_GREY,
    SERIES,
    SEVERITY_COLOURS,
    STATES,
    UNITS,
    VALUE_COLOURS,
    Colour,
    State,
    Unit,
    series_colour,
)

Rgb = tuple[float, float, float]

# Linear-light simulation of full dichromacy (Viénot, Brettel and Mollon, 1999).
DICHROMACIES: dict[str, Sequence[Rgb]] = {
    "protanopia": ((0.11238, 0.88762, 0.0), (0.11238, 0.88762, 0.0), (0.00401, -0.00401, 1.0)),
    "deuteranopia": ((0.29275, 0.70725, 0.0), (0.29275, 0.70725, 0.0), (-0.02234, 0.02234, 1.0)),
}


def linear(text: str) -> Rgb:
    def channel(at: int) -> float:
        value = int(text[at : at + 2], 16) / 255
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    return channel(1), channel(3), channel(5)


def luminance(rgb: Rgb) -> float:
    return 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2]


def contrast(first: str, second: str) -> float:
    high, low = sorted((luminance(linear(first)), luminance(linear(second))), reverse=True)
    return (high + 0.05) / (low + 0.05)


def seen(rgb: Rgb, matrix: Sequence[Rgb]) -> Rgb:
    red, green, blue = (sum(weight * part for weight, part in zip(row, rgb, strict=True)) for row in matrix)
    return red, green, blue


def lab(rgb: Rgb) -> Rgb:
    r, g, b = rgb
    x = (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505
    y = 0.2126 * r + 0.7152 * g + 0.0722 * b
    z = (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089

    def f(t: float) -> float:
        return max(t, 0.0) ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116

    return 116 * f(y) - 16, 500 * (f(x) - f(y)), 200 * (f(y) - f(z))


def distance(first: Rgb, second: Rgb) -> float:
    return math.dist(lab(first), lab(second))


EVERY_COLOUR = [
    *SERIES,
    *SEVERITY_COLOURS.values(),
    *VALUE_COLOURS.values(),
    *(style.colour for style in STATES.values()),
]


@pytest.mark.parametrize("colour", EVERY_COLOUR, ids=lambda colour: colour.light)
def test_every_colour_is_hex_and_stands_out_from_its_background(colour: Colour) -> None:
    for text, background in ((colour.light, "#ffffff"), (colour.dark, BACKGROUND_DARK)):
        assert re.fullmatch(r"#[0-9a-f]{6}", text)
        assert contrast(text, background) >= 3


@pytest.mark.parametrize("blindness", sorted(DICHROMACIES))
@pytest.mark.parametrize("shade", ["light", "dark"])
def test_well_and_critical_stay_apart_for_colour_blind_readers(blindness: str, shade: str) -> None:
    matrix = DICHROMACIES[blindness]
    known = [STATES[state] for state in (State.OK, State.BAD, State.NO_DATA)]
    for first, second in combinations(known, 2):
        one, other = (seen(linear(getattr(style.colour, shade)), matrix) for style in (first, second))
        assert distance(one, other) > 12, (first.state, second.state)


def test_a_meaning_never_rests_on_colour_alone() -> None:
    for language in LANGUAGES:
        assert len({style.text(language) for style in STATES.values()}) == len(STATES)
    assert len({style.symbol for style in STATES.values()}) == len(STATES)
    assert len({style.code for style in STATES.values()}) == len(STATES)


def test_unknown_is_grey_and_never_the_colour_of_well() -> None:
    assert STATES[State.NO_DATA].colour == NO_DATA_GREY
    assert STATES[State.OK].colour != NO_DATA_GREY


def test_series_colours_repeat_after_the_last() -> None:
    assert series_colour(len(SERIES)) == series_colour(0)


def test_every_unit_is_named_for_every_reader() -> None:
    assert set(UNITS) == set(Unit)
    assert all(set(style.label) == set(LANGUAGES) for style in UNITS.values())
