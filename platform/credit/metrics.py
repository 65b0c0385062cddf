"""Every series that the credit platform exposes, declared once; boards, rules and tests read this table."""

from __future__ import annotations

from foundation.metrics import LATENCY_BUCKETS, PROBES, MetricKind, MetricSpec

DECISION_REQUESTS = MetricSpec(
    "credit_decision_requests_total",
    MetricKind.COUNTER,
    "Decision requests by outcome: ok, degraded, error, overload, client_error.",
    ("outcome",),
    journalled=True,
)
DECISION_DURATION = MetricSpec(
    "credit_decision_duration_seconds",
    MetricKind.HISTOGRAM,
    "Time to answer a decision request, by outcome.",
    ("outcome",),
    LATENCY_BUCKETS,
    journalled=True,
)
FINANCIAL_TRANSACTIONS = MetricSpec(
    "credit_financial_transactions_total",
    MetricKind.COUNTER,
    "Decisions and ingested transactions that changed, or should have changed, stored state.",
    ("kind", "outcome"),
    journalled=True,
)
DECISIONS = MetricSpec(
    "credit_decisions_total",
    MetricKind.COUNTER,
    "Decisions recorded, by decision told to the applicant.",
    ("decision", "policy"),
    journalled=True,
)
DECISION_AMOUNT = MetricSpec(
    "credit_decision_amount_cents_total",
    MetricKind.COUNTER,
    "Centavos applied for, by decision told to the applicant.",
    ("decision",),
    journalled=True,
)
PROFILE_READS = MetricSpec(
    "credit_profile_reads_total",
    MetricKind.COUNTER,
    "Customer profile reads by the store that answered: cache, hot, relational, none.",
    ("source",),
)
CACHE_READS = MetricSpec(
    "credit_cache_reads_total",
    MetricKind.COUNTER,
    "Reads through the cache, by kind of data and result: hit, miss, early (reloaded before expiry).",
    ("data", "result"),
)
CACHE_FAILURES = MetricSpec(
    "credit_cache_failures_total",
    MetricKind.COUNTER,
    "Cache calls that failed and count as misses, by reason: full, timeout, refused, lost, busy.",
    ("operation", "reason"),
)
HTTP_REQUESTS = MetricSpec(
    "http_requests_total", MetricKind.COUNTER, "HTTP requests.", ("method", "route", "status")
)
HTTP_DURATION = MetricSpec(
    "http_request_duration_seconds",
    MetricKind.HISTOGRAM,
    "Time to answer an HTTP request.",
    ("method", "route"),
    LATENCY_BUCKETS,
)
AUTH_FAILURES = MetricSpec(
    "http_auth_failures_total", MetricKind.COUNTER, "Requests refused by authentication.", ("reason",)
)
SENSITIVE_READS = MetricSpec(
    "credit_sensitive_reads_total",
    MetricKind.COUNTER,
    "Answers that showed customer data, by what was shown: decision, explanation, history, disbursement.",
    ("what",),
)
INGEST_RECORDS = MetricSpec(
    "credit_ingest_records_total",
    MetricKind.COUNTER,
    "Stream records processed by outcome: ok, duplicate, retried, dead_letter.",
    ("outcome",),
    journalled=True,
)
INGEST_LAG = MetricSpec(
    "credit_ingest_lag_seconds", MetricKind.GAUGE, "Age of the oldest unprocessed record."
)
INGEST_SHARD_SHARE = MetricSpec(
    "credit_ingest_shard_share_ratio",
    MetricKind.GAUGE,
    "Share of the stream records read in the last minute that came from a shard.",
    ("shard",),
)
INGEST_HOT_SHARDS = MetricSpec(
    "credit_ingest_hot_shards",
    MetricKind.GAUGE,
    "Shards with more than twice their fair share of records.",
)
INGEST_DURATION = MetricSpec(
    "credit_ingest_batch_duration_seconds",
    MetricKind.HISTOGRAM,
    "Time to process a batch of stream records.",
    (),
    LATENCY_BUCKETS,
)
PROJECTED_ROWS = MetricSpec(
    "credit_projection_rows_total",
    MetricKind.COUNTER,
    "Outbox rows projected, by store and outcome.",
    ("store", "outcome"),
)
OUTBOX_DEPTH = MetricSpec("credit_outbox_depth", MetricKind.GAUGE, "Outbox rows not yet projected.")
SAGAS_ENDED = MetricSpec(
    "credit_sagas_ended_total",
    MetricKind.COUNTER,
    "Sagas that ended, by kind and outcome: done, undone (compensated), stuck.",
    ("saga", "outcome"),
)
SAGAS_OPEN = MetricSpec("credit_sagas_open", MetricKind.GAUGE, "Sagas under way.", ("saga",))
SAGAS_STUCK = MetricSpec(
    "credit_sagas_stuck", MetricKind.GAUGE, "Sagas parked after too many failures.", ("saga",)
)
SAGA_OLDEST = MetricSpec(
    "credit_saga_oldest_seconds", MetricKind.GAUGE, "Age of the oldest open or stuck saga.", ("saga",)
)
CONSISTENCY_COMPARED = MetricSpec(
    "data_consistency_records_compared_total",
    MetricKind.COUNTER,
    "Records compared between two stores, after the settling time.",
    ("pair",),
    journalled=True,
)
CONSISTENCY_DIVERGENT = MetricSpec(
    "data_consistency_records_divergent_total",
    MetricKind.COUNTER,
    "Records that differ, by class: missing, stale, mismatch, orphan.",
    ("pair", "class"),
    journalled=True,
)
JOURNAL_FAILURES = MetricSpec(
    "mirante_count_journal_failures_total",
    MetricKind.COUNTER,
    "Failed writes to this process's count journal; their counts are kept and written later.",
)
JOURNAL_PENDING = MetricSpec(
    "mirante_count_journal_pending_increments",
    MetricKind.GAUGE,
    "Increments still in memory because the count journal cannot be written. 0: every count is on file.",
)

METRICS: tuple[MetricSpec, ...] = (
    DECISION_REQUESTS,
    DECISION_DURATION,
    FINANCIAL_TRANSACTIONS,
    DECISIONS,
    DECISION_AMOUNT,
    PROFILE_READS,
    CACHE_READS,
    CACHE_FAILURES,
    HTTP_REQUESTS,
    HTTP_DURATION,
    AUTH_FAILURES,
    SENSITIVE_READS,
    INGEST_RECORDS,
    INGEST_LAG,
    INGEST_SHARD_SHARE,
    INGEST_HOT_SHARDS,
    INGEST_DURATION,
    PROJECTED_ROWS,
    OUTBOX_DEPTH,
    SAGAS_ENDED,
    SAGAS_OPEN,
    SAGAS_STUCK,
    SAGA_OLDEST,
    CONSISTENCY_COMPARED,
    CONSISTENCY_DIVERGENT,
    PROBES,
    JOURNAL_FAILURES,
    JOURNAL_PENDING,
)
