"""How a Prometheus is asked: in few questions, none of which is more than it, or we, can bear."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from urllib.parse import parse_qs

import httpx
import pytest

from app.bootstrap.count_source import count_queries
from foundation.clock import ManualClock
from slo.ledger.collect import Collector
from slo.ledger.prometheus_source import LEAST, MOST_SAMPLES, PrometheusCountReader
from slo.model.count_query import parse_count_query
from slo.model.errors import SourceError
from tests.support.memory_ledger import MemoryLedger
from tests.support.slo_samples import GOOD, TOTAL, an_slo, counted, key_of

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
        if form["query"].startswith(("process_start", "up{")):
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
    reader = opened(server)
    assert reader.read(NOON - HOUR, NOON) == []
    (told,) = reader.unreadable().values()
    assert "too many samples" in told
    assert "Record its sum" in told
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


def _answers(*series: dict[str, object]) -> Callable[[httpx.Request], httpx.Response]:
    """Prometheus, for whom each of these is all that the selector of its metric brings."""

    def answer(request: httpx.Request) -> httpx.Response:
        query = parse_qs(request.content.decode())["query"][0]
        found = [one for one in series if one["metric"]["__name__"] == re.split(r"[{\[]", query)[0]]  # type: ignore[index]
        return _success({"resultType": "matrix", "result": found})

    return answer


def _series(name: str, values: list[str], **labels: str) -> dict[str, object]:
    at = (NOON - 10 * MINUTE).timestamp()
    shown = {"__name__": name, "job": "api", "instance": "a", **labels}
    return {"metric": shown, "values": [[at + 60 * index, value] for index, value in enumerate(values)]}


HISTOGRAM = {"metric": {"__name__": "odd_total", "job": "api"}, "histograms": [[NOON.timestamp(), {}]]}
FLAPPING = ["9000", "7000", "9010", "7010", "9020", "7020", "9030", "7030"]


@pytest.mark.parametrize(
    ("odd", "told"),
    [
        ([_series("odd_total", ["1", "2.5"])], "holds 2.5, which is not a count of events"),
        ([_series("odd_total", ["1", "NaN"])], "holds nan, which is not a count of events"),
        ([_series("odd_total", ["1", "+Inf"])], "holds inf, which is not a count of events"),
        ([_series("odd_total", ["-1", "2"])], "holds -1, which is not a count of events"),
        ([_series("odd_total", ["1e17"])], "holds 1e+17, which is not a count of events"),
        ([HISTOGRAM], "holds native histograms, which have no counter"),
        ([_series("odd_total", FLAPPING)], "holds counts of several processes in one series"),
        (
            [_series("odd_total", ["5000", "5100"], replica=name) for name in ("a", "b")],
            'Ask for one of them, such as replica="b"',
        ),
    ],
)
def test_what_is_no_count_is_refused_by_name_and_stops_no_other(
    odd: list[dict[str, object]], told: str
) -> None:
    broken = an_slo(
        name="odd", indicator=counted(GOOD.replace("requests", "odd"), TOTAL.replace("requests", "odd"))
    )
    sound = an_slo()
    good = _series("requests_total", ["1000", "1003", "1009"], outcome="ok")
    with httpx.Client(transport=httpx.MockTransport(_answers(good, *odd))) as client:
        reader = PrometheusCountReader("http://prometheus.example", count_queries([broken, sound]), client)
        ledger = MemoryLedger()
        collector = Collector([broken, sound], reader, ledger, "test", ManualClock(NOON), history=HOUR)
        collector.collect()
    assert list(collector.refused) == [broken.id]
    assert told in collector.refused[broken.id]
    assert "odd_total" in collector.refused[broken.id]
    assert ledger.counts(key_of(sound), NOON - HOUR, NOON).total == 9
    assert {key.slo_id for key in ledger.series()} == {sound.id}


def test_replicas_of_the_application_are_no_copies() -> None:
    """Two pods named by a label `replica` count different things."""
    pods = [
        _series("requests_total", ["5000", "5100"], replica="0"),
        _series("requests_total", ["900", "1000"], replica="1"),
    ]
    with httpx.Client(transport=httpx.MockTransport(_answers(*pods))) as client:
        reader = PrometheusCountReader("http://prometheus.example", [QUERY], client)
        counts = reader.read(NOON - HOUR, NOON)
    assert reader.unreadable() == {}
    assert sum(one.value for one in counts) == 200
