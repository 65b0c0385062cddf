"""The column mappings that ship."""

from __future__ import annotations

from pathlib import Path

OPENINTRO_LOANS = Path(__file__).resolve().parent.parent / "mappings" / "openintro-loans.yaml"
