"""Policies and reasons from their YAML files: the shipped ones, or a directory of one's own."""

from __future__ import annotations

from pathlib import Path

from app.domain.policy_book import PolicyBook
from app.domain.reasons import ReasonCatalogue

SHIPPED = Path(__file__).resolve().parent.parent / "policies"
DEFAULT_POLICY = "personal-credit"


def load_reasons(directory: Path | None = None) -> ReasonCatalogue:
    """``reasons.yaml`` of a directory (``None``: the shipped one).

    Raises:
        PolicyError: missing, unreadable, or a code without one of its texts.
    """
    raise NotImplementedError


def load_policies(directory: Path | None = None, default: str = DEFAULT_POLICY) -> PolicyBook:
    """Every policy file (``*.yaml`` but ``reasons.yaml``) of a directory, checked and compiled.

    Raises:
        PolicyError: the first thing wrong, with file, line, field and mend.
    """
    raise NotImplementedError
