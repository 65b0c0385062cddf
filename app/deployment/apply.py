"""Carries a plan out. One failure stops nothing else; the next run does what is still missing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.deployment.errors import DeploymentError
from app.deployment.plan import Action, Change
from foundation.aws.errors import AwsError


@dataclass(frozen=True, slots=True)
class Failure:
    change: Change
    error: DeploymentError


@dataclass(frozen=True, slots=True)
class CarriedOut:
    done: tuple[Change, ...]
    failed: tuple[Failure, ...]


def carry_out(changes: Sequence[Change], done: Callable[[Change], None] = lambda _: None) -> CarriedOut:
    """Each change in order. ``done`` hears of each that is in force."""
    succeeded: list[Change] = []
    failed: list[Failure] = []
    for change in changes:
        try:
            _carry_out(change)
        except DeploymentError as error:
            failed.append(Failure(change, error))
        else:
            succeeded.append(change)
            done(change)
    return CarriedOut(tuple(succeeded), tuple(failed))


def _carry_out(change: Change) -> None:
    try:
        if change.action is Action.REMOVE:
            change.place.remove(change.name)
        else:
            assert change.document is not None
            change.place.put(change.name, change.document)
    except AwsError as error:
        raise DeploymentError(f"{change.place.kind} {change.name}", error.problem, error.fix) from error
