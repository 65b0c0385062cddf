from __future__ import annotations

from pathlib import Path

import pytest

from credit.domain.disbursement import Progress, Refusal, order_bytes, order_of
from credit.ports.sagas import SagaState
from tests.support.credit_samples import a_decision
from tests.support.disbursement_desk import a_desk


@pytest.mark.parametrize(
    ("reason", "refusal"),
    [("LIMIT_EXCEEDED", Refusal.LIMIT_EXCEEDED), ("the hot store is away", Refusal.UNAVAILABLE)],
)
async def test_a_compensated_attempt_says_why_or_that_a_store_failed(
    tmp_path: Path, reason: str, refusal: Refusal
) -> None:
    decision = a_decision(1)
    async with a_desk(tmp_path) as desk:
        log, saga_id = desk.platform.sagas, f"disbursement:{decision.decision_id}:1"
        await log.begin(saga_id, "disbursement", order_bytes(order_of(decision, 1)))
        saga = await log.claim_one(saga_id, "a", 60)
        assert saga is not None
        await log.turn_back(saga, reason)
        await log.end(saga, SagaState.UNDONE)
        found = await desk.desk().find(decision.decision_id)
    assert found is not None
    assert (found.progress, found.refusal) == (Progress.REFUSED, refusal)
