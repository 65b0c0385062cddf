"""What the stores hold after everything has stopped, against what the sender's journal says it was told."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.bootstrap.paths import DataPaths
from app.bootstrap.platform import offline_platform
from app.demo.dataset import Loans
from app.demo.oracle import opinion
from app.demo.sender import Answer
from app.settings import Settings
from credit.domain.decision import Decision
from credit.usecases.decide_batch import BatchSummary, VerdictDigest, decide_batch
from credit.usecases.load_policies import load_policies
from dataplatform.security.anchor_file import read_anchors
from dataplatform.security.audit_chain import AuditReport
from dataplatform.security.trail_anchor import verify_trail

DIFFERENCES_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Stored:
    """What the relational store holds. ``missing``: told and not there; ``different``: not as told."""

    decisions: int
    by_id: Mapping[str, Decision]
    missing: tuple[str, ...]
    different: tuple[str, ...]
    audit: AuditReport
    anchored_head: str | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """A second opinion on a sample: an implementation of its own, from the raw rows."""

    sample: int
    agreed: int
    differences: tuple[str, ...]


async def read_stored(settings: Settings, answers: Sequence[Answer]) -> Stored:
    """Open the stopped platform and look up every acknowledged decision."""
    found: dict[str, Decision] = {}
    missing, different = [], []
    async with offline_platform(settings, "Stop it first") as opened:
        platform = opened.platform
        for answer in answers:
            decision_id = str(answer.document["decision_id"])
            decision = await platform.decisions.find(decision_id)
            if decision is None:
                missing.append(decision_id)
                continue
            found[decision_id] = decision
            if not same_as_told(decision, answer):
                different.append(decision_id)
        count = await platform.decisions.count()
        anchors = read_anchors(DataPaths(settings.data_dir).anchors)
        audit = await verify_trail(platform.audit, anchors)
    return Stored(
        decisions=count,
        by_id=found,
        missing=tuple(missing),
        different=tuple(different),
        audit=audit,
        anchored_head=anchors[-1].digest if anchors else None,
    )


def same_as_told(decision: Decision, answer: Answer) -> bool:
    """Outcome, reasons in order, and policy, as the client was answered."""
    told = answer.document
    reasons = told["reasons"]
    policy = told["policy"]
    assert isinstance(reasons, list)
    assert isinstance(policy, dict)
    return (
        told["outcome"] == decision.verdict.outcome.value
        and [reason["code"] for reason in reasons] == [r.code for r in decision.verdict.reasons]
        and policy["id"] == decision.verdict.policy_id
    )


def digest_of(answers: Sequence[Answer], stored: Stored) -> str:
    """sha256 over the stored verdicts of these answers, in row order, ids and times aside."""
    digest = VerdictDigest()
    for answer in sorted(answers, key=lambda a: a.row):
        decision = stored.by_id.get(str(answer.document["decision_id"]))
        if decision is not None:
            digest.add(decision.application, decision.verdict)
    return digest.hexdigest()


def batch_digest(loans: Loans, settings: Settings, as_of: datetime) -> str:
    """The same digest by the other route: decided in process, without server or stores."""
    summary = BatchSummary()
    policy = load_policies(settings.policies, settings.policy).get()
    for _ in decide_batch(loans.converted, policy, as_of, summary):
        pass
    return summary.digest


def outcomes_of(answers: Sequence[Answer]) -> tuple[Counter[str], Counter[str]]:
    """Outcomes and reasons (at any rank), from what the client was told."""
    outcomes: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for answer in answers:
        outcomes[str(answer.document["outcome"])] += 1
        given = answer.document["reasons"]
        assert isinstance(given, list)
        reasons.update(str(reason["code"]) for reason in given)
    return outcomes, reasons


def ask_the_oracle(answers: Sequence[Answer], loans: Loans, sample: int, seed: int) -> Agreement:
    """Compare outcome and ordered reasons of a seeded sample with the second opinion."""
    chosen = random.Random(seed).sample(list(answers), min(sample, len(answers)))  # noqa: S311 - a fixed sample
    differences = []
    for answer in chosen:
        second = opinion(loans.source[answer.row].cells)
        given = answer.document["reasons"]
        assert isinstance(given, list)
        first = (str(answer.document["outcome"]), tuple(str(reason["code"]) for reason in given))
        if first != (second.outcome, second.reasons):
            differences.append(f"row {answer.row}: {first} and {(second.outcome, second.reasons)}")
    return Agreement(len(chosen), len(chosen) - len(differences), tuple(differences[:DIFFERENCES_SHOWN]))
