"""The page behind the acknowledge link of a message: for a phone, without signing in, without scripts.

To look at it changes nothing, however often programs do that read mail or make previews of links; its one
button acknowledges. The router serves it, so it has all that it shows in itself and needs no console beside.
"""

from __future__ import annotations

import base64
import hashlib
import logging

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from alarms.model.errors import AlarmsError
from alarms.notify.links import ACKNOWLEDGE, Links
from alarms.notify.text.headline import what, where
from alarms.router.one_tap import LinkState, OneTap, Tap
from app.console.assets import ASSETS
from app.console.formats import Formats
from app.console.guards import HEADERS
from app.console.languages import HTML_LANGUAGE, LANGUAGE_NAMES, texts_in
from app.console.visits import language_of, templates
from dashboards.model.palette import LANGUAGES

_LOG = logging.getLogger(__name__)
STYLE = "".join(ASSETS[name].body.decode() for name in ("console.css", "colours.css"))
STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
# The address is the secret: no other page is told of it, and nothing but this page's own style is loaded.
OWN_HEADERS = {
    **HEADERS,
    "content-security-policy": f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
UNAVAILABLE = "unavailable"
STATUS = {
    LinkState.READY: 200,
    LinkState.USED: 200,
    LinkState.RESOLVED: 410,
    LinkState.OTHER_CYCLE: 410,
    LinkState.EXPIRED: 410,
    LinkState.BROKEN: 404,
}
TOO_LATE = 409  # what was sent changed nothing: somebody was first


class OneTapPages:
    def __init__(self, one_tap: OneTap, links: Links, environment: str, time_zone: str) -> None:
        self._one_tap = one_tap
        self._links = links
        self._environment = environment
        self._time_zone = time_zone
        self._template = templates().get_template("one_tap.html")

    def routes(self) -> list[Route]:
        path = f"{ACKNOWLEDGE}/{{token}}"
        return [Route(path, self.look), Route(path, self.acknowledge, methods=["POST"])]

    async def look(self, request: Request) -> Response:
        try:
            tap = await run_in_threadpool(self._one_tap.look, request.path_params["token"])
        except AlarmsError as error:
            return self._unavailable(request, error)
        return self._page(request, tap, STATUS[tap.state])

    async def acknowledge(self, request: Request) -> Response:
        """Its body is not read: all that counts is in the address."""
        try:
            tap = await run_in_threadpool(self._one_tap.acknowledge, request.path_params["token"])
        except AlarmsError as error:
            return self._unavailable(request, error)
        if tap.state is LinkState.READY:  # the page that says so can be loaded again
            return RedirectResponse(str(request.url.path) + _kept(request), 303, OWN_HEADERS)
        return self._page(request, tap, TOO_LATE if tap.state is LinkState.USED else STATUS[tap.state])

    def _unavailable(self, request: Request, error: AlarmsError) -> Response:
        _LOG.warning("an acknowledge link cannot be followed: %s", error)
        return self._page(request, Tap(LinkState.BROKEN), 503, UNAVAILABLE)

    def _page(self, request: Request, tap: Tap, status: int, key: str = "") -> Response:
        language = language_of(request)
        texts, formats = texts_in(language), Formats(language, self._time_zone)
        incident = tap.incident
        named = "" if incident is None else what(incident, language)
        html = self._template.render(
            t=texts,
            key=key or tap.state.value,
            incident=incident,
            named=named,
            place="" if incident is None else where(incident, language, named),
            since="" if incident is None else formats.instant(incident.opened_at),
            by=tap.by,
            at=formats.instant(tap.at),
            page="" if incident is None else self._links.page(incident.id),
            environment=self._environment,
            zone=formats.zone,
            lang=language,
            html_lang=HTML_LANGUAGE[language],
            languages=LANGUAGE_NAMES,
            style=Markup(STYLE),  # noqa: S704 - our own file
        )
        return HTMLResponse(html, status, OWN_HEADERS)


def _kept(request: Request) -> str:
    """The language that was chosen on the page."""
    chosen = request.query_params.get("lang", "")
    return f"?lang={chosen}" if chosen in LANGUAGES else ""
