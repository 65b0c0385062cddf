"""The files a page loads: styles, the refresh script, the icon. All ours, all in the package."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from app.console.colours import colours_css


@dataclass(frozen=True, slots=True)
class Asset:
    body: bytes
    media_type: str


def _shipped(name: str) -> bytes:
    return files("app.console").joinpath("static").joinpath(name).read_bytes()


ASSETS: Mapping[str, Asset] = {
    "console.css": Asset(_shipped("console.css"), "text/css; charset=utf-8"),
    "colours.css": Asset(colours_css().encode(), "text/css; charset=utf-8"),
    "refresh.js": Asset(_shipped("refresh.js"), "text/javascript; charset=utf-8"),
    "icon.svg": Asset(_shipped("icon.svg"), "image/svg+xml"),
}
