"""Connections to MySQL are encrypted and lead to the right server, if the address says who vouches for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pymysql
import pytest
from sqlalchemy import text

from credit.domain.errors import StoreUnavailable
from dataplatform.local.mariadb import PASSWORD, USER, MariaDb
from dataplatform.local.server import LOOPBACK, running
from dataplatform.stores.mysql.endpoint import Endpoint, PoolLimits
from dataplatform.stores.mysql.relational import open_mysql_relational
from foundation.clock import SystemClock
from tests.support.certificates import Authority, make_authority, make_server_certificate
from tests.support.credit_samples import a_decision, a_key
from tests.support.local_servers import fresh_mysql, needs_mariadb
from tests.support.new_database import make_database

pytestmark = needs_mariadb


@dataclass(frozen=True)
class Secured:
    """``address`` is that of a user whom the server lets in over TLS only."""

    address: str
    trusted: Authority
    stranger: Authority


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    folder = tmp_path_factory.mktemp("tls")
    trusted, stranger = make_authority(folder, "trusted"), make_authority(folder, "stranger")
    certificate, key = make_server_certificate(trusted, folder)
    options = {"ssl-ca": str(trusted.certificate), "ssl-cert": str(certificate), "ssl-key": str(key)}
    with running(MariaDb(options), folder / "server") as server:
        address = make_database(server.port, "secured")
        account = f"'careful'@'{LOOPBACK}'"
        with (
            pymysql.connect(
                unix_socket=str(server.folder / "mariadb" / "mariadb.sock"), user="root", autocommit=True
            ) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(f"CREATE USER {account} IDENTIFIED BY '{PASSWORD}' REQUIRE SSL")
            cursor.execute(f"GRANT ALL ON secured.* TO {account}")
        yield Secured(address.replace(f"//{USER}:", "//careful:"), trusted, stranger)


async def test_with_the_right_authority_everything_goes_over_tls(secured: Secured) -> None:
    opened = open_mysql_relational(
        f"{secured.address}?ssl_ca={secured.trusted.certificate}", None, SystemClock()
    )
    await opened.decisions.record(a_decision(1), a_key(1))
    status = "SHOW SESSION STATUS LIKE 'Ssl_cipher'"
    ((_, cipher),) = await opened.database.read(lambda session: session.rows(status))
    assert cipher != ""
    await opened.close()


def test_a_server_that_speaks_in_clear_is_refused_when_an_authority_is_named(secured: Secured) -> None:
    with pytest.raises(StoreUnavailable, match="does not offer TLS"):
        open_mysql_relational(f"{fresh_mysql()}?ssl_ca={secured.trusted.certificate}", None, SystemClock())


def test_a_server_whose_authority_is_not_the_named_one_is_not_spoken_to(secured: Secured) -> None:
    address = f"{secured.address}?ssl_ca={secured.stranger.certificate}"
    with pytest.raises(StoreUnavailable, match="its certificate is not trusted; check ssl_ca"):
        open_mysql_relational(address, None, SystemClock())


def test_a_certificate_for_another_name_is_not_trusted(secured: Secured) -> None:
    address = f"{secured.address}?ssl_ca={secured.trusted.certificate}".replace(LOOPBACK, "localhost", 1)
    endpoint = Endpoint(address, "relational", PoolLimits(1))
    with pytest.raises(StoreUnavailable, match="its certificate is not trusted"):
        endpoint.perform(lambda connection: connection.execute(text("SELECT 1")).scalar())
    endpoint.stop()
