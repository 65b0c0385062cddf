"""What MySQL and MariaDB say about a failure, in the caller's terms."""

from __future__ import annotations

import ssl

import pymysql
import pytest
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from dataplatform.stores.mysql.failures import unavailable
from dataplatform.stores.relational.session import Contended


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
