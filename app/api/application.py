"""The decision API as an ASGI application: its routes, behind the door's layers."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.types import ASGIApp

from app.api.access import Gate, RateLimit
from app.api.customers import add_customer_routes
from app.api.decisions import add_decision_routes
from app.api.dependencies import ApiDependencies
from app.api.disbursements import add_disbursement_routes
from app.api.documentation import install_documentation
from app.api.door import BodyLimit, DecisionAccounting, ProblemFallback, RequestContext, declare_series
from app.api.faults import add_fault_routes
from app.api.operations import add_operation_routes
from app.api.policies import add_policy_routes
from app.api.problems import install_problem_handlers
from app.api.records import RECORDS_PATH, add_record_routes
from app.api.routes import Routes

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
    routes = Routes(app, gate)
    add_decision_routes(routes, deps)
    add_disbursement_routes(routes, deps)
    add_customer_routes(routes, deps)
    add_record_routes(routes, deps)
    add_policy_routes(routes, deps)
    if deps.faults is not None:
        add_fault_routes(routes, deps, deps.faults)
    add_operation_routes(routes, deps)
    install_documentation(app, deps)
    return app
