"""How much a Keyspaces table may use, as data (§3.2.2, B.2): the DDL and the infrastructure read it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UnitRange:
    """Capacity units of reads or of writes: what a table starts with, and between what it scales."""

    base: int
    least: int
    most: int


@dataclass(frozen=True, slots=True)
class TableCapacity:
    """Provisioned capacity that follows its use. ``target_percent`` of it is meant to be in use."""

    reads: UnitRange
    writes: UnitRange
    target_percent: int
    temporary_seconds: int  # lifetime of temporary transactional data


CREDITDATA = TableCapacity(
    reads=UnitRange(base=500, least=100, most=10_000),
    writes=UnitRange(base=500, least=100, most=10_000),
    target_percent=50,
    temporary_seconds=30 * 24 * 3600,
)
