"""What a saga is made of: named steps, each with its effect and its compensation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from credit.ports.sagas import Saga

Effect = Callable[[Saga], Awaitable[None]]


class StepRefused(Exception):
    """The step says no, for good: the saga is turned back. ``code`` is for a program, not a person."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(f"refused: {code}")


@dataclass(frozen=True, slots=True)
class Step:
    """``do`` may run more than once, after a run whose outcome nobody knows included, and after ``undo`` it
    must have no effect (a late duplicate). ``undo`` may run though ``do`` never did.

    Without ``undo`` a step is the pivot (the first such) or rolls forward after it.
    """

    name: str
    do: Effect
    undo: Effect | None = None


@dataclass(frozen=True, slots=True)
class SagaPlan:
    """Steps before the pivot have a compensation; the pivot and those after it have none."""

    kind: str
    steps: Sequence[Step]

    def __post_init__(self) -> None:
        after = [step.undo is None for step in self.steps]
        if True not in after or after != sorted(after):
            raise ValueError(f"{self.kind}: a saga is compensable steps, one pivot, then steps that go on")

    @property
    def pivot(self) -> str:
        return next(step.name for step in self.steps if step.undo is None)
