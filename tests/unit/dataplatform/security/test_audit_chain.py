"""Every way to tamper with the trail is found and named."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.ports.records import AuditEntry
from dataplatform.security.audit_chain import GENESIS, Anchor, Damage, link
from tests.support.credit_samples import NOON
from tests.support.whole_chain import verify


def chain(count: int, start: int = 1, previous: str = GENESIS) -> list[AuditEntry]:
    entries = []
    for sequence in range(start, start + count):
        at, body = NOON + timedelta(seconds=sequence), f'{{"n":{sequence}}}'.encode()
        digest = link(previous, sequence, at, "ana", "cpf.read", f"C-{sequence}", body)
        entries.append(AuditEntry(sequence, at, "ana", "cpf.read", f"C-{sequence}", body, previous, digest))
        previous = digest
    return entries


def anchor(entries: list[AuditEntry], sequence: int) -> Anchor:
    return Anchor(sequence, entries[sequence - 1].digest, NOON)


def damages(entries: list[AuditEntry], *anchors: Anchor) -> set[Damage]:
    return {finding.damage for finding in verify(entries, anchors).findings}


def test_a_whole_chain_is_intact_and_counted() -> None:
    entries = chain(10)
    report = verify(entries, [anchor(entries, 5), anchor(entries, 10)])
    assert report.intact
    assert (report.entries, report.head_sequence, report.head_digest) == (10, 10, entries[-1].digest)
    assert (report.by_action, report.anchors, report.unanchored) == ({"cpf.read": 10}, 2, 0)


def test_an_empty_chain_without_anchors_is_intact() -> None:
    assert verify([], []).intact


@given(
    st.integers(0, 9),
    st.sampled_from(
        [
            {"body": b"{}"},
            {"actor": "eve"},
            {"action": "nothing"},
            {"subject": "C-0"},
            {"at": NOON - timedelta(days=1)},
        ]
    ),
)
def test_altering_any_field_of_any_entry_is_found(place: int, change: dict[str, object]) -> None:
    entries = chain(10)
    entries[place] = replace(entries[place], **change)  # type: ignore[arg-type]
    assert Damage.ALTERED in damages(entries)


def test_an_altered_entry_with_its_digest_recomputed_breaks_the_link() -> None:
    entries = chain(10)
    old = entries[4]
    forged = link(old.previous, 5, old.at, old.actor, old.action, old.subject, b"{}")
    entries[4] = replace(old, body=b"{}", digest=forged)
    assert damages(entries) == {Damage.BROKEN_LINK}


def test_a_removed_entry_is_found_with_its_number() -> None:
    entries = chain(10)
    del entries[4]
    (finding,) = [f for f in verify(entries, []).findings if f.damage is Damage.REMOVED]
    assert (finding.sequence, finding.detail) == (5, "entries 5 to 5 are missing")


def test_a_removed_beginning_is_found() -> None:
    assert Damage.REMOVED in damages(chain(10)[3:])


def test_a_cut_tail_is_invisible_to_the_chain_and_found_by_the_anchor() -> None:
    entries = chain(10)
    assert damages(entries[:7]) == set()
    assert damages(entries[:7], anchor(entries, 10)) == {Damage.TRUNCATED}
    assert damages([], anchor(entries, 10)) == {Damage.TRUNCATED}


def test_reordered_entries_are_found() -> None:
    entries = chain(10)
    entries[3], entries[4] = entries[4], entries[3]
    assert Damage.REORDERED in damages(entries)


def test_a_whole_chain_rewritten_after_the_fact_is_found_by_the_anchor() -> None:
    entries = chain(10)
    first = replace(entries[0], body=b"{}")
    digest = link(GENESIS, 1, first.at, first.actor, first.action, first.subject, first.body)
    rewritten = [replace(first, digest=digest), *chain(9, start=2, previous=digest)]
    assert damages(rewritten) == set()
    assert damages(rewritten, anchor(entries, 10)) == {Damage.REWRITTEN}


def test_a_chain_ahead_of_its_anchor_is_fine() -> None:
    entries = chain(10)
    report = verify(entries, [anchor(entries, 7)])
    assert (report.intact, report.unanchored) == (True, 3)


def test_a_trail_without_the_anchors_that_were_due_is_not_confirmed() -> None:
    entries = chain(400)  # one a second
    now = entries[-1].at
    assert verify(entries, []).is_unconfirmed(now)
    assert verify(entries, [anchor(entries, 50)]).is_unconfirmed(now), "the file was cut"
    assert not verify(entries, [anchor(entries, 390)]).is_unconfirmed(now + timedelta(days=9)), "a crash"
    assert not verify(entries, [anchor(entries, 400)]).is_unconfirmed(now + timedelta(days=9))


def test_a_trail_is_confirmed_once_its_first_anchor_is_due() -> None:
    young = verify(chain(10), [])
    assert not young.is_unconfirmed(NOON + timedelta(minutes=1))
    assert young.is_unconfirmed(NOON + timedelta(minutes=6))
    assert not verify([], []).is_unconfirmed(NOON + timedelta(days=1))


@pytest.mark.parametrize("swap", [("a\nb", "c"), ("a", "b\nc")])
def test_fields_cannot_be_shifted_into_each_other(swap: tuple[str, str]) -> None:
    plain = link(GENESIS, 1, NOON, "a", "x", "b", b"c")
    assert link(GENESIS, 1, NOON, swap[0], "x", swap[1], b"c") != plain
