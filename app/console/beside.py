"""The ratio a definition shows beside its own, counted from the services' journals."""

from __future__ import annotations

from datetime import datetime

from slo.ledger.ledger import Counts, summed_bound
from slo.ledger.minute_counts import CountReader, MinuteCount
from slo.model.count_query import CountQuery, parse_count_query
from slo.model.periods import MINUTE
from slo.model.spec import Slo


class JournalBeside:
    """``BesideSource`` over a ``CountReader``: reads ``mirante.dev/beside``, ``good query / total query``."""

    def __init__(self, reader: CountReader) -> None:
        self._reader = reader

    def __call__(self, slo: Slo, start: datetime, end: datetime) -> Counts | None:
        """Good and total of ``[start, end)``; None when the definition has no such ratio.

        Raises:
            UnsupportedQuery: a side of the ratio is not a sum of increases.
        """
        good_text, divided, total_text = slo.texts.get("beside", "").partition(" / ")
        if not divided:
            return None
        good, total = parse_count_query(good_text), parse_count_query(total_text)
        counts = [
            count for count in self._reader.read(start, end) if count.name in good.metrics | total.metrics
        ]
        return Counts(
            good=_weighed(good, counts),
            total=_weighed(total, counts),
            minutes_with_data=len({count.minute for count in counts}),
            minutes=(end - start) // MINUTE,
            error_bound=summed_bound(count.error_bound for count in counts),
        )


def _weighed(query: CountQuery, counts: list[MinuteCount]) -> int:
    return sum(query.weight(count.name, dict(count.labels)) * count.value for count in counts)
