"""``/v1/policies``: the credit policies in force."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from app.api.dependencies import ApiDependencies
from app.api.exchange import json_answer
from app.api.routes import Operation, Routes
from app.api.scopes import Scope
from credit.domain.compiled_policy import PolicyBook


class PolicyDocument(msgspec.Struct, kw_only=True):
    """A credit policy in force."""

    name: Annotated[str, Meta(examples=["personal-credit"])]
    version: str
    id: Annotated[str, Meta(description="SHA-256 of the policy's content: equal ids decide equally.")]
    description: str
    rules: Annotated[int, Meta(ge=0, description="Number of rules.")]
    default: Annotated[bool, Meta(description="Used when an application does not name a policy.")]


class PolicyList(msgspec.Struct, kw_only=True):
    """Every policy in force, by name."""

    items: list[PolicyDocument]


def add_policy_routes(routes: Routes, deps: ApiDependencies) -> None:
    async def policies(request: Request) -> Response:
        return json_answer(_list(deps.policies))

    routes.add(_LIST_POLICIES, policies)


def _list(book: PolicyBook) -> PolicyList:
    default = book.get().policy_id
    items = []
    for name in book.names():
        policy = book.get(name)
        items.append(
            PolicyDocument(
                name=name,
                version=policy.spec.version,
                id=policy.policy_id,
                description=policy.spec.description,
                rules=len(policy.spec.rules),
                default=policy.policy_id == default,
            )
        )
    return PolicyList(items=items)


_LIST_POLICIES = Operation(
    route="GET /v1/policies",
    name="listPolicies",
    summary="Credit policies in force",
    tag="policies",
    scope=Scope.DECISIONS_READ,
    answers={200: ("The policies.", PolicyList)},
)
