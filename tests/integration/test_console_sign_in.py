"""Coming in, staying in, acting and going out, as a browser does it."""

from __future__ import annotations

import asyncio
import socket
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import uvicorn

from alarms.model.incident import IncidentState
from alarms.model.severity import Severity
from app.console.guards import CONTENT_SECURITY_POLICY
from app.console.sessions import LINK_LIFETIME, SESSION_LIFETIME
from tests.support.console_browser import BASE_URL, browser, csrf_of, signed_in, text_of
from tests.support.console_world import World

PAGES = (
    "/console/",
    "/console/incidents",
    "/console/duty",
    "/console/kpi",
    "/console/runbooks",
    "/console/slo/credit/decision-latency",
)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.mark.parametrize("path", PAGES)
async def test_without_a_session_no_page_shows_anything(world: World, path: str) -> None:
    async with browser(world.application()) as client:
        answer = await client.get(path)
    assert answer.status_code == 401
    assert "Sign in with a one-time link" in answer.text
    assert "mirante console-link" in answer.text
    assert "credit" not in answer.text


async def test_a_link_signs_in_once_and_leaves_the_address_bar(world: World) -> None:
    link = world.sessions.issue_link(BASE_URL)
    async with browser(world.application()) as client:
        answer = await client.get(link)
        assert answer.status_code == 200
        assert str(answer.url) == f"{BASE_URL}/console/"
        assert "token" not in answer.text
    async with browser(world.application()) as other:
        again = await other.get(link)
        assert again.status_code == 403
        assert "This link has already been used" in again.text
        assert (await other.get("/console/")).status_code == 401


async def test_an_expired_link_says_so(world: World) -> None:
    link = world.sessions.issue_link(BASE_URL)
    world.real_now += LINK_LIFETIME
    async with browser(world.application()) as client:
        answer = await client.get(link)
    assert answer.status_code == 403
    assert "This link has expired" in answer.text


async def test_a_link_with_a_missing_piece_says_so(world: World) -> None:
    link = world.sessions.issue_link(BASE_URL)
    async with browser(world.application()) as client:
        assert "not a valid sign-in link" in (await client.get(link[:-1])).text
        assert (await client.get(link)).status_code == 200


async def test_looking_ahead_at_a_link_does_not_spend_it(world: World) -> None:
    link = world.sessions.issue_link(BASE_URL)
    async with browser(world.application()) as client:
        await client.head(link)
        await client.get(link, headers={"sec-purpose": "prefetch;prerender"})
        assert (await client.get(link)).status_code == 200


async def test_the_accelerated_clock_of_the_stack_does_not_age_a_session(world: World) -> None:
    async with signed_in(world) as client:
        world.clock.advance(timedelta(days=400))
        assert (await client.get("/console/")).status_code == 200


async def test_a_session_ends_by_itself(world: World) -> None:
    async with signed_in(world) as client:
        world.real_now += SESSION_LIFETIME
        assert (await client.get("/console/")).status_code == 401


async def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(world: World) -> None:
    async with browser(world.application()) as client:
        answer = await client.get(world.sessions.issue_link(BASE_URL), follow_redirects=False)
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/console" in cookie
    assert "secure" not in cookie
    assert answer.headers["location"] == "/console/"


async def test_over_https_the_cookie_is_secure(world: World) -> None:
    async with browser(world.application()) as client:
        link = world.sessions.issue_link("https://127.0.0.1:8601")
        answer = await client.get(link, follow_redirects=False)
    assert "secure" in answer.headers["set-cookie"].lower()


async def test_signing_out_ends_the_session_here_and_everywhere(world: World) -> None:
    async with signed_in(world) as client:
        stolen = client.cookies["mirante_console"]
        token = csrf_of((await client.get("/console/")).text)
        answer = await client.post("/console/sign-out", data={"csrf": token})
        assert "You have signed out" in answer.text
        assert "mirante_console" not in client.cookies
        client.cookies.set("mirante_console", stolen, domain="127.0.0.1", path="/console")
        assert (await client.get("/console/")).status_code == 401


async def test_acknowledging_names_who_did_it(world: World) -> None:
    incident = world.alert("Something", Severity.P1)
    link = world.sessions.issue_link(BASE_URL, actor="ana")
    async with browser(world.application()) as client:
        html = (await client.get(link)).text
        answer = await client.post(
            f"/console/incidents/{incident}/acknowledge", data={"csrf": csrf_of(html), "back": "incident"}
        )
        assert str(answer.url) == f"{BASE_URL}/console/incidents/{incident}?done=acknowledge"
        assert "Acknowledged. The deadline to resolve it still applies." in answer.text
    found = world.router.incident(incident)
    assert found.state is IncidentState.ACKNOWLEDGED
    assert found.acknowledged_by == "ana"


async def test_resolving_goes_back_to_the_on_call_page(world: World) -> None:
    incident = world.alert("Something", Severity.P1)
    async with signed_in(world) as client:
        token = csrf_of((await client.get("/console/")).text)
        answer = await client.post(f"/console/incidents/{incident}/resolve", data={"csrf": token})
        assert str(answer.url) == f"{BASE_URL}/console/?done=resolve"
    assert world.router.incident(incident).resolved_by == "operator"


@pytest.mark.parametrize("form", [{}, {"csrf": ""}, {"csrf": "0" * 64}])
async def test_a_form_without_the_session_s_token_changes_nothing(world: World, form: dict[str, str]) -> None:
    incident = world.alert("Something", Severity.P1)
    async with signed_in(world) as client:
        answer = await client.post(f"/console/incidents/{incident}/acknowledge", data=form)
        assert answer.status_code == 403
        assert "did not come from your session" in answer.text
        assert (await client.post("/console/sign-out", data=form)).status_code == 403
        assert (await client.get("/console/")).status_code == 200
    assert world.router.incident(incident).state is IncidentState.OPEN


async def test_another_session_s_token_does_not_fit(world: World) -> None:
    incident = world.alert("Something", Severity.P1)
    async with signed_in(world) as mine, signed_in(world) as other:
        theirs = csrf_of((await other.get("/console/")).text)
        answer = await mine.post(f"/console/incidents/{incident}/resolve", data={"csrf": theirs})
        assert answer.status_code == 403
    assert world.router.incident(incident).is_open


async def test_a_form_from_another_site_changes_nothing_even_with_the_token(world: World) -> None:
    incident = world.alert("Something", Severity.P1)
    async with signed_in(world) as client:
        token = csrf_of((await client.get("/console/")).text)
        path = f"/console/incidents/{incident}/resolve"
        for origin in ("https://evil.example", "null", "http://127.0.0.1:9999"):
            answer = await client.post(path, data={"csrf": token}, headers={"origin": origin})
            assert answer.status_code == 403, origin
        assert (
            await client.post(path, data={"csrf": token}, headers={"origin": BASE_URL})
        ).status_code == 200


async def test_nothing_can_be_done_without_a_session(world: World) -> None:
    incident = world.alert("Something", Severity.P1)
    async with browser(world.application()) as client:
        answer = await client.post(f"/console/incidents/{incident}/resolve", data={"csrf": "x"})
        assert answer.status_code == 401
    assert world.router.incident(incident).is_open


async def test_a_link_to_an_action_does_nothing(world: World) -> None:
    incident = world.alert("Something", Severity.P1)
    async with signed_in(world) as client:
        answer = await client.get(f"/console/incidents/{incident}/resolve")
        assert answer.status_code in (404, 405)
    assert world.router.incident(incident).is_open


async def test_what_the_router_does_not_allow_is_told_in_words(world: World) -> None:
    incident = world.alert("Something", Severity.P1)
    async with signed_in(world) as client:
        token = csrf_of((await client.get("/console/")).text)
        world.router.resolve(incident, "somebody faster")
        answer = await client.post(f"/console/incidents/{incident}/acknowledge", data={"csrf": token})
    assert answer.status_code == 409
    assert "You cannot do that now" in answer.text


async def test_an_unknown_incident_or_action_is_a_404(world: World) -> None:
    incident = world.alert("Something", Severity.P1)
    async with signed_in(world) as client:
        form = {"csrf": csrf_of((await client.get("/console/")).text)}
        assert (await client.post("/console/incidents/NOPE/resolve", data=form)).status_code == 404
        assert (await client.post(f"/console/incidents/{incident}/delete", data=form)).status_code == 404


async def test_a_form_that_is_too_large_or_unreadable_is_refused(world: World) -> None:
    incident = world.alert("Something", Severity.P1)
    async with signed_in(world) as client:
        path = f"/console/incidents/{incident}/resolve"
        assert (await client.post(path, content=b"note=" + b"x" * 20_000)).status_code == 413
        assert (await client.post(path, content=b"csrf=%ff&note=\xff\xfe")).status_code == 400
    assert world.router.incident(incident).is_open


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "incident\r\nx: y"],
)
async def test_no_redirect_leads_away(world: World, target: str) -> None:
    incident = world.alert("Something", Severity.P1)
    async with browser(world.application()) as client:
        link = world.sessions.issue_link(BASE_URL)
        answer = await client.get(
            link, params={"token": link.partition("token=")[2], "next": target, "to": target}
        )
        assert str(answer.url) == f"{BASE_URL}/console/"
        form = {"csrf": csrf_of(answer.text), "back": target, "next": target}
        done = await client.post(f"/console/incidents/{incident}/resolve", data=form, follow_redirects=False)
        assert done.headers["location"] == "/console/?done=resolve"


async def test_every_answer_carries_the_headers_that_keep_a_browser_safe(world: World) -> None:
    async with signed_in(world) as client:
        for path in (*PAGES, "/console/nothing", "/console/static/console.css", "/console"):
            headers = (await client.get(path, follow_redirects=False)).headers
            assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY, path
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["x-frame-options"] == "DENY"
            # "no-referrer" would make a browser post our own forms with "Origin: null", which is refused.
            assert headers["referrer-policy"] == "same-origin"
    assert "unsafe" not in CONTENT_SECURITY_POLICY


async def test_pages_are_not_cached_and_files_are(world: World) -> None:
    async with signed_in(world) as client:
        html = await client.get("/console/")
        assert html.headers["cache-control"] == "no-store"
        for path in ("/console/static/console.css", "/console/static/refresh.js", "/console/static/icon.svg"):
            answer = await client.get(path)
            assert answer.status_code == 200
            assert "immutable" in answer.headers["cache-control"]


async def test_the_root_leads_to_the_on_call_page(world: World) -> None:
    async with signed_in(world) as client:
        assert str((await client.get("/")).url) == f"{BASE_URL}/console/"


async def test_the_console_works_behind_a_real_server(world: World) -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    base = f"http://127.0.0.1:{listening.getsockname()[1]}"
    server = uvicorn.Server(uvicorn.Config(world.application(), log_level="error", lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        async with httpx.AsyncClient(follow_redirects=True) as client:
            answer = await client.get(world.sessions.issue_link(base))
            assert answer.status_code == 200
            assert "On call" in text_of(answer.text)
    finally:
        server.should_exit = True
        await serving
