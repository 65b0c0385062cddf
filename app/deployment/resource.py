"""One thing that is, or should be, deployed: a board, an alarm, a topic, a file."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

Document = Mapping[str, Any]

OWNER_TAG = "mirante:environment"
"""Carries the environment's name on everything we make, where tags exist."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """What a place holds under a name; ``ours`` if it carries our mark."""

    document: Document
    ours: bool


class ResourcePlace(Protocol):
    """Where resources of one kind live. Names are unique in it."""

    @property
    def kind(self) -> str:
        """What people call one of them: ``CloudWatch alarm``."""
        ...

    @property
    def removable(self) -> bool:
        """Whether ``--prune`` may remove it once it is no longer generated; False for what holds data."""
        ...

    def wanted(self) -> Mapping[str, Document]:
        """What is generated, by name, in an order in which it can be made."""
        ...

    def deployed(self, names: Collection[str]) -> Mapping[str, Deployed]:
        """What is there: everything of these names, and everything else that is ours.

        Raises:
            DeploymentError: the place cannot be read.
        """
        ...

    def put(self, name: str, document: Document) -> None:
        """Make it, or bring the one that is there to this. Doing it again changes nothing.

        Raises:
            DeploymentError: the place refused it, or cannot be reached.
        """
        ...

    def remove(self, name: str) -> None:
        """Remove it; fine if it is gone already. Raises ``DeploymentError`` as ``put`` does."""
        ...
