"""How a Prometheus is asked: in few questions, none of which is more than it, or we, can bear."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from urllib.parse import parse_qs

import httpx
import pytest

from slo.ledger.prometheus_source import LEAST, MOST_SAMPLES, PrometheusCountReader
from slo.model.count_query import parse_count_query
from slo.model.errors import SourceError, TooMuch

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
QUERY = parse_count_query("sum(increase(requests_total[{{.window}}]))")
TOO_MANY = "query processing would load too many samples into memory in query execution"


class Prometheus:
    """Has one counter, by time; refuses to tell more than ``most`` samples at once."""

    def __init__(self, samples: dict[datetime, int], most: int = 10**9) -> None:
        self.samples, self.most = samples, most
        self.asked: list[tuple[str, datetime, datetime]] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        if request.url.path.endswith("query_range"):
            return self._counted(form)
        length = re.search(r"\[(\d+)s\]$", form["query"])
        assert length is not None
        end = datetime.fromtimestamp(float(form["time"]), UTC)
        start = end - timedelta(seconds=int(length[1]))
        self.asked.append((form["query"], start, end))
        found = [[at.timestamp(), str(value)] for at, value in self.samples.items() if start < at <= end]
        if form["query"].startswith("process_start"):
            found = []
        if len(found) > self.most:
            return httpx.Response(422, json={"status": "error", "error": TOO_MANY})
        labels = {"__name__": "requests_total", "job": "api", "instance": "a"}
        series = [{"metric": labels, "values": found}] if found else []
        return _success({"resultType": "matrix", "result": series})

    def _counted(self, form: dict[str, str]) -> httpx.Response:
        step, at, values = float(form["step"]), float(form["start"]), []
        assert (float(form["end"]) - at) / step <= 11_000
        while at <= float(form["end"]):
            many = sum(at - step < sample.timestamp() <= at for sample in self.samples)
            values += [[at, str(many)]] if many else []
            at += step
        return _success({"resultType": "matrix", "result": [{"metric": {}, "values": values}]})


def _success(data: object) -> httpx.Response:
    return httpx.Response(200, json={"status": "success", "data": data})


@pytest.fixture
def opened() -> Iterator[Callable[[Prometheus], PrometheusCountReader]]:
    clients = []

    def reader(server: Prometheus) -> PrometheusCountReader:
        clients.append(httpx.Client(transport=httpx.MockTransport(server.answer)))
        return PrometheusCountReader("http://prometheus.example", [QUERY], clients[-1])

    yield reader
    for client in clients:
        client.close()


Opened = Callable[[Prometheus], PrometheusCountReader]


def _every_minute(start: datetime, minutes: int) -> dict[datetime, int]:
    return {start + MINUTE * index: index for index in range(minutes)}


def test_a_long_time_with_little_data_is_one_piece(opened: Opened) -> None:
    reader = opened(Prometheus(_every_minute(NOON - HOUR, 60)))
    assert list(reader.pieces(NOON - timedelta(days=400), NOON)) == [NOON]


def test_a_piece_holds_no_more_samples_than_fit(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("slo.ledger.prometheus_source.MOST_SAMPLES", 240)
    reader = opened(Prometheus(_every_minute(NOON - 12 * HOUR, 720)))
    ends = list(reader.pieces(NOON - 240 * HOUR, NOON))
    assert ends[-1] == NOON
    assert all(high - low <= 5 * HOUR for low, high in pairwise(ends))
    assert 3 <= len(ends) <= 4


def test_a_short_time_is_read_without_asking_how_much_there_is(opened: Opened) -> None:
    server = Prometheus({})
    assert list(opened(server).pieces(NOON - HOUR, NOON)) == [NOON]
    assert server.asked == []
    assert MOST_SAMPLES > 0


def test_a_time_of_which_there_is_too_much_is_asked_for_in_halves(opened: Opened) -> None:
    server = Prometheus(_every_minute(NOON - 8 * HOUR, 480), most=100)
    whole = opened(Prometheus(server.samples)).read(NOON - 8 * HOUR, NOON)
    assert opened(server).read(NOON - 8 * HOUR, NOON) == whole
    assert len(whole) == 479


def test_one_that_has_too_much_of_every_minute_is_told(opened: Opened) -> None:
    server = Prometheus(_every_minute(NOON - HOUR, 60), most=0)
    with pytest.raises(TooMuch, match="too many samples"):
        opened(server).read(NOON - HOUR, NOON)
    assert min(end - start for _, start, end in server.asked) >= LEAST / 2


def test_what_comes_after_a_long_silence_is_a_newcomers(opened: Opened) -> None:
    """Nothing is said of the minutes between; they would be a guess."""
    before, after = _every_minute(NOON - 20 * HOUR, 60), _every_minute(NOON - HOUR, 60)
    counts = opened(Prometheus(before | after)).read(NOON - 24 * HOUR, NOON)
    silent = [one for one in counts if NOON - 19 * HOUR < one.minute < NOON - HOUR - MINUTE]
    assert silent == []
    assert sum(one.value for one in counts) == 2 * 59


def test_another_refusal_is_not_asked_again_in_halves() -> None:
    asked = []

    def refuse(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(400, json={"status": "error", "error": "parse error"})

    with httpx.Client(transport=httpx.MockTransport(refuse)) as client:
        reader = PrometheusCountReader("http://prometheus.example", [QUERY], client)
        with pytest.raises(SourceError, match="parse error"):
            reader.read(NOON - HOUR, NOON)
    assert len(asked) == 1
