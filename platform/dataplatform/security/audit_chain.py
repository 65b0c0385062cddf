"""The hash chain of the audit trail, and its verification against anchors kept outside the database.

``digest = blake2b-256(previous digest || canonical entry)``; the canonical entry is the JSON array
``[sequence, at, actor, action, subject]``, a newline, and the body's bytes: every field is under the hash.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from credit.domain.canonical import instant_text
from credit.ports.records import AuditEntry

GENESIS = "0" * 64
ANCHOR_DUE = timedelta(minutes=5)  # after an entry; far more than any store takes, accelerated or not


@dataclass(frozen=True, slots=True)
class Anchor:
    """The chain's head as it was at an instant, written down elsewhere."""

    sequence: int
    digest: str
    at: datetime


class Damage(StrEnum):
    ALTERED = "altered"  # an entry does not have the digest it claims
    REMOVED = "removed"  # sequence numbers are missing within the chain
    REORDERED = "reordered"  # a sequence number comes after a higher one
    BROKEN_LINK = "broken_link"  # an entry does not continue the one before it
    TRUNCATED = "truncated"  # an anchor saw entries that the chain no longer has
    REWRITTEN = "rewritten"  # the chain is whole, but not the one that was anchored


@dataclass(frozen=True, slots=True)
class AuditFinding:
    damage: Damage
    sequence: int
    detail: str


@dataclass(frozen=True, slots=True)
class AuditReport:
    """``unanchored`` entries follow the newest anchor, the first of them at ``unanchored_since``: the last
    group before a crash, at most. ``head_at`` is the newest entry's instant."""

    entries: int
    by_action: Mapping[str, int]
    head_sequence: int
    head_digest: str
    anchors: int
    unanchored: int
    unanchored_since: datetime | None
    head_at: datetime | None
    findings: tuple[AuditFinding, ...]

    @property
    def intact(self) -> bool:
        return not self.findings

    def is_unconfirmed(self, now: datetime) -> bool:
        """Whether an anchor was due and is not there: without it, nothing outside the database tells this
        trail from one made anew. A crash keeps the last anchor from being made, but never all of them."""
        if self.unanchored_since is None or self.head_at is None:
            return False
        seen = self.head_at if self.anchors else max(self.head_at, now)
        return seen - self.unanchored_since > ANCHOR_DUE


def link(
    previous: str, sequence: int, at: datetime, actor: str, action: str, subject: str, body: bytes
) -> str:
    """The digest (64 hex digits) of the entry that follows ``previous``."""
    header = json.dumps([sequence, instant_text(at), actor, action, subject], separators=(",", ":"))
    content = bytes.fromhex(previous) + header.encode() + b"\n" + body
    return hashlib.blake2b(content, digest_size=32).hexdigest()


class ChainVerifier:
    """Takes entries in stored order, a page at a time, then says what is wrong."""

    def __init__(self, anchors: Sequence[Anchor]) -> None:
        self._anchors = {anchor.sequence: anchor for anchor in anchors}
        self._newest = max(self._anchors, default=0)
        self._findings: list[AuditFinding] = []
        self._actions: Counter[str] = Counter()
        self._sequence = 0
        self._digest = GENESIS
        self._head_at: datetime | None = None
        self._unanchored_since: datetime | None = None

    def feed(self, entries: Iterable[AuditEntry]) -> None:
        for entry in entries:
            self._check_place(entry)
            self._check_digest(entry)
            self._actions[entry.action] += 1
            self._head_at = entry.at
            if entry.sequence > self._newest and self._unanchored_since is None:
                self._unanchored_since = entry.at
            self._sequence, self._digest = max(self._sequence, entry.sequence), entry.digest

    def report(self) -> AuditReport:
        if self._newest > self._sequence:
            self._find(
                Damage.TRUNCATED,
                self._newest,
                f"the chain ends at {self._sequence}, but {self._newest} has an anchor from "
                f"{instant_text(self._anchors[self._newest].at)}",
            )
        return AuditReport(
            entries=self._actions.total(),
            by_action=dict(sorted(self._actions.items())),
            head_sequence=self._sequence,
            head_digest=self._digest,
            anchors=len(self._anchors),
            unanchored=max(0, self._sequence - self._newest),
            unanchored_since=self._unanchored_since,
            head_at=self._head_at,
            findings=tuple(self._findings),
        )

    def _check_place(self, entry: AuditEntry) -> None:
        expected = self._sequence + 1
        if entry.sequence > expected:
            self._find(Damage.REMOVED, expected, f"entries {expected} to {entry.sequence - 1} are missing")
        elif entry.sequence < expected:
            self._find(Damage.REORDERED, entry.sequence, f"it is in the place of entry {expected}")
        elif entry.previous != self._digest:
            self._find(Damage.BROKEN_LINK, entry.sequence, "it does not continue the entry before it")

    def _check_digest(self, entry: AuditEntry) -> None:
        expected = link(
            entry.previous, entry.sequence, entry.at, entry.actor, entry.action, entry.subject, entry.body
        )
        if entry.digest != expected:
            self._find(Damage.ALTERED, entry.sequence, "its content does not match its digest")
        anchor = self._anchors.get(entry.sequence)
        if anchor is not None and anchor.digest != entry.digest:
            self._find(Damage.REWRITTEN, entry.sequence, "it does not match its anchor")

    def _find(self, damage: Damage, sequence: int, detail: str) -> None:
        self._findings.append(AuditFinding(damage, sequence, detail))
