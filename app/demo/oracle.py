"""A second opinion on the real loans: the shipped mapping and policy written again in plain Python.

Nothing of the product is imported. It starts from the raw cells of a row, works with Decimal and integers
multiplied crosswise, and gives the outcome, the reasons in order, and the price.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext

Cells = Mapping[str, str | None]


@dataclass(frozen=True)
class Opinion:
    outcome: str
    reasons: tuple[str, ...]
    rate_bps: int | None = None
    installment_cents: int | None = None


def _decimal(cells: Cells, column: str) -> Decimal | None:
    cell = cells[column]
    return None if cell is None or cell.strip() in ("", "NA", "NaN", "nan", "None") else Decimal(cell.strip())


def _cents(value: Decimal) -> int:
    return int(value.quantize(Decimal(1), ROUND_HALF_UP))


def _whole(cells: Cells, column: str) -> int | None:
    value = _decimal(cells, column)
    return None if value is None else int(value)


def _monthly_income(cells: Cells) -> int | None:
    joint = cells["application_type"] == "joint"
    yearly = _decimal(cells, "annual_income_joint" if joint else "annual_income")
    if yearly is None or yearly <= 0:
        return None
    with localcontext() as context:
        context.prec = 60
        return _cents(yearly * 100 / 12)


def _monthly_debts(cells: Cells, income: int | None) -> int | None:
    joint = cells["application_type"] == "joint"
    percent = _decimal(cells, "debt_to_income_joint" if joint else "debt_to_income")
    if percent is None or income is None or not 0 <= percent <= 100:
        return None
    return _cents(percent * income / 100)


def _score(cells: Cells) -> int | None:
    grade = cells["sub_grade"]
    if not grade:
        return None
    return 950 - 20 * (5 * "ABCDEFG".index(grade[0]) + int(grade[1]) - 1)


def _rate(score: int) -> int:
    for lowest, rate in ((900, 129), (850, 159), (750, 199), (650, 259), (550, 329)):
        if score >= lowest:
            return rate
    return 429


def _installment(amount: int, rate_bps: int, months: int) -> int:
    with localcontext() as context:
        context.prec = 80
        i = Decimal(rate_bps) / 10_000
        return _cents(Decimal(amount) * i / (1 - (1 + i) ** -months))


def opinion(cells: Cells) -> Opinion:
    """What the policy's words give for one raw row."""
    amount = int((_decimal(cells, "loan_amount") or Decimal(0)) * 100)
    income = _monthly_income(cells)
    debts = _monthly_debts(cells, income)
    score = _score(cells)
    rate = None if score is None else _rate(score)
    months = _whole(cells, "term") or 0
    installment = None if rate is None else _installment(amount, rate, months)

    declines: list[str] = []
    refers: list[str] = []

    def rule(kind: str, holds: bool | None, reason: str, when_unknown: str) -> None:
        if holds is None:
            refers.append(when_unknown)
        elif holds:
            (declines if kind == "decline" else refers).append(reason)

    bankruptcies, liens = _whole(cells, "public_record_bankrupt"), _whole(cells, "tax_liens")
    late, past_due = _whole(cells, "delinq_2y"), _whole(cells, "current_accounts_delinq")
    limit, used = _decimal(cells, "total_credit_limit"), _decimal(cells, "total_credit_utilized")
    first_year = _whole(cells, "earliest_credit_line")
    issued = cells["issue_month"]
    history = None if first_year is None or not issued else int(issued[-4:]) - first_year
    inquiries, job = _whole(cells, "inquiries_last_12m"), _whole(cells, "emp_length")
    home = cells["homeownership"]

    rule("decline", None if past_due is None else past_due >= 1, "ACCOUNT_PAST_DUE", "PAYMENT_RECORD_UNKNOWN")
    insolvent: bool | None
    if bankruptcies is not None and bankruptcies >= 2:
        insolvent = True
    elif bankruptcies == 0 or (bankruptcies is not None and liens == 0):
        insolvent = False
    elif bankruptcies == 1 and liens is not None:
        insolvent = liens >= 1
    else:
        insolvent = None if liens is None or liens >= 1 or bankruptcies is None else False
    rule("decline", insolvent, "INSOLVENCY_ON_RECORD", "PUBLIC_RECORDS_UNKNOWN")
    rule("decline", None if liens is None else liens >= 2, "TAX_LIENS", "PUBLIC_RECORDS_UNKNOWN")
    rule("decline", None if late is None else late >= 2, "LATE_PAYMENTS", "PAYMENT_RECORD_UNKNOWN")
    rule("decline", None if score is None else score < 550, "SCORE_LOW", "SCORE_UNKNOWN")
    payments = None if debts is None or installment is None else debts + installment
    burdened = None if payments is None or income is None else payments * 100 > income * 45
    rule("decline", burdened, "PAYMENTS_TOO_HIGH", "INCOME_OR_DEBTS_UNKNOWN")
    heavy = None if installment is None or income is None else installment * 5 > income
    rule("decline", heavy, "INSTALLMENT_TOO_HIGH", "INCOME_OR_DEBTS_UNKNOWN")
    large = None if income is None else amount * 2 > income * 12
    rule("decline", large, "AMOUNT_TOO_HIGH", "INCOME_OR_DEBTS_UNKNOWN")

    recent: bool | None = None
    if (bankruptcies is not None and bankruptcies != 1) or (history is not None and history >= 15):
        recent = False
    elif bankruptcies == 1 and history is not None:
        recent = True
    rule("refer", recent, "BANKRUPTCY_REVIEW", "PUBLIC_RECORDS_UNKNOWN")
    once: bool | None = None
    if (late is not None and late != 1) or (score is not None and score >= 700):
        once = False
    elif late == 1 and score is not None:
        once = True
    rule("refer", once, "LATE_PAYMENT_REVIEW", "PAYMENT_RECORD_UNKNOWN")
    full = None if limit is None or used is None or limit <= 0 else used * 10 > limit * 9
    rule("refer", full, "CREDIT_USE_HIGH", "CREDIT_USE_UNKNOWN")
    rule("refer", None if inquiries is None else inquiries >= 7, "INQUIRIES_MANY", "INQUIRIES_UNKNOWN")
    rule("refer", None if history is None else history < 5, "HISTORY_SHORT", "HISTORY_UNKNOWN")
    new_job = False if amount < 1_500_000 else None if job is None else job < 1
    rule("refer", new_job, "EMPLOYMENT_SHORT", "EMPLOYMENT_UNKNOWN")
    renting = False if amount < 3_000_000 else None if not home else home not in ("OWN", "MORTGAGE")
    rule("refer", renting, "LARGE_WITHOUT_HOME", "HOME_UNKNOWN")

    if declines:
        return Opinion("DECLINE", tuple(dict.fromkeys(declines)))
    if refers:
        return Opinion("REFER", tuple(dict.fromkeys(refers)))
    if rate is None:
        return Opinion("REFER", ("SCORE_UNKNOWN",))
    return Opinion("APPROVE", (), rate, installment)
