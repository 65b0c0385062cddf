"""One number on its way to CloudWatch, and those who take it there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from foundation.errors import MiranteError
from foundation.exit_status import ExitStatus


@dataclass(frozen=True, slots=True)
class Datum:
    """``values`` each happened ``counts`` times; a plain number is one value, once."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    at: datetime
    values: tuple[float, ...]
    counts: tuple[float, ...] = (1.0,)


class Sink(Protocol):
    """Takes data to CloudWatch."""

    def send(self, data: Sequence[Datum]) -> None:
        """All of ``data``, of one namespace, in one step.

        Raises:
            NotSent: CloudWatch has none of it.
            MaybeSent: nobody knows whether it has all of it or nothing.
        """
        ...


class PublishError(MiranteError):
    """Data did not, or perhaps did not, reach CloudWatch.

    PublishError
    +-- NotSent     it has none of it
    +-- MaybeSent   it has all of it, or nothing
    """

    exit_status = ExitStatus.ENVIRONMENT


class NotSent(PublishError):
    """Nothing arrived: sending again is safe."""


class MaybeSent(PublishError):
    """The answer was lost: sending again may count twice."""
