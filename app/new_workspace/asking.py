"""Asks a Prometheus what there is and what it did lately, no more than a busy server can bear.

https://prometheus.io/docs/prometheus/latest/querying/api/: ``label/__name__/values``, ``metadata``,
``labels`` and instant queries. Names and label values are somebody else's text: no shape is trusted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import unquote, urlsplit, urlunsplit

import httpx

from foundation.clock import Clock
from foundation.errors import shortened
from foundation.exit_status import ExitStatus
from foundation.quantities import duration_text
from slo.ledger.prometheus_queries import PrometheusQueries
from slo.model.errors import SourceError
from slo.offers import (
    Family,
    FamilyAnswer,
    Inventory,
    NotOffered,
    Offers,
    Question,
    SeriesGrowth,
    families,
    offers,
    question,
)
from slo.offers.known import WORK_OUTCOMES

TIMEOUT_SECONDS = 30.0
MOST_NAMES = 20_000
MOST_SERIES = 5_000  # of one answer
MOST_JOBS = 1_000
SPANS = (timedelta(days=1), timedelta(hours=1))  # the second where the first is more than the server bears
# The first of them has no point within the first minute; the other is for jobs as young as that.
WATCHED = "min by (job) (min_over_time(timestamp(up)[{span}:1m]) or min_over_time(timestamp(up)[3m:1s]))"
CARRIERS = 'group by (__name__) ({{__name__=~"[a-zA-Z_][a-zA-Z0-9_]*_total",{label}!=""}})'


class NotAnAddress(SourceError):
    """What was typed is no URL of a server."""

    exit_status = ExitStatus.USAGE

    def __init__(self, text: str, problem: str = "") -> None:
        told = f": {problem}" if problem else ""
        super().__init__(f"--prometheus: {shortened(text)!r} is not a URL{told}. Write http://HOST:PORT")


@dataclass(frozen=True, slots=True)
class PrometheusAddress:
    """``url`` as it may be shown and written; ``credentials`` are kept out of it."""

    url: str
    credentials: tuple[str, str] | None = None


def address(text: str) -> PrometheusAddress:
    """``localhost:9090`` is ``http://localhost:9090``; a user and a password are taken out.

    Raises:
        NotAnAddress: it is not a URL.
    """
    whole = text.strip() if "://" in text else f"http://{text.strip()}"
    try:
        parts = urlsplit(whole)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise NotAnAddress(text, str(error)) from error
    if parts.scheme not in ("http", "https") or not host or not whole.isprintable() or " " in whole:
        raise NotAnAddress(text)
    place = (f"[{host}]" if ":" in host else host) + ("" if port is None else f":{port}")
    url = urlunsplit((parts.scheme, place, parts.path.rstrip("/"), "", ""))
    if parts.username is None:
        return PrometheusAddress(url)
    return PrometheusAddress(url, (unquote(parts.username), unquote(parts.password or "")))


@dataclass(frozen=True, slots=True)
class Found:
    """``limits`` says what was not asked, and why."""

    offers: Offers
    limits: tuple[str, ...]


def ask(where: PrometheusAddress, clock: Clock, progress: Callable[[str], None] = lambda _: None) -> Found:
    """What this Prometheus gives reason to promise.

    Raises:
        SourceError: it cannot be reached, or is not a Prometheus.
    """
    with httpx.Client(timeout=TIMEOUT_SECONDS, auth=where.credentials) as client:
        return _Asking(PrometheusQueries(where.url, client), clock, progress).found()


class _Asking:
    def __init__(self, server: PrometheusQueries, clock: Clock, progress: Callable[[str], None]) -> None:
        self._server, self._progress = server, progress
        self._now = clock.now()
        self._limits: list[str] = []

    def found(self) -> Found:
        chosen = families(self._inventory())
        refused = list(chosen.refused)
        answers = list(self._answers(chosen.found, refused))
        return Found(offers(answers, self._watched(), refused, self._jobs()), tuple(self._limits))

    def _inventory(self) -> Inventory:
        self._progress("reading what there is")
        names = _texts(self._server.read("label/__name__/values", {"limit": str(MOST_NAMES + 1)}))
        if len(names) > MOST_NAMES:
            self._limits.append(
                f"it has more than {MOST_NAMES:,} metrics; the first {MOST_NAMES:,} were looked at"
            )
        carriers: dict[str, frozenset[str]] = {}
        if len(names) <= MOST_NAMES:
            carriers = {label: self._carriers(label) for label in WORK_OUTCOMES}
        else:
            self._limits.append("counters of other outcomes were not looked for")
        return Inventory(frozenset(names[:MOST_NAMES]), self._types(), carriers)

    def _types(self) -> Mapping[str, str]:
        """Empty where the server keeps none (Thanos, Mimir and others may not)."""
        try:
            found = self._server.read("metadata", {"limit": str(MOST_NAMES), "limit_per_metric": "1"})
        except SourceError:
            return {}
        kinds = {}
        for name, entries in found.items() if isinstance(found, dict) else ():
            first = entries[0] if isinstance(entries, list) and entries else None
            if isinstance(first, dict) and isinstance(first.get("type"), str):
                kinds[name] = first["type"]
        return kinds

    def _carriers(self, label: str) -> frozenset[str]:
        try:
            found = self._server.at(CARRIERS.format(label=label), self._now)
        except SourceError as error:
            self._limits.append(f"counters with a label {label} were not looked for: {_short(error)}")
            return frozenset()
        return frozenset(labels["__name__"] for labels, _ in found if "__name__" in labels)

    def _answers(self, chosen: tuple[Family, ...], refused: list[NotOffered]) -> Iterator[FamilyAnswer]:
        for family in chosen:
            self._progress(f"asking about {family.series}")
            try:
                asked = question(family, self._labels(family.series))
            except SourceError as error:
                refused.append(NotOffered(family.series, f"the server did not answer: {_short(error)}"))
                continue
            if not isinstance(asked, Question):
                refused += [] if asked is None else [asked]
                continue
            answer = self._answer(asked.promql)
            if isinstance(answer, str):
                refused.append(NotOffered(family.series, answer))
            else:
                yield FamilyAnswer(asked, *answer)

    def _labels(self, series: str) -> frozenset[str]:
        since = self._now - SPANS[0]
        asked = {
            "match[]": series,
            "start": f"{since.timestamp():.0f}",
            "end": f"{self._now.timestamp():.0f}",
        }
        return frozenset(_texts(self._server.ask("labels", asked)))

    def _answer(self, promql: Callable[[timedelta], str]) -> tuple[tuple[SeriesGrowth, ...], timedelta] | str:
        """Over the longest span that the server bears; or why there is none."""
        problem = ""
        for span in SPANS:
            try:
                found = self._server.at(promql(span), self._now)
            except SourceError as error:
                problem = f"the server did not answer: {_short(error)}"
                continue
            if len(found) > MOST_SERIES:
                return f"it has {len(found):,} series by outcome; more than {MOST_SERIES:,} are not read"
            return tuple(SeriesGrowth(labels, value) for labels, value in found), span
        return problem

    def _jobs(self) -> frozenset[str]:
        """Every job that has had a series lately, scraped or pushed."""
        since = self._now - SPANS[0]
        asked = {"start": f"{since.timestamp():.0f}", "end": f"{self._now.timestamp():.0f}"}
        try:
            return frozenset(_texts(self._server.read("label/job/values", asked))[:MOST_JOBS])
        except SourceError as error:
            self._limits.append(f"which jobs there are: {_short(error)}")
            return frozenset()

    def _watched(self) -> Mapping[str, timedelta]:
        """For how long each job has been scraped; empty where nothing is (all of it is pushed)."""
        try:
            found = self._server.at(WATCHED.format(span=duration_text(SPANS[0])), self._now)
        except SourceError as error:
            self._limits.append(f"it is unknown how long each job has been watched: {_short(error)}")
            return {}
        now = self._now.timestamp()
        return {
            labels.get("job", ""): timedelta(seconds=max(1, round(now - first)))
            for labels, first in found
            if math.isfinite(first)
        }


def _texts(value: object) -> list[str]:
    if not isinstance(value, list):
        raise SourceError("the server did not answer with a list of names; is it Prometheus?")
    return [item for item in value if isinstance(item, str)]


def _short(error: SourceError) -> str:
    text = "".join(char if char.isprintable() else " " for char in str(error))
    return text if len(text) <= 160 else text[:157] + "..."
