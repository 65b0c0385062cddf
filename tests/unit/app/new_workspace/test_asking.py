"""Asking a Prometheus: bounded, and whatever it answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from app.new_workspace import asking
from app.new_workspace.asking import Found, PrometheusAddress, address, ask
from foundation.clock import ManualClock
from slo.model.errors import SourceError
from tests.support.offered import ids, reasons

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
Answers = Callable[[str, dict[str, str]], Any]


@contextmanager
def server(answers: Answers, headers: list[str] | None = None) -> Iterator[PrometheusAddress]:
    """``answers(path below /api/v1/, parameters)`` is the ``data``; an exception is a refusal."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(urlsplit(self.path).query)

        def do_POST(self) -> None:
            self.answer(self.rfile.read(int(self.headers["Content-Length"])).decode())

        def answer(self, query: str) -> None:
            if headers is not None:
                headers.append(self.headers.get("Authorization", ""))
            asked = {name: values[0] for name, values in parse_qs(query).items()}
            try:
                path = urlsplit(self.path).path.removeprefix("/api/v1/")
                body = {"status": "success", "data": answers(path, asked)}
            except LookupError as error:
                body = {"status": "error", "error": str(error)}
            content = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None: ...

    web = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=web.serve_forever, daemon=True).start()
    try:
        yield address(f"me:pass@127.0.0.1:{web.server_port}")
    finally:
        web.shutdown()
        web.server_close()


def vector(*series: tuple[dict[str, str], float]) -> dict[str, Any]:
    result = [{"metric": labels, "value": [0, str(value)]} for labels, value in series]
    return {"resultType": "vector", "result": result}


def shop(path: str, asked: dict[str, str]) -> Any:
    query = asked.get("query", "")
    if path == "label/__name__/values":
        return ["http_requests_total", "up"]
    if path == "label/job/values":
        return ["shop"]
    if path == "metadata":
        return {"http_requests_total": [{"type": "counter"}], "odd": "did not answer with a list"}
    if path == "labels":
        return ["__name__", "job", "code"]
    if "timestamp(up)" in query:
        return vector(({"job": "shop"}, NOW.timestamp() - 7_200))
    if "increase" in query:
        return vector(({"job": "shop", "code": "200"}, 5_000.0))
    return vector()


def found(answers: Answers) -> Found:
    with server(answers) as where:
        return ask(where, ManualClock(NOW))


def test_what_is_there_is_proposed_with_how_long_it_was_watched() -> None:
    made = found(shop)
    assert ids(made.offers) == ["shop/availability"]
    assert made.offers.services[0].offers[0].measured.span.total_seconds() == 7_200
    assert made.limits == ()


def test_user_and_password_go_into_the_header_alone() -> None:
    headers: list[str] = []
    with server(shop, headers) as where:
        ask(where, ManualClock(NOW))
    assert set(headers) == {"Basic bWU6cGFzcw=="}


def test_a_server_without_metadata_is_asked_all_the_same() -> None:
    def answers(path: str, asked: dict[str, str]) -> Any:
        if path == "metadata":
            raise LookupError("unknown")
        return shop(path, asked)

    assert ids(found(answers).offers) == ["shop/availability"]


def test_a_day_that_is_too_much_is_asked_as_an_hour() -> None:
    def answers(path: str, asked: dict[str, str]) -> Any:
        if "increase" in asked.get("query", "") and "[1d]" in asked["query"]:
            raise LookupError("query processing would load too many samples")
        return shop(path, asked)

    made = found(answers)
    assert made.offers.services[0].offers[0].measured.span.total_seconds() == 3_600


def test_a_metric_that_cannot_be_asked_is_named_and_the_others_go_on() -> None:
    def answers(path: str, asked: dict[str, str]) -> Any:
        if path == "label/__name__/values":
            return ["http_requests_total", "app_http_requests_total"]
        if asked.get("match[]") == "app_http_requests_total":
            raise LookupError("no")
        return shop(path, asked)

    made = found(answers)
    assert ids(made.offers) == ["shop/availability"]
    assert "the server did not answer" in reasons(made.offers)["app_http_requests_total"]


def test_a_crowd_of_names_is_cut_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "MOST_NAMES", 1)
    made = found(shop)
    assert "more than 1 metrics" in made.limits[0]
    assert "counters of other outcomes were not looked for" in made.limits


def test_a_crowd_of_series_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "MOST_SERIES", 0)
    assert "1 series by outcome" in reasons(found(shop).offers)["http_requests_total"]


def test_counters_that_cannot_be_looked_for_are_said() -> None:
    def answers(path: str, asked: dict[str, str]) -> Any:
        if "group by" in asked.get("query", ""):
            raise LookupError("too heavy")
        return shop(path, asked)

    assert any("label outcome were not looked for" in limit for limit in found(answers).limits)


@pytest.mark.parametrize("odd", [{}, {"resultType": "vector", "result": [{"metric": {}}]}, [], "text"])
def test_answers_of_another_shape_are_no_defect_of_ours(odd: Any) -> None:
    def answers(path: str, asked: dict[str, str]) -> Any:
        return odd if path in ("query", "metadata") else shop(path, asked)

    made = found(answers)
    assert ids(made.offers) == []
    assert "with no vector" in reasons(made.offers)["http_requests_total"]


def test_a_job_that_was_never_scraped_is_watched_for_as_long_as_was_asked() -> None:
    def answers(path: str, asked: dict[str, str]) -> Any:
        if "timestamp(up)" in asked.get("query", ""):
            return vector(({"job": "shop"}, float("nan")))
        return shop(path, asked)

    assert found(answers).offers.services[0].offers[0].measured.span.total_seconds() == 86_400


def test_a_server_of_another_kind_is_refused() -> None:
    with pytest.raises(SourceError, match="is it Prometheus"):
        found(lambda *_: {"no": "list"})


def test_a_job_of_which_nothing_is_recognised_is_named() -> None:
    def answers(path: str, asked: dict[str, str]) -> Any:
        return ["shop", "nightly"] if path == "label/job/values" else shop(path, asked)

    refused = [one for one in found(answers).offers.refused if one.metric == "up"]
    assert [one.service for one in refused] == ["nightly"]
    assert "none of its metrics is recognised" in refused[0].reason


def test_a_job_that_nobody_scrapes_was_watched_no_longer_than_the_others() -> None:
    def answers(path: str, asked: dict[str, str]) -> Any:
        if "timestamp(up)" in asked.get("query", ""):
            return vector(({"job": "collector"}, NOW.timestamp() - 30))
        return shop(path, asked)

    assert found(answers).offers.services[0].offers[0].measured.span.total_seconds() == 30
