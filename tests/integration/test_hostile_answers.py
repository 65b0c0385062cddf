"""Whatever a server answers, a command ends with a sentence: no memory is filled, nobody waits for ever."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import httpx
import pytest

from alarms.http.desk_client import HttpDesk
from alarms.model.errors import RouterUnreachable
from app.deployment.errors import DeploymentError
from app.deployment.grafana import GrafanaBoards
from foundation.answers import AnswerReader, TooLarge, TooSlow
from slo.ledger.prometheus_queries import PrometheusQueries
from slo.model.errors import SourceError
from tests.support.command_line import mirante
from tests.support.hostile_server import HEAD, deep, endless, hostile, whole

NOW = datetime(2026, 3, 10, tzinfo=UTC)


def _bytes(text: bytes) -> Iterator[bytes]:
    return (text[place : place + 1] for place in range(len(text)))


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=10.0) as made:
        yield made


def test_no_more_is_read_than_the_limit(client: httpx.Client) -> None:
    with hostile(endless) as server:
        with pytest.raises(TooLarge, match="more than 2 MB, which is not read"):
            AnswerReader(client, most_bytes=2_000_000).ask("GET", server.url)
        assert server.sent < 20_000_000  # what sockets hold besides


@pytest.mark.parametrize("dripping", [HEAD + b"[]" * 1_000, b"HTTP/1.1 200 OK\r\nX: " + b"x" * 900])
def test_a_byte_now_and_then_does_not_keep_anybody_for_ever(client: httpx.Client, dripping: bytes) -> None:
    with (
        hostile(partial(_bytes, dripping), pause=0.1) as server,
        pytest.raises(TooSlow, match="did not"),
    ):
        AnswerReader(client, seconds=0.5).ask("GET", server.url)


def test_one_that_is_cut_off_does_not_harm_the_next_question(client: httpx.Client) -> None:
    reader = AnswerReader(client, seconds=0.5)
    with hostile(partial(_bytes, HEAD + b"x" * 1_000), pause=0.1) as server, pytest.raises(TooSlow):
        reader.ask("GET", server.url)
    with hostile(partial(whole, "200 OK", b"{}")) as server:
        assert reader.ask("GET", server.url).json() == {}


def _prometheus(url: str) -> object:
    with httpx.Client() as client:
        return PrometheusQueries(url, client).at("up", NOW)


def _router(url: str) -> object:
    return HttpDesk(url, "token").open_incidents()


def _grafana(url: str) -> object:
    return GrafanaBoards(url, "token", {}).deployed(())


ASKING = pytest.mark.parametrize(
    ("ask", "error"),
    [(_prometheus, SourceError), (_router, RouterUnreachable), (_grafana, DeploymentError)],
)


@ASKING
def test_what_is_nested_too_deeply_is_the_servers_fault(
    ask: Callable[[str], object], error: type[Exception]
) -> None:
    with hostile(deep) as server, pytest.raises(error):
        ask(server.url)


@ASKING
def test_what_has_no_end_is_the_servers_fault(ask: Callable[[str], object], error: type[Exception]) -> None:
    with hostile(endless) as server, pytest.raises(error, match="more than 64 MB"):
        ask(server.url)


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden"])
def test_one_that_wants_a_password_says_so(status: str) -> None:
    with hostile(partial(whole, status, b"<html>")) as server, pytest.raises(SourceError) as refused:
        _prometheus(server.url)
    assert f"answered {status[:3]}: it wants a user and a password" in str(refused.value)


def test_a_password_is_never_shown() -> None:
    with hostile(partial(whole, "200 OK", b"<html>")) as server, pytest.raises(SourceError) as refused:
        _prometheus(server.url.replace("://", "://somebody:secret@"))
    assert f"{server.url} answered 200 without JSON" in str(refused.value)


@pytest.mark.parametrize("data", ["[1]", '{"result": [1]}', '{"result": [{"metric": {}, "values": [[]]}]}'])
def test_a_matrix_of_another_shape_is_the_servers_fault(client: httpx.Client, data: str) -> None:
    body = f'{{"status": "success", "data": {data}}}'.encode()
    with (
        hostile(partial(whole, "200 OK", body)) as server,
        pytest.raises(SourceError, match="with no matrix"),
    ):
        PrometheusQueries(server.url, client).samples("up", NOW, NOW.replace(hour=1))


def test_init_ends_with_3_when_what_answers_is_nested_too_deeply(tmp_path: Path) -> None:
    with hostile(deep) as server:
        done = mirante("init", tmp_path / "made", "--prometheus", server.url)
    assert done.status == 3
    assert "nested too deeply" in done.err
