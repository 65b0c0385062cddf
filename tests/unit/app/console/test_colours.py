"""Colours come from the registry and can be read on the surfaces they stand on."""

from __future__ import annotations

import re

import pytest

from app.console.assets import ASSETS
from app.console.colours import colour_names, colours_css

TEXT_CONTRAST = 4.5  # WCAG 2.1, 1.4.3 (AA)
CSS = ASSETS["console.css"].body.decode()


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def surface(name: str, dark: bool) -> str:
    found: list[str] = re.findall(rf"--{name}: (#[0-9a-f]{{6}})", CSS)
    return found[1 if dark else 0]


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", ["ok", "warn", "bad", "no-data", "no-traffic", "p1", "p2", "p3", "p4"])
def test_words_in_state_and_severity_colours_can_be_read(name: str, dark: bool) -> None:
    colour = colour_names()[name]
    for place in ("card", "page"):
        assert contrast(colour.dark if dark else colour.light, surface(place, dark)) >= TEXT_CONTRAST


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", ["ink", "muted", "link"])
def test_text_can_be_read_on_cards_and_pages(name: str, dark: bool) -> None:
    for place in ("card", "page"):
        assert contrast(surface(name, dark), surface(place, dark)) >= TEXT_CONTRAST


def test_the_main_button_can_be_read_in_both_schemes() -> None:
    assert contrast("#ffffff", surface("link", False)) >= TEXT_CONTRAST
    assert contrast("#0c0d11", surface("link", True)) >= TEXT_CONTRAST


def test_every_class_a_style_sheet_names_by_colour_exists() -> None:
    css = colours_css()
    for name in colour_names():
        for kind in "fscb":
            assert f".{kind}-{name}{{" in css


def test_the_same_palette_gives_the_same_bytes() -> None:
    assert colours_css() == colours_css()
