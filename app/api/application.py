"""The decision API as an ASGI application.

Layers, outermost first; all of them pure ASGI:

    RequestContext       ids, trace, language, HTTP metrics, one log line
    DecisionAccounting   decision requests counted once, before the answer leaves
    ProblemFallback      what escapes everything else
    BodyLimit            size of the body, while it is received
    FastAPI              routes, and errors into problem documents
"""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.types import ASGIApp

from app.api.access import Gate
from app.api.accounting import DecisionAccounting, declare_series
from app.api.answers import ProblemFallback, install_problem_handlers
from app.api.body_limit import BodyLimit
from app.api.customers import install_customer_routes
from app.api.decisions import install_decision_routes
from app.api.dependencies import ApiDependencies
from app.api.disbursements import install_disbursement_routes
from app.api.documentation import install_documentation
from app.api.faults import install_fault_routes
from app.api.operations import install_operation_routes
from app.api.policies import install_policy_routes
from app.api.rate_limit import RateLimit
from app.api.records import RECORDS_PATH, install_record_routes
from app.api.request_context import RequestContext

# Requests are traced and measured by RequestContext; FastAPI's own telemetry would do it a second time.
_OWN: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}


def create_api(dependencies: ApiDependencies) -> ASGIApp:
    """The whole API. It needs no lifespan and holds no global state."""
    deps = dependencies
    declare_series(deps.telemetry)
    app: ASGIApp = create_routes(deps)
    app = BodyLimit(app, deps.limits.body_bytes, {RECORDS_PATH: deps.limits.records_body_bytes})
    app = ProblemFallback(app)
    app = DecisionAccounting(app, deps.telemetry, deps.clock)
    return RequestContext(app, deps.telemetry, deps.tracer, deps.clock)


def create_routes(deps: ApiDependencies) -> FastAPI:
    """The routes alone, without the layers that they rely on."""
    limits = deps.limits
    gate = Gate(
        deps.keys,
        RateLimit(limits.requests_per_window, limits.window_seconds, deps.clock),
        deps.telemetry,
    )
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False, telemetry=_OWN)
    install_problem_handlers(app, limits.retry_after_seconds)
    install_decision_routes(app, deps, gate)
    install_disbursement_routes(app, deps, gate)
    install_customer_routes(app, deps, gate)
    install_record_routes(app, deps, gate)
    install_policy_routes(app, deps, gate)
    if deps.faults is not None:
        install_fault_routes(app, deps, deps.faults, gate)
    install_operation_routes(app, deps, gate)
    install_documentation(app, deps)
    return app
