"""The folder a demo run works in: made afresh, with the definitions it runs under."""

from __future__ import annotations

import shutil
from pathlib import Path

from app.demo.errors import FolderNotOurs
from foundation.files import read_document
from foundation.workspace import SHIPPED
from slo.prometheus.yaml_text import render_yaml

MARKER = ".made-by-mirante-demo"
WINDOW_SET = "google-30d.yaml"
PAGING = ("P1", "P2")


def fresh_folder(folder: Path) -> Path:
    """An empty folder of the demo's own: what an interrupted run left behind is removed, and nothing else.

    Raises:
        FolderNotOurs: it holds something the demo did not make.
    """
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARKER).exists():
            raise FolderNotOurs(folder)
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARKER).write_text("Safe to remove.\n", encoding="utf-8")
    return folder


def demo_definitions(folder: Path) -> Path:
    """The shipped definitions below ``folder``, with the two paging tiers alone; answers where they are.

    The ticket tiers look back over a day and three days, and need two and six hours to clear after a fault:
    longer than a demo can wait even at sixty times real time. Everything else is the shipped file, byte for
    byte.
    """
    target = folder / "definitions"
    shutil.copytree(SHIPPED.definitions, target)
    shipped = dict(read_document(SHIPPED.windows / WINDOW_SET).entries())
    paging = [tier for tier in shipped["tiers"].items() if dict(tier.entries())["severity"].text() in PAGING]
    windows = {key: place.plain() for key, place in shipped.items()}
    windows["tiers"] = [tier.plain() for tier in paging]
    (target / "windows").mkdir(exist_ok=True)
    (target / "windows" / WINDOW_SET).write_text(render_yaml(windows), encoding="utf-8")
    return target
