"""The console as an ASGI application; every path but ``/`` begins with ``/console``."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from alarms.model.errors import AlarmsError, InvalidRequest, NotAllowed, StoreBusy, UnknownIncident
from app.console.assets import ASSETS
from app.console.board import DEFAULT_PERIOD, board_page
from app.console.duty import change_duty, duty_page
from app.console.errors import LinkRefused, SessionStoreError
from app.console.guards import SecurityHeaders, forged, is_prefetch, read_form
from app.console.incident_pages import incident_list, incident_page
from app.console.objective_detail import objective_page
from app.console.oncall import oncall_page
from app.console.ports import ConsoleDependencies
from app.console.runbooks import runbook_list, runbook_page
from app.console.sessions import SESSION_LIFETIME, Session
from app.console.visits import SESSION_COOKIE, Pages, Reader
from credit.domain.errors import DomainError
from slo.model.errors import SloError, UnknownSlo

HOME = "/console/"
Builder = Callable[[Request, Reader], Mapping[str, object] | None]
Endpoint = Callable[[Request], Awaitable[Response]]
_REFUSALS = {400: "bad_request", 404: "not_found", 405: "bad_request", 413: "too_large"}
_ACTIONS = ("acknowledge", "resolve")
_LOG = logging.getLogger(__name__)


def create_console(deps: ConsoleDependencies) -> ASGIApp:
    """Server-rendered pages over ``deps``. Serve it as it is, or mount it last at the root of another app."""
    console = _Console(deps)
    app = Starlette(
        routes=console.routes(),
        exception_handlers={
            HTTPException: console.refused,
            UnknownSlo: console.not_found,
            UnknownIncident: console.not_found,
            NotAllowed: console.not_allowed,
            InvalidRequest: console.invalid,
            StoreBusy: console.unavailable,
            SloError: console.unavailable,
            AlarmsError: console.unavailable,
            DomainError: console.unavailable,
            SessionStoreError: console.unavailable,
            Exception: console.broken,
        },
    )
    app.router.redirect_slashes = False
    return SecurityHeaders(app)  # outside everything, so that the page of a mistake has them too


class _Console:
    """The endpoints. Pages are built in a thread, because everything behind them may block."""

    def __init__(self, deps: ConsoleDependencies) -> None:
        self._deps = deps
        self._pages = Pages(deps)

    def routes(self) -> list[Route]:
        return [
            Route("/", self._home),
            Route("/console", self._home),
            Route(HOME, self._page("oncall.html", self._oncall)),
            Route("/console/slo/{service}/{name}", self._page("objective.html", self._objective)),
            Route(
                "/console/incidents",
                self._page("incidents.html", self._incidents),
            ),
            Route("/console/incidents/{id}", self._page("incident.html", self._incident)),
            Route("/console/incidents/{id}/{action}", self._act, methods=["POST"]),
            Route("/console/duty", self._page("duty.html", self._duty)),
            Route("/console/duty/{action}", self._change_duty, methods=["POST"]),
            Route("/console/kpi", self._page("board.html", self._board)),
            Route("/console/runbooks", self._page("runbooks.html", self._runbooks)),
            Route("/console/runbooks/{name}", self._page("runbook.html", self._runbook)),
            Route("/console/sign-in", self._sign_in),
            Route("/console/sign-out", self._sign_out, methods=["POST"]),
            Route("/console/static/{name}", self._asset),
        ]

    def _page(self, template: str, build: Builder) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            session = await self._session(request)
            reader = self._pages.reader(request, session)
            if session is None:
                return self._message(request, "signed_out", 401)
            return await run_in_threadpool(self._built, request, reader, template, build)

        return endpoint

    def _built(self, request: Request, reader: Reader, template: str, build: Builder) -> Response:
        context = build(request, reader)
        if context is None:
            return self._message(request, "not_found", 404, reader=reader)
        shown = {
            "refresh": self._deps.refresh_seconds,
            "done": request.query_params.get("done", ""),
            **context,
        }
        return self._pages.render(request, reader, template, shown)

    def _oncall(self, request: Request, reader: Reader) -> Mapping[str, object]:
        return oncall_page(self._deps, reader)

    def _incidents(self, request: Request, reader: Reader) -> Mapping[str, object] | None:
        asked = request.query_params
        return incident_list(self._deps, reader, asked.get("state", ""), asked.get("cursor", ""))

    def _runbooks(self, request: Request, reader: Reader) -> Mapping[str, object]:
        return runbook_list(self._deps, reader)

    def _objective(self, request: Request, reader: Reader) -> Mapping[str, object]:
        slo_id = f"{request.path_params['service']}/{request.path_params['name']}"
        return objective_page(self._deps, slo_id, reader)

    def _incident(self, request: Request, reader: Reader) -> Mapping[str, object]:
        return incident_page(self._deps, request.path_params["id"], reader)

    def _duty(self, request: Request, reader: Reader) -> Mapping[str, object]:
        return duty_page(self._deps, reader)

    def _board(self, request: Request, reader: Reader) -> Mapping[str, object]:
        return board_page(self._deps, request.query_params.get("period", DEFAULT_PERIOD), reader)

    def _runbook(self, request: Request, reader: Reader) -> Mapping[str, object] | None:
        return runbook_page(self._deps, request.path_params["name"], reader)

    async def _home(self, request: Request) -> Response:
        return RedirectResponse(HOME, 308)

    async def _act(self, request: Request) -> Response:
        session = await self._session(request)
        if session is None:
            return self._message(request, "signed_out", 401)
        action, incident_id = request.path_params["action"], request.path_params["id"]
        if action not in _ACTIONS:
            raise HTTPException(404)
        form = await read_form(request)
        if forged(request, session, form):
            return self._message(request, "forged", 403)
        command = self._deps.desk.acknowledge if action == "acknowledge" else self._deps.desk.resolve
        incident = await run_in_threadpool(command, incident_id, session.actor, form.get("note", "")[:500])
        target = f"/console/incidents/{incident.id}" if form.get("back") == "incident" else HOME
        return RedirectResponse(f"{target}?done={action}", 303)

    async def _change_duty(self, request: Request) -> Response:
        session = await self._session(request)
        if session is None:
            return self._message(request, "signed_out", 401)
        action = request.path_params["action"]
        form = await read_form(request)
        if forged(request, session, form):
            return self._message(request, "forged", 403)
        try:
            await run_in_threadpool(change_duty, self._deps, action, form, session.actor)
        except KeyError:
            raise HTTPException(404) from None
        return RedirectResponse(f"/console/duty?done={action}", 303)

    async def _sign_in(self, request: Request) -> Response:
        token = request.query_params.get("token", "")
        if is_prefetch(request):
            return Response(status_code=503)
        if not token:
            return self._message(request, "signed_out", 200)
        try:
            session = await run_in_threadpool(self._deps.sessions.redeem, token)
        except LinkRefused as refusal:
            return self._message(request, f"link_{refusal.why}", 403)
        response = RedirectResponse(HOME, 303)
        response.set_cookie(
            SESSION_COOKIE,
            session.token,
            max_age=int(SESSION_LIFETIME.total_seconds()),
            path="/console",
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
        return response

    async def _sign_out(self, request: Request) -> Response:
        session = await self._session(request)
        form = await read_form(request)
        if session is not None and forged(request, session, form):
            return self._message(request, "forged", 403)
        if session is not None:
            await run_in_threadpool(self._deps.sessions.end, session.token)
        response = self._message(request, "signed_out_now", 200)
        response.delete_cookie(SESSION_COOKIE, path="/console", httponly=True, samesite="lax")
        return response

    async def _asset(self, request: Request) -> Response:
        asset = ASSETS.get(request.path_params["name"])
        if asset is None:
            raise HTTPException(404)
        caching = {"cache-control": "public, max-age=31536000, immutable"}
        return Response(asset.body, media_type=asset.media_type, headers=caching)

    async def _session(self, request: Request) -> Session | None:
        token = request.cookies.get(SESSION_COOKIE, "")
        return await run_in_threadpool(self._deps.sessions.find, token) if token else None

    def _message(
        self, request: Request, key: str, status: int, detail: str = "", reader: Reader | None = None
    ) -> Response:
        """A page of one message: what happened and what to do about it."""
        reader = reader or self._pages.reader(request, None)
        return self._pages.render(request, reader, "message.html", {"key": key, "detail": detail}, status)

    async def refused(self, request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        key = _REFUSALS.get(status, "broken")
        return self._message(request, key, status)

    async def not_found(self, request: Request, error: Exception) -> Response:
        return self._message(request, "not_found", 404, str(error))

    async def not_allowed(self, request: Request, error: Exception) -> Response:
        return self._message(request, "not_allowed", 409, str(error))

    async def invalid(self, request: Request, error: Exception) -> Response:
        return self._message(request, "invalid", 400, str(error))

    async def unavailable(self, request: Request, error: Exception) -> Response:
        _LOG.warning("console cannot show %s: %s", request.url.path, error)
        return self._message(request, "unavailable", 503, str(error))

    async def broken(self, request: Request, error: Exception) -> Response:
        """Starlette raises the error again after this answer, so that the server logs it."""
        return self._message(request, "broken", 500)
