"""Sagas as rows: the same columns, in the same order, in every relational store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from credit.ports.sagas import Phase, Saga, SagaState, StepState
from foundation.instants import from_micros

SAGA_COLUMNS = "saga_id, kind, content, state, phase, reason, trouble, fence, attempts, started_at"


def saga_from_row(row: Sequence[Any], steps: Mapping[str, StepState]) -> Saga:
    """Of a row of ``SAGA_COLUMNS``."""
    return Saga(
        saga_id=row[0],
        kind=row[1],
        content=row[2],
        state=SagaState(row[3]),
        phase=Phase(row[4]),
        reason=row[5],
        trouble=row[6],
        fence=row[7],
        attempts=row[8],
        started_at=from_micros(row[9]),
        steps=steps,
    )
