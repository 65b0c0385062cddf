"""The definitions the demo runs under: the shipped ones, with the two paging tiers alone.

The ticket tiers look back over a day and three days, and take two and six hours to forget a fault: longer
than a demo can wait even at sixty times real time. Everything else is the shipped file, byte for byte.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import yaml

from slo.loaders.catalogue_files import DEFINITIONS, WINDOWS

WINDOW_SET = "google-30d.yaml"
PAGING = ("P1", "P2")


def demo_definitions(folder: Path) -> Path:
    """Write them below ``folder``; answers with the directory to load."""
    target = folder / "definitions"
    shutil.copytree(DEFINITIONS, target)
    windows = yaml.safe_load((WINDOWS / WINDOW_SET).read_text(encoding="utf-8"))
    windows["tiers"] = [tier for tier in windows["tiers"] if tier["severity"] in PAGING]
    (target / "windows").mkdir(exist_ok=True)
    (target / "windows" / WINDOW_SET).write_text(yaml.safe_dump(windows, sort_keys=False), encoding="utf-8")
    return target
