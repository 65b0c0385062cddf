"""Definitions made of offers: they load, they are sound, and what a server says stays what it is."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest
import yaml

from app.new_workspace.asking import Found, PrometheusAddress, address
from app.new_workspace.definitions import comment, definition_files
from app.new_workspace.folder import offered_files
from app.settings import load_settings
from slo import lint
from slo.lint import LintSurroundings
from slo.loaders.catalogue_files import load_catalogue
from slo.model.catalogue import Catalogue
from slo.model.errors import SourceError
from slo.offers import Offers
from tests.support.offered import histogram, offered

EDGES = {"0.1": 9000.0, "0.25": 9995.0, "+Inf": 10000.0}
SERVER = "http://prometheus.example:9090"
HOSTILE = [
    'x"}[5m])) or vector(1) #',
    "a: b # c",
    "- [x] {y}",
    "---",
    "`x` <script>",
    "nós",
    "\\",
    "null",
]


def catalogue(found: Offers, folder: Path) -> Catalogue:
    for path, text in definition_files(found, SERVER).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return load_catalogue(folder / "slo/definitions")


def escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')


def shop(job: str = "shop", good: int = 9_995, bad: int = 5) -> Offers:
    return offered(f"""
        http_requests_total{{job="{job}",code="200"}} {good}
        http_requests_total{{job="{job}",code="500"}} {bad}
        {histogram("http_request_duration_seconds", f'job="{job}"', EDGES)}
    """)


def test_what_is_written_loads_and_has_no_findings(tmp_path: Path) -> None:
    read = catalogue(shop(), tmp_path)
    assert [slo.id for slo in read.slos] == ["shop/availability", "shop/latency"]
    assert [slo.objectives[0].target for slo in read.slos] == [Fraction("0.999"), Fraction("0.99")]
    assert lint.check(read, LintSurroundings(teams=frozenset(["on-call"]))) == []


def test_milliseconds_of_other_conventions_are_no_finding_either(tmp_path: Path) -> None:
    edges = {"100": 9000.0, "250": 9995.0, "+Inf": 10000.0}
    buckets = histogram("http_server_duration_milliseconds", 'job="shop",http_status_code="200"', edges)
    read = catalogue(offered(buckets), tmp_path)
    assert len(read.slos) == 2
    assert lint.check(read) == []


@pytest.mark.parametrize("target", ["0.95", "0.98", "0.99", "0.995", "0.999"])
def test_every_step_of_a_promise_can_alert_on_every_window(tmp_path: Path, target: str) -> None:
    good = round(10_000 * float(target))
    read = catalogue(shop("shop", good, 10_000 - good), tmp_path)
    assert read.slo("shop/availability").objectives[0].target == Fraction(target)
    assert lint.check(read) == []


@pytest.mark.parametrize("job", HOSTILE)
def test_a_label_from_the_server_is_only_ever_a_label(tmp_path: Path, job: str) -> None:
    """Its query selects that very value, and its file is an ordinary one inside the folder."""
    made = offered(f'http_requests_total{{job="{escaped(job)}",code="200"}} 5000')
    (service,) = made.services
    assert service.called == job
    read = catalogue(made, tmp_path)
    (slo,) = read.slos
    assert lint.check(read) == []
    assert f'job="{escaped(job)}"' in slo.indicator.queries["total"].query
    (name,) = {path.name for path in tmp_path.rglob("*.yaml")} - {"components.yaml"}
    assert name == f"{service.name}.yaml"
    assert read.components[0].name == job


def test_numbers_come_with_what_was_measured_and_the_other_edges() -> None:
    text = definition_files(shop(), SERVER)["slo/definitions/shop.yaml"]
    said = " ".join(line.lstrip(" #") for line in text.splitlines() if line.lstrip().startswith("#"))
    assert "about 10,000 events in the last 1d; 99.95 % were good, which keeps 99.9 %" in said
    assert "There are: 100 ms, 250 ms" in said
    assert "0.1 % may fail" in said


def test_each_field_is_explained_once_in_a_file() -> None:
    text = definition_files(shop(), SERVER)["slo/definitions/shop.yaml"]
    assert text.count("# Occurrences counts events") == 1
    assert text.count("# The team that owns it") == 1


def test_little_traffic_is_said() -> None:
    text = definition_files(shop("shop", 100, 0), SERVER)["slo/definitions/shop.yaml"]
    assert "That is too little to judge by" in text
    assert 'mirante.dev/min-events: "100"' in text


def test_what_is_left_out_is_listed_where_nothing_breaks_out_of_its_marks() -> None:
    found = offered(
        'http_requests_total{job="a`b",code="200"} 10\nhttp_requests_total{job="a`b",code="500"} 90'
    )
    text = definition_files(found, SERVER)["NOT-PROPOSED.md"]
    assert "- `http_requests_total` of `a b`: only 10 %" in text


@pytest.mark.parametrize("text", ["one\ntwo: 3", "bell \x07", "x " * 300, "\u2028 y"])
def test_a_comment_stays_one(text: str) -> None:
    assert yaml.safe_load(comment(text) + "key: 1\n") == {"key": 1}


@pytest.mark.parametrize("url", [SERVER, f"{SERVER}/a'b\"c\\d", f"{SERVER}/ó"])
def test_the_settings_of_the_workspace_load(tmp_path: Path, url: str) -> None:
    files = offered_files(Found(shop(), ()), PrometheusAddress(url))
    (tmp_path / "mirante.toml").write_bytes(files["mirante.toml"])
    settings = load_settings({}, {}, tmp_path)
    assert (settings.prometheus, settings.count_source) == (url, "prometheus")


def test_a_password_is_used_and_never_written() -> None:
    where = address("https://me:s3cret%40x@prometheus.example/sub/")
    assert where == PrometheusAddress("https://prometheus.example/sub", ("me", "s3cret@x"))
    files = offered_files(Found(shop(), ()), where)
    assert all(b"s3cret" not in content for content in files.values())
    assert b"set MIRANTE_PROMETHEUS" in files["mirante.toml"]


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("localhost:9090", "http://localhost:9090"),
        ("http://[::1]:9090/", "http://[::1]:9090"),
        ("https://x.example/prom?a=b", "https://x.example/prom"),
    ],
)
def test_an_address_is_completed(given: str, url: str) -> None:
    assert address(given).url == url


@pytest.mark.parametrize("given", ["", "ftp://x", "http://", "http://[", "http://x:99999", "http://a b"])
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(SourceError, match="is not a URL"):
        address(given)


def test_how_long_it_was_watched_is_said() -> None:
    found = offered(
        'http_requests_total{job="shop",code="200"} 5000', watched={"shop": timedelta(minutes=90)}
    )
    text = definition_files(found, SERVER)["slo/definitions/shop.yaml"]
    assert "5,000 events in the last 1h 30min" in text


@pytest.mark.parametrize("job", ["{{.window}}", "a {{ .window }}"])
def test_a_label_that_queries_would_replace_is_not_proposed(job: str) -> None:
    made = offered(f'http_requests_total{{job="{job}",code="200"}} 5000')
    assert made.services == ()
    assert any("begins a placeholder" in one.reason for one in made.refused)
