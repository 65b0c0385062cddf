"""Any PromQL asked of a Prometheus server: one moment, or a stretch of time.

https://prometheus.io/docs/prometheus/latest/querying/api/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import httpx

from foundation.answers import AnswerReader, AnswerRefused, TooLarge, WholeAnswer
from foundation.errors import shortened
from slo.model.errors import SourceError, TooMuch, Uncountable

Labels = Mapping[str, str]
Points = Sequence[tuple[float, float]]
"""``(unix seconds, value)``, in time order."""

TOO_MANY = "too many samples"  # what Prometheus says at its own limit, --query.max-samples


class PrometheusQueries:
    """Raises ``SourceError`` when the server cannot be reached, refuses or answers with something else."""

    def __init__(self, base_url: str, client: httpx.Client) -> None:
        self._base_url = base_url.rstrip("/")
        self.shown_url = _without_password(self._base_url)
        self._reader = AnswerReader(client)

    def at(self, query: str, instant: datetime) -> Sequence[tuple[Labels, float]]:
        """Each series with its value at that instant; a series without data is left out."""
        found = self.ask("query", {"query": query, "time": f"{instant.timestamp():.3f}"})
        try:
            if found["resultType"] == "scalar":
                return [({}, float(found["result"][1]))]
            return [(series["metric"], float(series["value"][1])) for series in found["result"]]
        except (LookupError, TypeError, ValueError) as error:
            raise self._misshapen(query, "vector") from error

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
        return self._matrix(query, found)

    def samples(self, selector: str, start: datetime, end: datetime) -> Sequence[tuple[Labels, Points]]:
        """Each series with its own samples in ``(start, end]``, as they were scraped.

        Raises:
            Uncountable: they are histograms, each a sample of its own.
        """
        query = f"{selector}[{round((end - start).total_seconds())}s]"
        found = self.ask("query", {"query": query, "time": f"{end.timestamp():.3f}"})
        samples = self._matrix(query, found)
        if any("histograms" in series for series in found["result"]):
            raise Uncountable(
                "holds native histograms, which have no counter to read: count events by a counter, "
                "or by the classic histogram's _count and _bucket"
            )
        return samples

    def _matrix(self, query: str, found: Any) -> Sequence[tuple[Labels, Points]]:
        try:
            return [
                (series["metric"], [(float(at), float(value)) for at, value in series.get("values", ())])
                for series in found["result"]
            ]
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise self._misshapen(query, "matrix") from error

    def _misshapen(self, query: str, expected: str) -> SourceError:
        return SourceError(f"{self.shown_url} answered {query!r} with no {expected}; is it Prometheus?")

    def ask(self, what: str, parameters: Mapping[str, str]) -> Any:
        """The ``data`` of an answer of ``/api/v1/<what>``."""
        return self._data("POST", what, {"data": dict(parameters)}, parameters)

    def read(self, what: str, parameters: Mapping[str, str]) -> Any:
        """The same of what has no form to post: ``metadata``, ``label/<name>/values``."""
        return self._data("GET", what, {"params": dict(parameters)}, parameters)

    def _data(
        self, method: str, what: str, request: Mapping[str, object], parameters: Mapping[str, str]
    ) -> Any:
        answer = self._answer(method, f"{self._base_url}/api/v1/{what}", request)
        if answer.status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            raise SourceError(
                f"{self.shown_url} answered {answer.status}: it wants a user and a password that may ask. "
                "Write them into its address, http://USER:PASSWORD@HOST:PORT"
            )
        try:
            body = answer.json()
        except ValueError as error:
            raise SourceError(
                f"{self.shown_url} answered {answer.status} without JSON ({error}); is it Prometheus?"
            ) from error
        if not isinstance(body, dict) or body.get("status") != "success":
            told = shortened(str(body.get("error") if isinstance(body, dict) else body), 1_000)
            asked = repr(parameters["query"]) if "query" in parameters else f"/api/v1/{what}"
            refusal = TooMuch if TOO_MANY in told else SourceError
            raise refusal(f"Prometheus at {self.shown_url} refused {asked}: {told}")
        if "data" not in body:
            raise SourceError(f"{self.shown_url} answered without data; is it Prometheus?")
        return body["data"]

    def _answer(self, method: str, url: str, request: Mapping[str, object]) -> WholeAnswer:
        try:
            return self._reader.ask(method, url, **request)
        except TooLarge as error:
            raise TooMuch(f"{self.shown_url} {error}; is it Prometheus?") from error
        except AnswerRefused as error:
            raise SourceError(f"{self.shown_url} {error}; is it Prometheus?") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SourceError(f"Prometheus at {self.shown_url} cannot be reached: {error}") from error


def _without_password(url: str) -> str:
    """As it may be shown."""
    scheme, mark, rest = url.partition("://")
    place, slash, path = rest.partition("/")
    return f"{scheme}{mark}{place.rpartition('@')[2]}{slash}{path}"
