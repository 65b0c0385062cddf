"""Stores that are wrong in one way each; ``breaks`` names the promise of the contract that catches it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from credit.domain.canonical import decision_bytes
from credit.domain.customer import CustomerProfile, Transaction
from credit.domain.decision import Decision
from credit.domain.errors import InvalidValue
from credit.ports.projections import HotItem, WideRow
from credit.ports.records import AuditEntry, IdempotencyKey, OutboxRow, RecordedDecision
from credit.ports.stream import StreamRecord
from dataplatform.observability.carried_trace import behind
from dataplatform.stores.memory.projections import MemoryCache, MemoryHotStore, MemoryWideStore
from dataplatform.stores.memory.relational import (
    MemoryAuditTrail,
    MemoryCustomerRecords,
    MemoryDecisionRecords,
    MemoryOutbox,
    MemoryTransactionRecords,
)
from dataplatform.stores.memory.stream import MemoryStream


class LosesDecisions(MemoryDecisionRecords):
    breaks = "what_was_recorded_is_found_unchanged"

    async def record(self, decision: Decision, key: IdempotencyKey | None) -> RecordedDecision:
        return RecordedDecision(decision, replayed=False)


class ForgetsIdempotency(MemoryDecisionRecords):
    breaks = "the_same_key_and_body_replay_the_first_decision"

    async def record(self, decision: Decision, key: IdempotencyKey | None) -> RecordedDecision:
        return await super().record(decision, None)


class IgnoresTheBody(MemoryDecisionRecords):
    breaks = "the_same_key_with_another_body_is_refused_and_writes_nothing"

    async def record(self, decision: Decision, key: IdempotencyKey | None) -> RecordedDecision:
        return await super().record(decision, key and replace(key, body_digest="same"))


class RecordsBeforeItRefuses(MemoryDecisionRecords):
    """Not atomic: the outbox row is written before the key is looked at."""

    breaks = "the_same_key_with_another_body_is_refused_and_writes_nothing"

    async def record(self, decision: Decision, key: IdempotencyKey | None) -> RecordedDecision:
        self._tables.add_outbox("decision", decision.decision_id, 1, decision_bytes(decision))
        return await super().record(decision, key)


class SharesKeysAmongClients(MemoryDecisionRecords):
    breaks = "keys_of_different_clients_do_not_meet"

    async def record(self, decision: Decision, key: IdempotencyKey | None) -> RecordedDecision:
        return await super().record(decision, key and replace(key, client_id="everybody"))


class LooksThenWrites(MemoryDecisionRecords):
    """Checks the key, gives way to others, then records."""

    breaks = "concurrent_calls_with_one_key_record_exactly_once"

    async def record(self, decision: Decision, key: IdempotencyKey | None) -> RecordedDecision:
        known = None if key is None else await self.find_by_key(key)
        await asyncio.sleep(0)
        return RecordedDecision(known, replayed=True) if known else await super().record(decision, None)


class RecordsWithoutAudit(MemoryDecisionRecords):
    breaks = "a_decision_comes_with_its_audit_entry_and_outbox_row"

    async def record(self, decision: Decision, key: IdempotencyKey | None) -> RecordedDecision:
        recorded = await super().record(decision, key)
        self._tables.audit.clear()
        return recorded


class RecordsWithoutOutbox(MemoryDecisionRecords):
    breaks = "a_decision_comes_with_its_audit_entry_and_outbox_row"

    async def record(self, decision: Decision, key: IdempotencyKey | None) -> RecordedDecision:
        recorded = await super().record(decision, key)
        self._tables.outbox.clear()
        return recorded


class OldestDecisionsFirst(MemoryDecisionRecords):
    breaks = "a_customers_decisions_come_newest_first_in_pages"

    async def of_customer(
        self, customer_id: str, limit: int, before: str | None = None
    ) -> Sequence[Decision]:
        return list(reversed(await super().of_customer(customer_id, limit, before)))


class LosesTheTrace(MemoryDecisionRecords):
    breaks = "the_trace_and_facts_survive_byte_for_byte"

    async def find(self, decision_id: str) -> Decision | None:
        found = await super().find(decision_id)
        return found and replace(found, verdict=replace(found.verdict, trace=()))


class IgnoresProfileVersions(MemoryCustomerRecords):
    breaks = "the_same_or_an_older_version_writes_nothing"

    def _upsert(self, profile: CustomerProfile) -> bool:
        self._tables.customers.pop(profile.customer_id, None)
        return super()._upsert(profile)


class KeepsTheFirstProfile(MemoryCustomerRecords):
    breaks = "a_newer_version_replaces_an_older_one"

    def _upsert(self, profile: CustomerProfile) -> bool:
        return profile.customer_id not in self._tables.customers and super()._upsert(profile)


class MissingFactsBecomeZero(MemoryCustomerRecords):
    breaks = "a_profile_is_read_back_unchanged"

    async def get(self, customer_id: str) -> CustomerProfile | None:
        found = await super().get(customer_id)
        return found and replace(found, monthly_income_cents=found.monthly_income_cents or 0)


class WritesHalfABatch(MemoryCustomerRecords):
    breaks = "a_batch_with_a_refused_profile_writes_nothing"

    async def upsert_many(self, profiles: Sequence[CustomerProfile]) -> Sequence[bool]:
        return [(await super(WritesHalfABatch, self).upsert_many([profile]))[0] for profile in profiles]


class LetsTwoPeopleShareACpf(MemoryCustomerRecords):
    breaks = "a_cpf_belongs_to_one_customer"

    def _check_cpfs(self, profiles: Sequence[CustomerProfile]) -> None:
        return None


class ScansOnlyOnePage(MemoryCustomerRecords):
    breaks = "a_scan_walks_everybody_once_in_order"

    async def scan(self, limit: int, after: str | None = None) -> Sequence[CustomerProfile]:
        return [] if after else await super().scan(limit)


class ForgetsToProjectProfiles(MemoryCustomerRecords):
    breaks = "each_accepted_version_is_audited_and_projected"

    def _upsert(self, profile: CustomerProfile) -> bool:
        written = super()._upsert(profile)
        self._tables.outbox.clear()
        return written


class AddsTransactionsTwice(MemoryTransactionRecords):
    breaks = "a_known_id_is_not_added_again"

    def _add(self, item: Transaction) -> bool:
        self._tables.transactions.pop(item.transaction_id, None)
        return super()._add(item)


class ProjectsDuplicates(MemoryTransactionRecords):
    breaks = "each_new_transaction_is_projected_once"

    def _add(self, item: Transaction) -> bool:
        if item.transaction_id in self._tables.transactions:
            self._tables.add_outbox("transaction", item.transaction_id, 1, b"{}")
        return super()._add(item)


class AddsUntilRefused(MemoryTransactionRecords):
    breaks = "a_batch_for_an_unknown_customer_writes_nothing"

    async def add_many(self, transactions: Sequence[Transaction]) -> Sequence[bool]:
        added = []
        for item in transactions:
            if item.customer_id not in self._tables.customers:
                raise InvalidValue("customer_id", "no such customer", "Send the customer first")
            added.append(self._add(item))
        return added


class IncludesTheEnd(MemoryTransactionRecords):
    breaks = "a_span_includes_its_start_and_not_its_end"

    async def of_customer(
        self, customer_id: str, since: datetime, until: datetime, limit: int
    ) -> Sequence[Transaction]:
        return await super().of_customer(customer_id, since, until + timedelta(microseconds=1), limit)


class MixesCustomers(MemoryTransactionRecords):
    breaks = "a_customer_sees_own_transactions_only"

    async def of_customer(
        self, customer_id: str, since: datetime, until: datetime, limit: int
    ) -> Sequence[Transaction]:
        return list(self._tables.transactions.values())


class GivesRowsToEverybody(MemoryOutbox):
    breaks = "a_held_row_is_nobody_elses"

    async def claim(self, worker: str, limit: int, lease_seconds: float) -> Sequence[OutboxRow]:
        return [held.row for held in self._tables.outbox.values()][:limit]


class NewestRowsFirst(MemoryOutbox):
    breaks = "rows_come_oldest_first"

    async def claim(self, worker: str, limit: int, lease_seconds: float) -> Sequence[OutboxRow]:
        return list(reversed(await super().claim(worker, limit, lease_seconds)))


class LeasesForEver(MemoryOutbox):
    breaks = "a_lease_that_ran_out_frees_the_row"

    async def claim(self, worker: str, limit: int, lease_seconds: float) -> Sequence[OutboxRow]:
        return await super().claim(worker, limit, 1e9)


class ForgetsTraces(MemoryOutbox):
    breaks = "a_row_carries_the_trace_of_the_work_that_wrote_it_and_its_payload_is_as_it_was"

    async def claim(self, worker: str, limit: int, lease_seconds: float) -> Sequence[OutboxRow]:
        return [replace(row, trace="") for row in await super().claim(worker, limit, lease_seconds)]


class LeavesTracesInPayloads(MemoryOutbox):
    breaks = "a_row_carries_the_trace_of_the_work_that_wrote_it_and_its_payload_is_as_it_was"

    async def claim(self, worker: str, limit: int, lease_seconds: float) -> Sequence[OutboxRow]:
        rows = await super().claim(worker, limit, lease_seconds)
        return [replace(row, payload=behind(row.trace, row.payload)) for row in rows]


class MixesTraces(MemoryOutbox):
    breaks = "rows_written_at_once_carry_the_traces_of_their_own_records"

    async def claim(self, worker: str, limit: int, lease_seconds: float) -> Sequence[OutboxRow]:
        rows = await super().claim(worker, limit, lease_seconds)
        return [replace(row, trace=rows[0].trace) for row in rows]


class AnybodyMaySettleRows(MemoryOutbox):
    breaks = "a_row_taken_by_another_is_not_done_by_the_first"

    def _held(self, worker: str, row_ids: Sequence[int]) -> list[int]:
        return [row_id for row_id in row_ids if row_id in self._tables.outbox]


class LetsAKeyOvertakeItself(MemoryOutbox):
    breaks = "a_later_row_of_a_key_waits_for_the_earlier_one"

    async def claim(self, worker: str, limit: int, lease_seconds: float) -> Sequence[OutboxRow]:
        now = self._tables.clock.now()
        free = [h for h in self._tables.outbox.values() if h.until is None or h.until <= now][:limit]
        for held in free:
            held.holder, held.until = worker, now + timedelta(seconds=lease_seconds)
        return [held.row for held in free]


class DropsFailedRows(MemoryOutbox):
    breaks = "a_failed_row_comes_back_with_one_attempt_more"

    async def failed(self, worker: str, row_ids: Sequence[int], reason: str) -> None:
        await self.done(worker, row_ids)


class BreaksTheChain(MemoryAuditTrail):
    breaks = "each_entry_links_to_the_one_before"

    async def entries(self, limit: int, after_sequence: int = 0) -> Sequence[AuditEntry]:
        found = await super().entries(limit, after_sequence)
        return [replace(entry, previous="0" * 64) for entry in found]


class ForgetsTheActor(MemoryAuditTrail):
    breaks = "an_entry_is_kept_whole"

    async def append(self, actor: str, action: str, subject: str, body: bytes) -> AuditEntry:
        return await super().append("somebody", action, subject, body)


class SkipsANumber(MemoryAuditTrail):
    breaks = "sequences_have_no_gap_even_after_refused_work"

    async def append(self, actor: str, action: str, subject: str, body: bytes) -> AuditEntry:
        entry = await super().append(actor, action, subject, body)
        self._tables.audit[-1] = replace(entry, sequence=entry.sequence + 1)
        return self._tables.audit[-1]


class SlowHead(MemoryAuditTrail):
    breaks = "the_head_is_the_newest_entry"

    async def head(self) -> AuditEntry | None:
        return self._tables.audit[0] if self._tables.audit else None


class IgnoresThePage(MemoryAuditTrail):
    breaks = "entries_come_in_pages"

    async def entries(self, limit: int, after_sequence: int = 0) -> Sequence[AuditEntry]:
        return list(self._tables.audit)


class IgnoresHotVersions(MemoryHotStore):
    breaks = "only_a_newer_version_is_written"

    async def put_if_newer(self, item: HotItem) -> bool:
        self._items[item.customer_id, item.data_type] = item
        return True


class ChecksThenPuts(MemoryHotStore):
    """Reads, gives way to others, then writes."""

    breaks = "of_concurrent_writes_the_newest_stays"

    async def put_if_newer(self, item: HotItem) -> bool:
        stored = await self.get(item.customer_id, item.data_type)
        await asyncio.sleep(0)
        if stored is not None and stored.version >= item.version:
            return False
        self._items[item.customer_id, item.data_type] = item
        return True


class NeverExpires(MemoryHotStore):
    breaks = "an_expired_item_is_absent_everywhere"

    def _live(self, item: HotItem) -> bool:
        return True


class TombstonesForEver(MemoryHotStore):
    breaks = "a_deleted_item_is_gone_and_may_come_back"

    async def delete(self, customer_id: str, data_type: str) -> None:
        item = self._items.get((customer_id, data_type))
        if item is not None:
            self._items[customer_id, data_type] = replace(item, version=item.version + 1)


class IgnoresThePrefix(MemoryHotStore):
    breaks = "a_customers_items_come_in_order_of_type"

    async def query_customer(self, customer_id: str, prefix: str = "", limit: int = 100) -> Sequence[HotItem]:
        return await super().query_customer(customer_id, "", limit)


class OldestFirst(MemoryHotStore):
    breaks = "the_status_index_answers_newest_first_since_an_instant"

    async def query_status(self, status: str, since: datetime, limit: int = 100) -> Sequence[HotItem]:
        return list(reversed(await super().query_status(status, since, limit)))


class MatchesWholeTypes(MemoryHotStore):
    breaks = "the_type_index_answers_by_family_newest_first"

    async def query_type(self, data_type: str, since: datetime, limit: int = 100) -> Sequence[HotItem]:
        return [item for item in self._all() if item.data_type == data_type]


class ScanSkipsTheBoundary(MemoryHotStore):
    breaks = "a_scan_walks_every_item_once"

    async def scan(self, limit: int, after: tuple[str, str] | None = None) -> Sequence[HotItem]:
        found = [item for item in self._all() if after is None or item.customer_id > after[0]]
        return found[:limit]


class IgnoresWideVersions(MemoryWideStore):
    breaks = "only_a_newer_version_is_written"

    async def put_if_newer(self, row: WideRow) -> bool:
        self._rows[row.customer_id, row.data_type] = row
        return True


class ChecksThenWritesWide(MemoryWideStore):
    breaks = "of_concurrent_writes_the_newest_stays"

    async def put_if_newer(self, row: WideRow) -> bool:
        stored = await self.get(row.customer_id, row.data_type)
        await asyncio.sleep(0)
        if stored is not None and stored.version >= row.version:
            return False
        self._rows[row.customer_id, row.data_type] = row
        return True


class RangeIncludesTheEnd(MemoryWideStore):
    breaks = "a_range_includes_its_start_and_not_its_end"

    async def range(self, customer_id: str, start: str, end: str, limit: int = 100) -> Sequence[WideRow]:
        return await super().range(customer_id, start, end + "\0", limit)


class WideNeverExpires(MemoryWideStore):
    breaks = "an_expired_row_is_absent_everywhere"

    def _live(self, row: WideRow) -> bool:
        return True


class LosesColumns(MemoryWideStore):
    breaks = "a_row_is_read_back_unchanged"

    async def put_if_newer(self, row: WideRow) -> bool:
        kept = {name: value for name, value in row.columns.items() if value is not None}
        return await super().put_if_newer(replace(row, columns=kept))


class WideScanRepeats(MemoryWideStore):
    breaks = "a_scan_walks_every_row_once_customer_by_customer"

    async def scan(self, limit: int, after: tuple[str, str] | None = None) -> Sequence[WideRow]:
        found = [row for row in self._all() if (row.customer_id, row.data_type) > (after or ("", ""))]
        return sorted(found, key=lambda row: row.data_type)[:limit]


class WideScanStopsAtAGap(MemoryWideStore):
    breaks = "a_scan_goes_on_after_a_row_that_is_gone"

    async def scan(self, limit: int, after: tuple[str, str] | None = None) -> Sequence[WideRow]:
        return [] if after and after not in self._rows else await super().scan(limit, after)


class CacheNeverExpires(MemoryCache):
    breaks = "a_value_lives_for_its_time_and_no_longer"

    async def set(self, key: str, value: bytes, ttl_seconds: float) -> None:
        await super().set(key, value, 1e9)


class CacheKeepsTheFirst(MemoryCache):
    breaks = "setting_again_replaces_value_and_time"

    async def set(self, key: str, value: bytes, ttl_seconds: float) -> None:
        if await self.get(key) is None:
            await super().set(key, value, ttl_seconds)


class CacheForgetsToDelete(MemoryCache):
    breaks = "a_deleted_value_is_a_miss"

    async def delete(self, key: str) -> None:
        return None


class CacheDeletesTooMuch(MemoryCache):
    breaks = "a_deleted_value_is_a_miss"

    async def delete(self, key: str) -> None:
        self._entries.clear()


class CachePrefixIsAKey(MemoryCache):
    breaks = "a_prefix_takes_all_its_keys_and_no_other"

    async def delete_prefix(self, prefix: str) -> None:
        await self.delete(prefix)


class CachePrefixIsAPattern(MemoryCache):
    breaks = "a_prefix_takes_all_its_keys_and_no_other"

    async def delete_prefix(self, prefix: str) -> None:
        for key in [key for key in self._entries if fnmatchcase(key, prefix + "*")]:
            await self.delete(key)


class CacheWithoutBound(MemoryCache):
    breaks = "it_never_holds_more_than_its_bound_and_keeps_the_newest"

    async def set(self, key: str, value: bytes, ttl_seconds: float) -> None:
        self._max_entries = 1_000_000
        await super().set(key, value, ttl_seconds)


class LosesRecords(MemoryStream):
    breaks = "records_come_out_as_they_went_in"

    async def put(self, records: Sequence[tuple[str, bytes]]) -> Sequence[str]:
        return await super().put(records[:-1])


class LeaseNotRespected(MemoryStream):
    breaks = "a_leased_record_is_nobody_elses"

    async def lease(self, worker: str, limit: int, lease_seconds: float) -> Sequence[StreamRecord]:
        return [held.record for held in self._table._records.values()][:limit]


class Reorders(MemoryStream):
    """Hands out later records of a partition while an earlier one is held."""

    breaks = "a_partition_stays_in_order_across_workers"

    async def lease(self, worker: str, limit: int, lease_seconds: float) -> Sequence[StreamRecord]:
        now = self._clock.now()
        free = [h for h in self._table._records.values() if h.until is None or h.until <= now][:limit]
        for held in free:
            held.holder, held.until = worker, now + timedelta(seconds=lease_seconds)
        return [held.record for held in free]


class AcknowledgesForOthers(MemoryStream):
    breaks = "what_another_holds_now_is_not_the_first_ones_to_settle"

    async def ack(self, worker: str, sequences: Sequence[str]) -> None:
        for sequence in sequences:
            self._table._records.pop(sequence, None)


class ForgetsAttempts(MemoryStream):
    breaks = "a_retried_record_comes_back_with_one_attempt_more"

    async def retry(self, worker: str, sequences: Sequence[str]) -> None:
        for held in self._table._records.values():
            held.holder = held.until = None


class DropsPoison(MemoryStream):
    breaks = "a_buried_record_is_kept_whole_with_its_reason"

    async def bury(self, worker: str, sequence: str, reason: str) -> None:
        await self.ack(worker, [sequence])


class ReplaysNothing(MemoryStream):
    breaks = "a_replayed_dead_letter_is_processed_again"

    async def replay(self, sequences: Sequence[str]) -> int:
        return len(sequences)


class OldestIsNewest(MemoryStream):
    breaks = "the_oldest_waits_since_it_was_put"

    async def oldest(self) -> datetime | None:
        arrivals = [held.record.arrived_at for held in self._table._records.values()]
        return max(arrivals, default=None)


class LeasesNeverEnd(MemoryStream):
    breaks = "a_lease_that_ran_out_counts_as_an_attempt"

    async def lease(self, worker: str, limit: int, lease_seconds: float) -> Sequence[StreamRecord]:
        return await super().lease(worker, limit, 1e9)


DECISIONS = (
    LosesDecisions,
    ForgetsIdempotency,
    IgnoresTheBody,
    RecordsBeforeItRefuses,
    SharesKeysAmongClients,
    LooksThenWrites,
    RecordsWithoutAudit,
    RecordsWithoutOutbox,
    OldestDecisionsFirst,
    LosesTheTrace,
)
CUSTOMERS = (
    IgnoresProfileVersions,
    KeepsTheFirstProfile,
    MissingFactsBecomeZero,
    WritesHalfABatch,
    LetsTwoPeopleShareACpf,
    ScansOnlyOnePage,
    ForgetsToProjectProfiles,
)
TRANSACTIONS = (AddsTransactionsTwice, ProjectsDuplicates, AddsUntilRefused, IncludesTheEnd, MixesCustomers)
OUTBOXES = (
    GivesRowsToEverybody,
    NewestRowsFirst,
    LeasesForEver,
    AnybodyMaySettleRows,
    LetsAKeyOvertakeItself,
    DropsFailedRows,
    ForgetsTraces,
    LeavesTracesInPayloads,
    MixesTraces,
)
AUDIT_TRAILS = (BreaksTheChain, ForgetsTheActor, SkipsANumber, SlowHead, IgnoresThePage)
HOT_STORES = (
    IgnoresHotVersions,
    ChecksThenPuts,
    NeverExpires,
    TombstonesForEver,
    IgnoresThePrefix,
    OldestFirst,
    MatchesWholeTypes,
    ScanSkipsTheBoundary,
)
WIDE_STORES = (
    IgnoresWideVersions,
    ChecksThenWritesWide,
    RangeIncludesTheEnd,
    WideNeverExpires,
    LosesColumns,
    WideScanRepeats,
    WideScanStopsAtAGap,
)
CACHES = (
    CacheNeverExpires,
    CacheKeepsTheFirst,
    CacheForgetsToDelete,
    CacheDeletesTooMuch,
    CachePrefixIsAKey,
    CachePrefixIsAPattern,
    CacheWithoutBound,
)
STREAMS = (
    LosesRecords,
    LeaseNotRespected,
    Reorders,
    AcknowledgesForOthers,
    ForgetsAttempts,
    DropsPoison,
    ReplaysNothing,
    OldestIsNewest,
    LeasesNeverEnd,
)
