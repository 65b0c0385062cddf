"""What MySQL and MariaDB say about a duplicate and a failure, in the caller's terms."""

from __future__ import annotations

import ssl

import pymysql
import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from dataplatform.stores.mysql.failures import Contended, duplicate, unavailable


def refused(text: str, code: int = 1062) -> IntegrityError:
    return IntegrityError("INSERT", {}, pymysql.IntegrityError(code, text))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Duplicate entry 'ab12' for key 'idx_customer_cpf'", ("idx_customer_cpf", "ab12")),
        ("Duplicate entry 'ab12' for key 'customers.idx_customer_cpf'", ("idx_customer_cpf", "ab12")),
        ("Duplicate entry 'portal-key-1' for key 'PRIMARY'", ("PRIMARY", "portal-key-1")),
        ("Duplicate entry 'portal-key-1' for key 'idempotency_keys.PRIMARY'", ("PRIMARY", "portal-key-1")),
        ("Duplicate entry 'x' for key 'y' for key 't.z'", ("z", "x' for key 'y")),
    ],
)
def test_both_servers_ways_to_name_the_index_are_read(text: str, found: tuple[str, str]) -> None:
    assert duplicate(refused(text)) == found


def test_another_refusal_is_no_duplicate() -> None:
    assert duplicate(refused("Cannot add or update a child row", 1452)) is None


@pytest.mark.parametrize("code", [1205, 1213])
def test_contention_may_be_tried_again(code: int) -> None:
    error = OperationalError("UPDATE", {}, pymysql.OperationalError(code, "said by the server"))
    assert isinstance(unavailable("relational", error), Contended)


@pytest.mark.parametrize("code", [0, 1040, 1045, 2003, 2013, 9_999])
def test_what_a_caller_reads_quotes_neither_values_nor_addresses(code: int) -> None:
    said = "at 10.0.0.7: Duplicate entry '12345678909'"
    error = DBAPIError("SELECT secret", {"cpf": "12345678909"}, pymysql.OperationalError(code, said))
    told = str(unavailable("relational", error))
    assert told.startswith("the relational store is unavailable: ")
    assert not any(word in told for word in ("10.0.0.7", "12345678909", "secret"))


def test_a_pool_that_is_used_up_and_a_stranger_s_certificate_are_named() -> None:
    assert "every connection is in use" in str(unavailable("relational", PoolTimeout()))
    cause = pymysql.OperationalError(2003, "Can't connect")
    cause.original_exception = ssl.SSLError("certificate verify failed")  # type: ignore[attr-defined]  # as PyMySQL does
    told = unavailable("relational", OperationalError("", {}, cause))
    assert "its certificate is not trusted" in str(told)
