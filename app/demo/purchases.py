"""CDNOW's real purchases as stream records: customers first, then what they bought, in the file's order.

The file lies inside the package ``lifetimes`` (requirements/purchases.txt), of which nothing is imported. A
line is a customer, a day, a number of CDs and an amount in US dollars, whose cents are taken as centavos. The
file names customers by number only, so their identities (CPF) are synthetic.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from app.demo.errors import PurchasesNotInstalled
from credit.domain.cpf import synthetic_cpf

PACKAGE = "lifetimes"
FILE = "lifetimes/datasets/CDNOW_master.txt"
SEED = 20180101  # the loans' own; the numbers begin where no loan's can be
FIRST_NUMBER = 1_000_000
SYNTHETIC = "the CPFs are synthetic (valid check digits, fixed seed); customers, days and amounts are CDNOW's"

Document = dict[str, object]


@dataclass(frozen=True, slots=True)
class Purchase:
    """``line`` is the line of the file, from 1 for the first purchase; two may be equal but for it."""

    line: int
    customer: int
    at: datetime
    amount_cents: int


def purchases_file() -> Path:
    """Raises PurchasesNotInstalled."""
    try:
        path = Path(str(distribution(PACKAGE).locate_file(FILE)))
    except PackageNotFoundError:
        raise PurchasesNotInstalled(PACKAGE) from None
    if not path.is_file():
        raise PurchasesNotInstalled(PACKAGE)
    return path


def read_purchases(limit: int | None = None) -> list[Purchase]:
    """The purchases of the first ``limit`` customers of the file (``None``: all of 23,570).

    Raises:
        PurchasesNotInstalled: the package with the file is not installed.
    """
    lines = purchases_file().read_text("ascii").splitlines()[1:]
    found = [_purchase(number, line) for number, line in enumerate(lines, start=1)]
    return [purchase for purchase in found if limit is None or purchase.customer <= limit]


def documents(purchases: list[Purchase]) -> Iterator[Document]:
    """Each customer once, known since the first purchase, and then every purchase."""
    since: dict[int, datetime] = {}
    for purchase in purchases:
        since[purchase.customer] = min(purchase.at, since.get(purchase.customer, purchase.at))
    for customer, at in since.items():
        yield _customer(customer, at)
    for purchase in purchases:
        yield _transaction(purchase)


def _purchase(number: int, line: str) -> Purchase:
    customer, day, _, dollars = line.split()
    at = datetime(int(day[:4]), int(day[4:6]), int(day[6:]), tzinfo=UTC)
    return Purchase(number, int(customer), at, int(Decimal(dollars) * 100))


def _customer(number: int, at: datetime) -> Document:
    data = {
        "customer_id": _customer_id(number),
        "cpf": synthetic_cpf(SEED, FIRST_NUMBER + number),
        "created_at": at.isoformat(),
        "updated_at": at.isoformat(),
    }
    return {"kind": "customer", "data": data}


def _transaction(purchase: Purchase) -> Document:
    data = {
        "transaction_id": f"CDNOW-T-{purchase.line:05d}",
        "customer_id": _customer_id(purchase.customer),
        "amount_cents": purchase.amount_cents,
        "kind": "PURCHASE",
        "status": "SETTLED",
        "created_at": purchase.at.isoformat(),
    }
    return {"kind": "transaction", "data": data}


def _customer_id(number: int) -> str:
    return f"CDNOW-{number:05d}"
