"""A small mapping and table to convert in tests."""

from __future__ import annotations

from pathlib import Path

MAPPING = """\
mapping: tiny
version: "1"
description: For tests.
null_values: ["-"]
customer:
  customer_id: {read: text, column: id}
  cpf: {read: cpf, column: cpf}
  monthly_income_cents: {read: money_per_year, column: income, above: 0, outside: unknown}
  monthly_debt_payment_cents:
    read: percent_of
    of: monthly_income_cents
    column: dti
    at_most: 100
    outside: unknown
  credit_score: {read: ladder, column: grade, order: [A, B, C], first: 900, step: -100}
  home_ownership: {read: choice, column: home, values: {own: OWN, rent: RENT}}
  credit_history_years: {read: years_since, column: since, until: issued}
  tax_liens: {read: integer, column: liens}
application:
  amount_cents: {read: money, column: amount}
  term_months: {read: integer, column: term}
  purpose: {read: choice, column: use, values: {car: CAR}}
  reference: {read: row_number, prefix: "app-", digits: 3}
"""
HEADER = "id,cpf,income,dti,grade,home,since,issued,liens,amount,term,use"
ROW = {
    "id": "A1",
    "cpf": "529.982.247-25",
    "income": "60000",
    "dti": "20.5",
    "grade": "B",
    "home": "own",
    "since": "2001",
    "issued": "Mar-2018",
    "liens": "0",
    "amount": "10000.50",
    "term": "36",
    "use": "car",
}


def line(**changes: str) -> str:
    return ",".join((ROW | changes).values())


def write_csv(path: Path, *lines: str, header: str = HEADER) -> Path:
    path.write_text("\n".join((header, *lines)) + "\n", encoding="utf-8")
    return path
