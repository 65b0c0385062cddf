"""The one registry of colours, states and units: Grafana, CloudWatch, console and report read it.

Hues come from a palette that stays apart under the three common colour blindnesses, and every state also
has a symbol and a word, so that colour never carries a meaning alone. Colours are ``#rrggbb`` (CloudWatch
refuses names); ``light`` and ``dark`` name the background they are drawn on. A shape drawn in its colour
stands out from that background by at least 3 to 1 (WCAG 2.1, 1.4.11).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

LANGUAGES = ("en", "pt")
BACKGROUND_DARK = "#111217"


@dataclass(frozen=True, slots=True)
class Colour:
    """The same meaning on a light and on a dark background."""

    light: str
    dark: str


class State(StrEnum):
    """What a light may say. ``NO_DATA`` is never green: unknown is not well. ``NO_TRAFFIC`` is watched."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"
    NO_DATA = "no_data"
    NO_TRAFFIC = "no_traffic"


@dataclass(frozen=True, slots=True)
class StateStyle:
    """How a state looks and reads; ``code`` is its value in a status series (worse is higher)."""

    state: State
    code: int
    colour: Colour
    symbol: str
    texts: Mapping[str, str]

    def text(self, language: str) -> str:
        return self.texts[language]


OK_GREEN = Colour("#007a5a", "#12b886")
WARN_AMBER = Colour("#a86400", "#f5a524")
BAD_RED = Colour("#b3261e", "#ff5a4e")
NO_DATA_GREY = Colour("#6c7280", "#8e95a3")
NO_TRAFFIC_BLUE = Colour("#4a6a8a", "#86a6c8")

STATES: Mapping[State, StateStyle] = {
    State.OK: StateStyle(State.OK, 0, OK_GREEN, "●", {"en": "OK", "pt": "OK"}),
    State.WARN: StateStyle(State.WARN, 1, WARN_AMBER, "▲", {"en": "Warning", "pt": "Atenção"}),
    State.BAD: StateStyle(State.BAD, 2, BAD_RED, "■", {"en": "Critical", "pt": "Crítico"}),
    State.NO_DATA: StateStyle(State.NO_DATA, 3, NO_DATA_GREY, "?", {"en": "No data", "pt": "Sem dados"}),
    State.NO_TRAFFIC: StateStyle(
        State.NO_TRAFFIC, 4, NO_TRAFFIC_BLUE, "○", {"en": "No traffic", "pt": "Sem tráfego"}
    ),
}

SEVERITY_COLOURS: Mapping[str, Colour] = {
    "P1": BAD_RED,
    "P2": Colour("#c2410c", "#ff8c42"),
    "P3": WARN_AMBER,
    "P4": Colour("#1f6fb2", "#5aa9e6"),
}

VALUE_COLOURS: Mapping[str, Colour] = {
    "ok": OK_GREEN,
    "degraded": WARN_AMBER,
    "error": BAD_RED,
    "failed": BAD_RED,
    "overload": Colour("#8e4585", "#cc79a7"),
    "client_error": NO_DATA_GREY,
    "dead_letter": BAD_RED,
    "retried": WARN_AMBER,
    "duplicate": NO_DATA_GREY,
    **SEVERITY_COLOURS,
}

SERIES: tuple[Colour, ...] = (
    Colour("#0072b2", "#56b4e9"),
    Colour("#c45a00", "#ff9e4a"),
    Colour("#8e4585", "#cc79a7"),
    Colour("#007a5a", "#12b886"),
    Colour("#7a6a00", "#f0e442"),
    Colour("#5b5fc7", "#9a9cf0"),
    Colour("#9b2c2c", "#f28b82"),
    Colour("#3f5560", "#b0bec5"),
)


class Unit(StrEnum):
    """What a number is measured in. Ratios run from 0 to 1 and are shown as per cent."""

    RATIO = "ratio"
    COUNT = "count"
    PER_SECOND = "per_second"
    PER_HOUR = "per_hour"
    SECONDS = "seconds"
    BYTES = "bytes"
    TIMES = "times"
    CENTS = "cents"
    BRL = "brl"
    STATE = "state"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class UnitStyle:
    """How a unit is named by each reader: Grafana's unit id, CloudWatch's axis label, words for a page."""

    grafana: str
    label: Mapping[str, str]
    decimals: int | None = None


UNITS: Mapping[Unit, UnitStyle] = {
    Unit.RATIO: UnitStyle("percentunit", {"en": "%", "pt": "%"}),
    Unit.COUNT: UnitStyle("short", {"en": "count", "pt": "quantidade"}, 0),
    Unit.PER_SECOND: UnitStyle("cps", {"en": "per second", "pt": "por segundo"}),
    Unit.PER_HOUR: UnitStyle("short", {"en": "per hour", "pt": "por hora"}),
    Unit.SECONDS: UnitStyle("s", {"en": "seconds", "pt": "segundos"}),
    Unit.BYTES: UnitStyle("bytes", {"en": "bytes", "pt": "bytes"}),
    Unit.TIMES: UnitStyle("suffix:x", {"en": "times the budget", "pt": "vezes o orçamento"}, 1),
    Unit.CENTS: UnitStyle("short", {"en": "centavos", "pt": "centavos"}, 0),
    Unit.BRL: UnitStyle("currencyBRL", {"en": "R$", "pt": "R$"}, 0),
    Unit.STATE: UnitStyle("none", {"en": "state", "pt": "estado"}, 0),
    Unit.NONE: UnitStyle("none", {"en": "", "pt": ""}),
}


def series_colour(index: int) -> Colour:
    """The colour of the ``index``-th series; they repeat after the last."""
    return SERIES[index % len(SERIES)]
