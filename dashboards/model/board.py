"""A board, said once: Grafana and CloudWatch are both generated from it.

Every board holds the five parts of the architecture document (§7.2.2), in order. The grid has 24 columns
on both backends; places are computed, never written by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from dashboards.model.palette import Colour, State, Unit
from dashboards.model.query import Query
from foundation.bilingual import Text

GRID_COLUMNS = 24


class BoardPart(StrEnum):
    """The five parts of every board (§7.2.2), in the order a reader meets them."""

    STATUS = "status"
    TRENDS = "trends"
    ALERTS = "alerts"
    COMPONENTS = "components"
    LINKS = "links"


class Shape(StrEnum):
    LIGHT = "light"
    STAT = "stat"
    GAUGE = "gauge"
    BARS = "bars"
    LINES = "lines"
    TIMELINE = "timeline"
    HEATMAP = "heatmap"
    TABLE = "table"
    ALERTS = "alerts"
    ALERT_LIST = "alert_list"
    LOGS = "logs"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Threshold:
    """From ``value`` on (in the panel's unit) the state is ``state``; drawn as a line on line charts."""

    value: Fraction
    state: State


@dataclass(frozen=True, slots=True)
class Series:
    """One query of a panel. ``legend`` may name labels as ``{{outcome}}``."""

    query: Query
    legend: Text
    colour: Colour | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """To another board by name, or to ``path`` below the console. Boards keep time range and variables."""

    title: Text
    board: str | None = None
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Panel:
    """``id`` is unique in its board and never shown. Width and height are grid units.

    ``starts`` is the state below the first threshold (well, unless less is worse). ``empty_means`` says why
    no data is a normal answer here; without it an empty panel is a dead panel. ``alarms`` are CloudWatch
    alarm names for shapes that show alarms. ``runbook`` is the name of a runbook page.
    """

    id: str
    title: Text
    description: Text
    shape: Shape
    series: tuple[Series, ...] = ()
    unit: Unit = Unit.NONE
    width: int = 6
    height: int = 6
    thresholds: tuple[Threshold, ...] = ()
    starts: State = State.OK
    minimum: float | None = None
    maximum: float | None = None
    runbook: str | None = None
    links: tuple[Link, ...] = ()
    alarms: tuple[str, ...] = ()
    content: Text | None = None
    empty_means: Text | None = None
    stacked: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    part: BoardPart
    title: Text
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True)
class Variable:
    """A choice at the top of the board: the values of ``label`` in the series ``metric``."""

    name: str
    title: Text
    metric: str
    label: str


@dataclass(frozen=True, slots=True)
class Board:
    """``name`` is its file and uid (``operations``). ``since`` is the default range in Grafana's words.

    ``menu`` is what the links of every other board call it; without one it is reached from where it is named.
    """

    name: str
    title: Text
    description: Text
    rows: tuple[Row, ...]
    variables: tuple[Variable, ...] = ()
    links: tuple[Link, ...] = ()
    tags: tuple[str, ...] = ()
    since: str = "6h"
    refresh: str = "1m"
    menu: Text | None = None

    def panels(self) -> Iterator[Panel]:
        for row in self.rows:
            yield from row.panels

    def parts(self) -> tuple[BoardPart, ...]:
        """Parts that hold at least one panel, in order of appearance."""
        found = [row.part for row in self.rows if row.panels]
        return tuple(dict.fromkeys(found))
