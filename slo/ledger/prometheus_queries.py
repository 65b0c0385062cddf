"""Any PromQL asked of a Prometheus server: one moment, or a stretch of time.

https://prometheus.io/docs/prometheus/latest/querying/api/
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import httpx

from slo.model.errors import SourceError

Labels = Mapping[str, str]
Points = Sequence[tuple[float, float]]
"""``(unix seconds, value)``, in time order."""


class PrometheusQueries:
    """Raises ``SourceError`` when the server cannot be reached, refuses or answers with something else."""

    def __init__(self, base_url: str, client: httpx.Client) -> None:
        self._base_url = base_url.rstrip("/")
        self._client = client

    def at(self, query: str, instant: datetime) -> Sequence[tuple[Labels, float]]:
        """Each series with its value at that instant; a series without data is left out."""
        found = self.ask("query", {"query": query, "time": f"{instant.timestamp():.3f}"})
        try:
            if found["resultType"] == "scalar":
                return [({}, float(found["result"][1]))]
            return [(series["metric"], float(series["value"][1])) for series in found["result"]]
        except (LookupError, TypeError, ValueError) as error:
            told = f"{self._base_url} answered {query!r} with no vector; is it Prometheus?"
            raise SourceError(told) from error

    def over(
        self, query: str, start: datetime, end: datetime, step: timedelta
    ) -> Sequence[tuple[Labels, Points]]:
        """Each series with its values from ``start`` to ``end``, ``step`` apart; holes are left out."""
        found = self.ask(
            "query_range",
            {
                "query": query,
                "start": f"{start.timestamp():.3f}",
                "end": f"{end.timestamp():.3f}",
                "step": f"{step.total_seconds():.3f}",
            },
        )
        return [
            (series["metric"], [(float(at), float(value)) for at, value in series["values"]])
            for series in found["result"]
        ]

    def ask(self, what: str, parameters: Mapping[str, str]) -> Any:
        """The ``data`` of an answer of ``/api/v1/<what>``."""
        return self._data(what, lambda url: self._client.post(url, data=dict(parameters)), parameters)

    def read(self, what: str, parameters: Mapping[str, str]) -> Any:
        """The same of what has no form to post: ``metadata``, ``label/<name>/values``."""
        return self._data(what, lambda url: self._client.get(url, params=dict(parameters)), parameters)

    def _data(self, what: str, send: Callable[[str], httpx.Response], parameters: Mapping[str, str]) -> Any:
        try:
            answer = send(f"{self._base_url}/api/v1/{what}")
            body = answer.json()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SourceError(f"Prometheus at {self._base_url} cannot be reached: {error}") from error
        except ValueError as error:
            raise SourceError(
                f"{self._base_url} answered {answer.status_code} without JSON; is it Prometheus?"
            ) from error
        if not isinstance(body, dict) or body.get("status") != "success":
            told = body.get("error") if isinstance(body, dict) else body
            asked = repr(parameters["query"]) if "query" in parameters else f"/api/v1/{what}"
            raise SourceError(f"Prometheus at {self._base_url} refused {asked}: {told}")
        return body["data"]
