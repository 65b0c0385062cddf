"""Problem documents (RFC 9457): what a refused or failed request is answered with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import Meta

from app.api.language import Language, Text
from app.api.problem_types import ProblemType

PROBLEM_MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One thing to mend. ``pointer`` is a JSON pointer into the body (``#/amount_cents``);
    ``field`` names a header, query parameter or path part. Exactly one of them is set."""

    problem: Text
    mend: Text
    pointer: str | None = None
    field: str | None = None


class ApiProblem(Exception):
    """Raised anywhere under the API and answered as a problem document."""

    def __init__(
        self,
        kind: ProblemType,
        *,
        detail: Text | None = None,
        errors: Sequence[FieldProblem] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.kind = kind
        self.detail = detail or kind.detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        super().__init__(f"{kind.slug}: {self.detail.en}")


class FieldProblemDocument(msgspec.Struct, kw_only=True, omit_defaults=True, rename=None):
    """One field to mend."""

    problem: Annotated[str, Meta(description="What is wrong with it.")]
    mend: Annotated[str, Meta(description="How to mend it.")]
    pointer: (
        Annotated[str, Meta(description="JSON pointer into the body.", examples=["#/amount_cents"])] | None
    ) = None
    field: Annotated[str, Meta(description="Header, query parameter or path part.")] | None = None


class ProblemDocument(msgspec.Struct, kw_only=True):
    """A problem (RFC 9457). Texts follow Accept-Language: English or Brazilian Portuguese."""

    type: Annotated[
        str,
        Meta(
            description="Which problem it is, relative to this server; the page behind it explains it.",
            examples=["/problems/invalid-body"],
        ),
    ]
    title: Annotated[str, Meta(description="The problem in a few words, the same at each occurrence.")]
    status: Annotated[int, Meta(ge=400, le=599, description="The HTTP status.")]
    detail: Annotated[str, Meta(description="What happened and how to mend it.")]
    instance: Annotated[
        str,
        Meta(
            description="This occurrence: the request's id, also in X-Request-Id.",
            examples=["urn:uuid:018f0f5e-0000-7000-8000-000000000000"],
        ),
    ]
    trace_id: Annotated[str, Meta(description="Joins this answer to our logs and traces.")]
    errors: Annotated[
        list[FieldProblemDocument], Meta(description="Every field to mend; empty when none is to blame.")
    ]


_encode = msgspec.json.Encoder().encode


def problem_bytes(problem: ApiProblem, language: Language, request_id: str, trace_id: str) -> bytes:
    """The document as it goes over the wire."""
    return _encode(
        ProblemDocument(
            type=problem.kind.uri,
            title=problem.kind.title.to(language),
            status=problem.kind.status,
            detail=problem.detail.to(language),
            instance=f"urn:uuid:{request_id}",
            trace_id=trace_id,
            errors=[
                FieldProblemDocument(
                    problem=error.problem.to(language),
                    mend=error.mend.to(language),
                    pointer=error.pointer,
                    field=error.field,
                )
                for error in problem.errors
            ],
        )
    )
