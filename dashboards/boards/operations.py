"""Operations: technical metrics and the state of every component (§7.2.1)."""

from __future__ import annotations

from dashboards.boards.panels import platform
from dashboards.model.board import Board
from dashboards.standard import operations
from dashboards.standard.source import Source


def board(source: Source) -> Board:
    return operations.board(
        source,
        trends=(platform.latency(source), platform.requests(), platform.not_good_share()),
        measured=(platform.ingest_lag(source), platform.consistency(source)),
        runbooks=("ingestion-lag", "credit-data-consistency"),
    )
