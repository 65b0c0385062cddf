"""A small SVG writer: shapes with class names for colours, always with a title and a description.

Colours are classes (``f-bad`` fills, ``s-bad`` strokes), because the page's Content-Security-Policy allows
no style attributes and because they follow the reader's light or dark scheme. Text is set in HTML around
a chart wherever it can be; the text inside a drawing keeps its size by drawing at the width it is shown.
"""

from __future__ import annotations

from html import escape

from markupsafe import Markup


class Drawing:
    """One SVG of ``width`` by ``height`` units. ``stretch``: it fills its box, whatever the proportions."""

    def __init__(
        self,
        width: float,
        height: float,
        title: str,
        description: str,
        css: str = "",
        *,
        stretch: bool = False,
    ) -> None:
        self.width, self.height = width, height
        self._title, self._description, self._css = title, description, css
        self._aspect = ' preserveAspectRatio="none"' if stretch else ""
        self._parts: list[str] = []

    def rect(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        css: str,
        *,
        round_by: float = 0,
        tip: str = "",
        **data: object,
    ) -> None:
        """A box; a negative width or height is drawn as none."""
        box = f'x="{_n(x)}" y="{_n(y)}" width="{_n(max(0, width))}" height="{_n(max(0, height))}"'
        corners = f' rx="{_n(round_by)}"' if round_by else ""
        self._shape("rect", box + corners, css, tip, data)

    def line(
        self, x1: float, y1: float, x2: float, y2: float, css: str, tip: str = "", **data: object
    ) -> None:
        points = f'x1="{_n(x1)}" y1="{_n(y1)}" x2="{_n(x2)}" y2="{_n(y2)}"'
        self._shape("line", points, css, tip, data)

    def circle(self, x: float, y: float, radius: float, css: str, tip: str = "", **data: object) -> None:
        self._shape("circle", f'cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}"', css, tip, data)

    def path(self, points: list[tuple[float, float]], css: str, close_at: float | None = None) -> None:
        """A line through the points; with ``close_at``, the area between it and that height."""
        if not points:
            return
        steps = "L".join(f"{_n(x)} {_n(y)}" for x, y in points)
        if close_at is not None:
            steps += f"L{_n(points[-1][0])} {_n(close_at)}L{_n(points[0][0])} {_n(close_at)}Z"
        self._shape("path", f'd="M{steps}"', css, "", {})

    def text(self, x: float, y: float, content: str, css: str = "", anchor: str = "start") -> None:
        place = f'x="{_n(x)}" y="{_n(y)}" text-anchor="{anchor}"'
        self._parts.append(f'<text {place} class="{escape(css)}">{escape(content)}</text>')

    def hatch(self, x: float, y: float, width: float, height: float) -> None:
        """Grey with slanted strokes: not known."""
        self.rect(x, y, width, height, "f-no-data faint", no_data="true")
        slope = min(height, 8.0)
        start = x
        while start + slope / 2 <= x + width:
            self.line(start, y + height, min(start + slope / 2, x + width), y, "s-no-data hatch")
            start += 6

    def markup(self) -> Markup:
        """The finished element, safe to place in a page: every text in it is escaped."""
        box = f'viewBox="0 0 {_n(self.width)} {_n(self.height)}"{self._aspect}'
        said = f"<title>{escape(self._title)}</title><desc>{escape(self._description)}</desc>"
        body = "".join(self._parts)
        svg = f'<svg class="chart {escape(self._css)}" {box} role="img">{said}{body}</svg>'
        return Markup(svg)  # noqa: S704 - every text was escaped above

    def decoration(self) -> Markup:
        """The element for places where its number stands beside it in words: hidden from screen readers."""
        box = f'viewBox="0 0 {_n(self.width)} {_n(self.height)}" preserveAspectRatio="none"'
        body = "".join(self._parts)
        return Markup(f'<svg class="share" {box} aria-hidden="true">{body}</svg>')  # noqa: S704 - as above

    def _shape(self, name: str, geometry: str, css: str, tip: str, data: dict[str, object]) -> None:
        extra = "".join(
            f' data-{key.replace("_", "-")}="{escape(str(value))}"' for key, value in data.items()
        )
        opening = f'<{name} {geometry} class="{escape(css)}"{extra}'
        self._parts.append(f"{opening}><title>{escape(tip)}</title></{name}>" if tip else f"{opening}/>")


def _n(value: float) -> str:
    """Two decimals at most, no trailing zeros: the same data give the same bytes."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
