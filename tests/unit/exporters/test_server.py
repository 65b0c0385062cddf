from __future__ import annotations

import httpx
from prometheus_client.parser import text_string_to_metric_families

from exporters.server import build_registry, metrics_app


def client() -> httpx.AsyncClient:
    app = metrics_app(build_registry("exporters", []))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://exporters")


async def test_the_registry_is_served_as_text_that_a_scraper_can_parse() -> None:
    async with client() as http:
        answer = await http.get("/metrics")
    assert answer.status_code == 200
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    assert families["mirante_role_info"].samples[0].labels == {"role": "exporters"}


async def test_open_metrics_is_spoken_when_asked_for() -> None:
    async with client() as http:
        answer = await http.get("/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


async def test_head_has_no_body_and_other_methods_are_refused() -> None:
    async with client() as http:
        head = await http.head("/metrics")
        post = await http.post("/metrics")
    assert (head.status_code, head.content) == (200, b"")
    assert post.status_code == 405
    assert post.headers["allow"] == "GET, HEAD"
