"""A wide row as the columns of ``creditdata`` hold it, and back.

Every attribute is in ``content``, exactly. Those that §4.1.2 has a column for are in that column too, for
whoever reads the table with CQL. Where a column no longer says what ``content`` says, somebody changed it by
hand: the column is believed, so that the row's digest gives the change away.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from credit.domain.canonical import instant_from, instant_text
from credit.ports.projections import ItemValue, WideRow
from dataplatform.schemas.cassandra.creditdata import COLUMNS
from dataplatform.stores.packing import pack, unpack
from foundation.instants import from_micros, maybe_micros

ORDER: Sequence[str] = tuple(COLUMNS)  # of the values that ``to_values`` gives
LARGEST_INT = 2**31 - 1


def _text(value: ItemValue) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: ItemValue) -> int | None:
    return value if type(value) is int and -LARGEST_INT <= value <= LARGEST_INT else None


def _money(value: ItemValue) -> Decimal | None:
    return Decimal(value).scaleb(-2) if type(value) is int else None


def _cents(amount: Decimal) -> ItemValue:
    cents = amount.scaleb(2)
    return int(cents) if cents == cents.to_integral_value() else str(amount)


def _instant(value: ItemValue) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        return _to_the_millisecond(instant_from(value))
    except (ValueError, TypeError):
        return None


def _to_the_millisecond(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(microsecond=at.microsecond // 1000 * 1000)


@dataclass(frozen=True, slots=True)
class _Cell:
    """How an attribute stands in a column; ``to_cell`` gives None for what the column cannot hold."""

    attribute: str
    to_cell: Callable[[ItemValue], Any]
    from_cell: Callable[[Any], ItemValue]


_CELLS: Mapping[str, _Cell] = {
    "transaction_id": _Cell("transaction_id", _text, str),
    "amount": _Cell("amount_cents", _money, _cents),
    "status": _Cell("status", _text, str),
    "credit_score": _Cell("credit_score", _number, int),
    "monthly_income": _Cell("monthly_income_cents", _money, _cents),
    "existing_debts": _Cell("existing_debts_cents", _money, _cents),
    "created_at": _Cell("created_at", _instant, instant_text),
    "updated_at": _Cell("updated_at", _instant, instant_text),
}


def to_values(row: WideRow) -> dict[str, object]:
    """Column -> value, in ``ORDER``; None where it has none."""
    values: dict[str, object] = {
        "customer_id": row.customer_id,
        "data_type": row.data_type,
        "ttl": None if row.expires_at is None else _to_the_millisecond(row.expires_at),
        "version": row.version,
        "digest": row.digest,
        "content": pack(row.columns),
        "expires_at": maybe_micros(row.expires_at),
    }
    for column, cell in _CELLS.items():
        values[column] = cell.to_cell(row.columns.get(cell.attribute))
    return {column: values[column] for column in ORDER}


def from_values(values: Mapping[str, Any]) -> WideRow:
    return WideRow(
        customer_id=values["customer_id"],
        data_type=values["data_type"],
        version=values["version"],
        digest=values["digest"] or "",
        columns=_columns(values),
        expires_at=_expiry(values),
    )


def _columns(values: Mapping[str, Any]) -> dict[str, ItemValue]:
    columns = unpack(values["content"]) if values["content"] is not None else {}
    for column, cell in _CELLS.items():
        found = _aware(values[column])
        if found != cell.to_cell(columns.get(cell.attribute)):
            columns[cell.attribute] = None if found is None else cell.from_cell(found)
    return columns


def _expiry(values: Mapping[str, Any]) -> datetime | None:
    stored, shown = values["expires_at"], _aware(values["ttl"])
    exact = None if stored is None else from_micros(stored)
    return exact if (None if exact is None else _to_the_millisecond(exact)) == shown else shown


def _aware(cell: Any) -> Any:
    """The driver's instants are UTC without saying so."""
    return cell.replace(tzinfo=UTC) if isinstance(cell, datetime) and cell.tzinfo is None else cell
