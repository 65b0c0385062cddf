"""One visit to a page: who reads it, in which language, at what time, and how it becomes HTML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from app.console.assets import ASSETS
from app.console.formats import Formats
from app.console.languages import HTML_LANGUAGE, LANGUAGE_NAMES, Texts, negotiate, text_table, texts_in
from app.console.ports import ConsoleDependencies
from app.console.sessions import Session
from dashboards.model.palette import LANGUAGES, STATES, State
from foundation.clock import ScaledClock

LANGUAGE_COOKIE = "mirante_language"
SESSION_COOKIE = "mirante_console"
_YEAR_SECONDS = 365 * 86_400
_KEPT_PARAMETERS = ("period", "state", "cursor")


@dataclass(frozen=True, slots=True)
class Reader:
    """What a page needs to know of the person reading it. ``now`` is the stack's clock, UTC."""

    texts: Texts
    formats: Formats
    now: datetime
    session: Session | None = None

    @property
    def language(self) -> str:
        return self.texts.language


def language_of(request: Request) -> str:
    """``?lang=`` over the cookie over ``Accept-Language`` over English."""
    for said in (request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
        if said in LANGUAGES:
            return said
    return negotiate(request.headers.get("accept-language", ""))


class Pages:
    """Renders templates for readers."""

    def __init__(self, deps: ConsoleDependencies) -> None:
        self._deps = deps
        self._environment = templates()
        self._environment.globals.update(
            LANGUAGE_NAMES=LANGUAGE_NAMES,
            STATES={state.value: style for state, style in STATES.items()},
            environment=deps.environment,
            version=deps.version,
            asset=asset_url,
            clock_factor=_factor(deps),
        )

    def reader(self, request: Request, session: Session | None) -> Reader:
        language = language_of(request)
        formats = Formats(language, self._deps.time_zone)
        return Reader(texts_in(language), formats, self._deps.clock.now(), session)

    def render(
        self,
        request: Request,
        reader: Reader,
        template: str,
        context: Mapping[str, object],
        status: int = 200,
    ) -> Response:
        """The page as a response; remembers a language that was asked for."""
        html = self._environment.get_template(template).render(
            t=reader.texts,
            f=reader.formats,
            now=reader.now,
            session=reader.session,
            lang=reader.language,
            html_lang=HTML_LANGUAGE[reader.language],
            path=request.url.path,
            switch=_switch(request),
            **context,
        )
        response = HTMLResponse(html, status_code=status)
        if request.query_params.get("lang") in LANGUAGES:
            response.set_cookie(
                LANGUAGE_COOKIE, reader.language, max_age=_YEAR_SECONDS, path="/console", samesite="lax"
            )
        return response


def templates() -> Environment:
    """Of all pages of the console."""
    text_table()  # a missing text stops the start, not a page
    return Environment(
        loader=PackageLoader("app.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def asset_url(name: str) -> str:
    """The path of a file we serve, with a mark that changes when its bytes do."""
    return f"/console/static/{name}?v={sha256(ASSETS[name].body).hexdigest()[:10]}"


def state_style(state: State, language: str) -> Mapping[str, str]:
    """``css``, ``symbol`` and ``text`` of a state."""
    style = STATES[state]
    return {"css": state.value.replace("_", "-"), "symbol": style.symbol, "text": style.text(language)}


def _switch(request: Request) -> Mapping[str, str]:
    """For each language, this page's own path in it."""
    kept = {name: request.query_params[name] for name in _KEPT_PARAMETERS if name in request.query_params}
    return {language: "?" + urlencode({**kept, "lang": language}) for language in LANGUAGES}


def _factor(deps: ConsoleDependencies) -> float:
    return deps.clock.factor if isinstance(deps.clock, ScaledClock) else 1.0
