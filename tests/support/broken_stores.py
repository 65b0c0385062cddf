"""Stores that are wrong in one way each; ``breaks`` names the promise of the contract that catches it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from credit.domain.canonical import decision_bytes
from credit.domain.customer import CustomerProfile, Transaction
from credit.domain.decision import Decision
from credit.ports.projections import HotItem, WideRow
from credit.ports.records import AuditEntry, IdempotencyKey, OutboxRow, RecordedDecision
from credit.ports.stream import StreamRecord
from dataplatform.observability.carried_trace import behind
from dataplatform.stores.memory_cache import MemoryCache
from dataplatform.stores.relational.audit import SqlAuditTrail
from dataplatform.stores.relational.customers import SqlCustomerRecords
from dataplatform.stores.relational.decisions import SqlDecisionRecords
from dataplatform.stores.relational.outbox import OutboxChange, SqlOutbox, insert_changes
from dataplatform.stores.relational.session import NOTHING, RelationalDatabase, RelationalSession, Values
from dataplatform.stores.relational.transactions import (
    TRANSACTION_COLUMNS,
    SqlTransactionRecords,
    transaction_from_row,
)
from dataplatform.stores.sqlite.hot import SqliteHotStore
from dataplatform.stores.sqlite.stream import SqliteStream
from dataplatform.stores.sqlite.wide import SqliteWideStore
from foundation.instants import from_micros, seconds_to_micros, to_micros


async def changed(database: RelationalDatabase, statement: str, values: Values = NOTHING) -> None:
    await database.write(lambda session: session.change(statement, values))


async def emptied(database: RelationalDatabase, table: str) -> None:
    await changed(database, f"DROP TRIGGER IF EXISTS {table}_is_append_only_delete")
    await changed(database, f"DELETE FROM {table}")


class LosesDecisions(SqlDecisionRecords):
    breaks = "what_was_recorded_is_found_unchanged"

    async def record(self, decision: Decision, key: IdempotencyKey | None) -> RecordedDecision:
        return RecordedDecision(decision, replayed=False)


class ForgetsIdempotency(SqlDecisionRecords):
    breaks = "the_same_key_and_body_replay_the_first_decision"

    async def record(self, decision: Decision, key: IdempotencyKey | None) -> RecordedDecision:
        return await super().record(decision, None)


class IgnoresTheBody(SqlDecisionRecords):
    breaks = "the_same_key_with_another_body_is_refused_and_writes_nothing"

    async def record(self, decision: Decision, key: IdempotencyKey | None) -> RecordedDecision:
        return await super().record(decision, key and replace(key, body_digest="same"))


class RecordsBeforeItRefuses(SqlDecisionRecords):
    """Not atomic: the outbox row is written before the key is looked at."""

    breaks = "the_same_key_with_another_body_is_refused_and_writes_nothing"

    async def record(self, decision: Decision, key: IdempotencyKey | None) -> RecordedDecision:
        change = OutboxChange("decision", decision.decision_id, 1, decision_bytes(decision))
        await self._database.write(lambda session: insert_changes(session, [change]))
        return await super().record(decision, key)


class SharesKeysAmongClients(SqlDecisionRecords):
    breaks = "keys_of_different_clients_do_not_meet"

    async def record(self, decision: Decision, key: IdempotencyKey | None) -> RecordedDecision:
        return await super().record(decision, key and replace(key, client_id="everybody"))


class LooksThenWrites(SqlDecisionRecords):
    """Checks the key, gives way to others, then records."""

    breaks = "concurrent_calls_with_one_key_record_exactly_once"

    async def record(self, decision: Decision, key: IdempotencyKey | None) -> RecordedDecision:
        known = None if key is None else await self.find_by_key(key)
        await asyncio.sleep(0)
        return RecordedDecision(known, replayed=True) if known else await super().record(decision, None)


class RecordsWithoutAudit(SqlDecisionRecords):
    breaks = "a_decision_comes_with_its_audit_entry_and_outbox_row"

    async def record(self, decision: Decision, key: IdempotencyKey | None) -> RecordedDecision:
        recorded = await super().record(decision, key)
        await emptied(self._database, "audit")
        return recorded


class RecordsWithoutOutbox(SqlDecisionRecords):
    breaks = "a_decision_comes_with_its_audit_entry_and_outbox_row"

    async def record(self, decision: Decision, key: IdempotencyKey | None) -> RecordedDecision:
        recorded = await super().record(decision, key)
        await emptied(self._database, "outbox")
        return recorded


class OldestDecisionsFirst(SqlDecisionRecords):
    breaks = "a_customers_decisions_come_newest_first_in_pages"

    async def of_customer(
        self, customer_id: str, limit: int, before: str | None = None
    ) -> Sequence[Decision]:
        return list(reversed(await super().of_customer(customer_id, limit, before)))


class LosesTheTrace(SqlDecisionRecords):
    breaks = "the_trace_and_facts_survive_byte_for_byte"

    async def find(self, decision_id: str) -> Decision | None:
        found = await super().find(decision_id)
        return found and replace(found, verdict=replace(found.verdict, trace=()))


class IgnoresProfileVersions(SqlCustomerRecords):
    breaks = "the_same_or_an_older_version_writes_nothing"

    async def upsert_many(self, profiles: Sequence[CustomerProfile]) -> Sequence[bool]:
        await emptied(self._database, "customers")
        return await super().upsert_many(profiles)


class KeepsTheFirstProfile(SqlCustomerRecords):
    breaks = "a_newer_version_replaces_an_older_one"

    async def upsert_many(self, profiles: Sequence[CustomerProfile]) -> Sequence[bool]:
        new = [profile for profile in profiles if await self.get(profile.customer_id) is None]
        return [*await super().upsert_many(new), *[False] * (len(profiles) - len(new))]


class MissingFactsBecomeZero(SqlCustomerRecords):
    breaks = "a_profile_is_read_back_unchanged"

    async def get(self, customer_id: str) -> CustomerProfile | None:
        found = await super().get(customer_id)
        return found and replace(found, monthly_income_cents=found.monthly_income_cents or 0)


class WritesHalfABatch(SqlCustomerRecords):
    breaks = "a_batch_with_a_refused_profile_writes_nothing"

    async def upsert_many(self, profiles: Sequence[CustomerProfile]) -> Sequence[bool]:
        return [(await super(WritesHalfABatch, self).upsert_many([profile]))[0] for profile in profiles]


class LetsTwoPeopleShareACpf(SqlCustomerRecords):
    breaks = "a_cpf_belongs_to_one_customer"

    async def upsert_many(self, profiles: Sequence[CustomerProfile]) -> Sequence[bool]:
        await changed(self._database, "DROP INDEX IF EXISTS idx_customer_cpf")
        return await super().upsert_many(profiles)


class ScansOnlyOnePage(SqlCustomerRecords):
    breaks = "a_scan_walks_everybody_once_in_order"

    async def scan(self, limit: int, after: str | None = None) -> Sequence[CustomerProfile]:
        return [] if after else await super().scan(limit)


class ForgetsToProjectProfiles(SqlCustomerRecords):
    breaks = "each_accepted_version_is_audited_and_projected"

    async def upsert_many(self, profiles: Sequence[CustomerProfile]) -> Sequence[bool]:
        written = await super().upsert_many(profiles)
        await emptied(self._database, "outbox")
        return written


class AddsTransactionsTwice(SqlTransactionRecords):
    breaks = "a_known_id_is_not_added_again"

    async def add_many(self, transactions: Sequence[Transaction]) -> Sequence[bool]:
        await emptied(self._database, "transactions")
        return await super().add_many(transactions)


class ProjectsDuplicates(SqlTransactionRecords):
    breaks = "each_new_transaction_is_projected_once"

    async def add_many(self, transactions: Sequence[Transaction]) -> Sequence[bool]:
        added = await super().add_many(transactions)
        again = [
            OutboxChange("transaction", item.transaction_id, 1, b"{}")
            for item, new in zip(transactions, added, strict=True)
            if not new
        ]
        await self._database.write(lambda session: insert_changes(session, again))
        return added


class AddsUntilRefused(SqlTransactionRecords):
    breaks = "a_batch_for_an_unknown_customer_writes_nothing"

    async def add_many(self, transactions: Sequence[Transaction]) -> Sequence[bool]:
        return [(await super(AddsUntilRefused, self).add_many([item]))[0] for item in transactions]


class IncludesTheEnd(SqlTransactionRecords):
    breaks = "a_span_includes_its_start_and_not_its_end"

    async def of_customer(
        self, customer_id: str, since: datetime, until: datetime, limit: int
    ) -> Sequence[Transaction]:
        return await super().of_customer(customer_id, since, until + timedelta(microseconds=1), limit)


class MixesCustomers(SqlTransactionRecords):
    breaks = "a_customer_sees_own_transactions_only"

    async def of_customer(
        self, customer_id: str, since: datetime, until: datetime, limit: int
    ) -> Sequence[Transaction]:
        everything = f"SELECT {', '.join(TRANSACTION_COLUMNS)} FROM transactions"
        rows = await self._database.read(lambda session: session.rows(everything))
        return [transaction_from_row(row) for row in rows]


class GivesRowsToEverybody(SqlOutbox):
    breaks = "a_held_row_is_nobody_elses"

    async def claim(self, worker: str, limit: int, lease_seconds: float) -> Sequence[OutboxRow]:
        await changed(self._database, "UPDATE outbox SET available_at = 0")
        return await super().claim(worker, limit, lease_seconds)


class NewestRowsFirst(SqlOutbox):
    breaks = "rows_come_oldest_first"

    async def claim(self, worker: str, limit: int, lease_seconds: float) -> Sequence[OutboxRow]:
        return list(reversed(await super().claim(worker, limit, lease_seconds)))


class LeasesForEver(SqlOutbox):
    breaks = "a_lease_that_ran_out_frees_the_row"

    async def claim(self, worker: str, limit: int, lease_seconds: float) -> Sequence[OutboxRow]:
        return await super().claim(worker, limit, 1e9)


class ForgetsTraces(SqlOutbox):
    breaks = "a_row_carries_the_trace_of_the_work_that_wrote_it_and_its_payload_is_as_it_was"

    async def claim(self, worker: str, limit: int, lease_seconds: float) -> Sequence[OutboxRow]:
        return [replace(row, trace="") for row in await super().claim(worker, limit, lease_seconds)]


class LeavesTracesInPayloads(SqlOutbox):
    breaks = "a_row_carries_the_trace_of_the_work_that_wrote_it_and_its_payload_is_as_it_was"

    async def claim(self, worker: str, limit: int, lease_seconds: float) -> Sequence[OutboxRow]:
        rows = await super().claim(worker, limit, lease_seconds)
        return [replace(row, payload=behind(row.trace, row.payload)) for row in rows]


class MixesTraces(SqlOutbox):
    breaks = "rows_written_at_once_carry_the_traces_of_their_own_records"

    async def claim(self, worker: str, limit: int, lease_seconds: float) -> Sequence[OutboxRow]:
        rows = await super().claim(worker, limit, lease_seconds)
        return [replace(row, trace=rows[0].trace) for row in rows]


class AnybodyMaySettleRows(SqlOutbox):
    breaks = "a_row_taken_by_another_is_not_done_by_the_first"

    async def done(self, worker: str, row_ids: Sequence[int]) -> None:
        await changed(self._database, "DELETE FROM outbox WHERE row_id IN :row_ids", {"row_ids": row_ids})


class LetsAKeyOvertakeItself(SqlOutbox):
    breaks = "a_later_row_of_a_key_waits_for_the_earlier_one"

    async def claim(self, worker: str, limit: int, lease_seconds: float) -> Sequence[OutboxRow]:
        now = to_micros(self._clock.now())
        free = (
            "SELECT row_id, kind, record_key, version, payload, attempts, '' FROM outbox "
            "WHERE available_at <= :now ORDER BY row_id LIMIT :most"
        )
        hold = "UPDATE outbox SET holder = :worker, available_at = :until WHERE row_id IN :row_ids"

        def work(session: RelationalSession) -> list[OutboxRow]:
            found = [OutboxRow(*row) for row in session.rows(free, {"now": now, "most": limit})]
            names = {"worker": worker, "until": now + seconds_to_micros(lease_seconds)}
            session.change(hold, {**names, "row_ids": [row.row_id for row in found]})
            return found

        return await self._database.write(work)


class DropsFailedRows(SqlOutbox):
    breaks = "a_failed_row_comes_back_with_one_attempt_more"

    async def failed(self, worker: str, row_ids: Sequence[int], reason: str) -> None:
        await self.done(worker, row_ids)


class BreaksTheChain(SqlAuditTrail):
    breaks = "each_entry_links_to_the_one_before"

    async def entries(self, limit: int, after_sequence: int = 0) -> Sequence[AuditEntry]:
        found = await super().entries(limit, after_sequence)
        return [replace(entry, previous="0" * 64) for entry in found]


class ForgetsTheActor(SqlAuditTrail):
    breaks = "an_entry_is_kept_whole"

    async def append(self, actor: str, action: str, subject: str, body: bytes) -> AuditEntry:
        return await super().append("somebody", action, subject, body)


class SkipsANumber(SqlAuditTrail):
    breaks = "sequences_have_no_gap_even_after_refused_work"

    async def append(self, actor: str, action: str, subject: str, body: bytes) -> AuditEntry:
        entry = await super().append(actor, action, subject, body)
        await changed(self._database, "DROP TRIGGER IF EXISTS audit_is_append_only_update")
        skip = "UPDATE audit SET sequence = sequence + 1 WHERE sequence = :sequence"
        await changed(self._database, skip, {"sequence": entry.sequence})
        return replace(entry, sequence=entry.sequence + 1)


class SlowHead(SqlAuditTrail):
    breaks = "the_head_is_the_newest_entry"

    async def head(self) -> AuditEntry | None:
        oldest = await self.entries(1)
        return oldest[0] if oldest else None


class IgnoresThePage(SqlAuditTrail):
    breaks = "entries_come_in_pages"

    async def entries(self, limit: int, after_sequence: int = 0) -> Sequence[AuditEntry]:
        return await super().entries(1_000)


class IgnoresHotVersions(SqliteHotStore):
    breaks = "only_a_newer_version_is_written"

    async def put_if_newer(self, item: HotItem) -> bool:
        await self.delete(item.customer_id, item.data_type)
        return await super().put_if_newer(item)


class ChecksThenPuts(SqliteHotStore):
    """Reads, gives way to others, then writes."""

    breaks = "of_concurrent_writes_the_newest_stays"

    async def put_if_newer(self, item: HotItem) -> bool:
        stored = await self.get(item.customer_id, item.data_type)
        await asyncio.sleep(0)
        if stored is not None and stored.version >= item.version:
            return False
        await self.delete(item.customer_id, item.data_type)
        return await super().put_if_newer(item)


class NeverExpires(SqliteHotStore):
    breaks = "an_expired_item_is_absent_everywhere"

    async def put_if_newer(self, item: HotItem) -> bool:
        return await super().put_if_newer(replace(item, expires_at=None))


class TombstonesForEver(SqliteHotStore):
    breaks = "a_deleted_item_is_gone_and_may_come_back"

    async def delete(self, customer_id: str, data_type: str) -> None:
        item = await self.get(customer_id, data_type)
        if item is not None:
            await self.put_if_newer(replace(item, version=item.version + 1))


class IgnoresThePrefix(SqliteHotStore):
    breaks = "a_customers_items_come_in_order_of_type"

    async def query_customer(self, customer_id: str, prefix: str = "", limit: int = 100) -> Sequence[HotItem]:
        return await super().query_customer(customer_id, "", limit)


class OldestFirst(SqliteHotStore):
    breaks = "the_status_index_answers_newest_first_since_an_instant"

    async def query_status(self, status: str, since: datetime, limit: int = 100) -> Sequence[HotItem]:
        return list(reversed(await super().query_status(status, since, limit)))


class MatchesWholeTypes(SqliteHotStore):
    breaks = "the_type_index_answers_by_family_newest_first"

    async def query_type(self, data_type: str, since: datetime, limit: int = 100) -> Sequence[HotItem]:
        return [item for item in await super().scan(1_000) if item.data_type == data_type]


class ScanSkipsTheBoundary(SqliteHotStore):
    breaks = "a_scan_walks_every_item_once"

    async def scan(self, limit: int, after: tuple[str, str] | None = None) -> Sequence[HotItem]:
        everything = await super().scan(1_000)
        return [item for item in everything if after is None or item.customer_id > after[0]][:limit]


class IgnoresWideVersions(SqliteWideStore):
    breaks = "only_a_newer_version_is_written"

    async def put_if_newer(self, row: WideRow) -> bool:
        await self.delete(row.customer_id, row.data_type)
        return await super().put_if_newer(row)


class ChecksThenWritesWide(SqliteWideStore):
    breaks = "of_concurrent_writes_the_newest_stays"

    async def put_if_newer(self, row: WideRow) -> bool:
        stored = await self.get(row.customer_id, row.data_type)
        await asyncio.sleep(0)
        if stored is not None and stored.version >= row.version:
            return False
        await self.delete(row.customer_id, row.data_type)
        return await super().put_if_newer(row)


class RangeIncludesTheEnd(SqliteWideStore):
    breaks = "a_range_includes_its_start_and_not_its_end"

    async def range(self, customer_id: str, start: str, end: str, limit: int = 100) -> Sequence[WideRow]:
        return await super().range(customer_id, start, end + "\0", limit)


class WideNeverExpires(SqliteWideStore):
    breaks = "an_expired_row_is_absent_everywhere"

    async def put_if_newer(self, row: WideRow) -> bool:
        return await super().put_if_newer(replace(row, expires_at=None))


class LosesColumns(SqliteWideStore):
    breaks = "a_row_is_read_back_unchanged"

    async def put_if_newer(self, row: WideRow) -> bool:
        kept = {name: value for name, value in row.columns.items() if value is not None}
        return await super().put_if_newer(replace(row, columns=kept))


class WideScanRepeats(SqliteWideStore):
    breaks = "a_scan_walks_every_row_once_customer_by_customer"

    async def scan(self, limit: int, after: tuple[str, str] | None = None) -> Sequence[WideRow]:
        return sorted(await super().scan(1_000, after), key=lambda row: row.data_type)[:limit]


class WideScanStopsAtAGap(SqliteWideStore):
    breaks = "a_scan_goes_on_after_a_row_that_is_gone"

    async def scan(self, limit: int, after: tuple[str, str] | None = None) -> Sequence[WideRow]:
        return [] if after and await self.get(*after) is None else await super().scan(limit, after)


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


class LosesRecords(SqliteStream):
    breaks = "records_come_out_as_they_went_in"

    async def put(self, records: Sequence[tuple[str, bytes]]) -> Sequence[str]:
        return await super().put(records[:-1])


class LeaseNotRespected(SqliteStream):
    breaks = "a_leased_record_is_nobody_elses"

    async def lease(self, worker: str, limit: int, lease_seconds: float) -> Sequence[StreamRecord]:
        await self._database.write(lambda c: c.execute("UPDATE records SET holder = NULL").rowcount)
        return await super().lease(worker, limit, lease_seconds)


class Reorders(SqliteStream):
    """Hands out later records of a partition while an earlier one is held."""

    breaks = "a_partition_stays_in_order_across_workers"

    async def lease(self, worker: str, limit: int, lease_seconds: float) -> Sequence[StreamRecord]:
        now = to_micros(self._clock.now())
        free = (
            "SELECT sequence, partition_key, data, arrived_at, attempts FROM records "
            "WHERE lease_until <= ? ORDER BY sequence LIMIT ?"
        )
        hold = "UPDATE records SET holder = ?, lease_until = ? WHERE sequence = ?"

        def work(connection: sqlite3.Connection) -> list[StreamRecord]:
            found = connection.execute(free, (now, limit)).fetchall()
            until = now + seconds_to_micros(lease_seconds)
            connection.executemany(hold, [(worker, until, row[0]) for row in found])
            return [StreamRecord(str(row[0]), row[1], row[2], from_micros(row[3]), row[4]) for row in found]

        return await self._database.write(work)


class AcknowledgesForOthers(SqliteStream):
    breaks = "what_another_holds_now_is_not_the_first_ones_to_settle"

    async def ack(self, worker: str, sequences: Sequence[str]) -> None:
        rows = [(sequence,) for sequence in sequences]
        delete = "DELETE FROM records WHERE sequence = ?"
        await self._database.write(lambda c: c.executemany(delete, rows).rowcount)


class ForgetsAttempts(SqliteStream):
    breaks = "a_retried_record_comes_back_with_one_attempt_more"

    async def retry(self, worker: str, sequences: Sequence[str]) -> None:
        await self._database.write(lambda c: c.execute("UPDATE records SET holder = NULL").rowcount)


class DropsPoison(SqliteStream):
    breaks = "a_buried_record_is_kept_whole_with_its_reason"

    async def bury(self, worker: str, sequence: str, reason: str) -> None:
        await self.ack(worker, [sequence])


class ReplaysNothing(SqliteStream):
    breaks = "a_replayed_dead_letter_is_processed_again"

    async def replay(self, sequences: Sequence[str]) -> int:
        return len(sequences)


class OldestIsNewest(SqliteStream):
    breaks = "the_oldest_waits_since_it_was_put"

    async def oldest(self) -> datetime | None:
        newest = "SELECT max(arrived_at) FROM records"
        (at,) = await self._database.read(lambda c: c.execute(newest).fetchone())
        return None if at is None else from_micros(at)


class LeasesNeverEnd(SqliteStream):
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
