"""Which of many silences may cover an alert, without trying each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from alarms.model.silence import Silence


class SilencesByLabel:
    """A silence that asks for a value by ``=`` is found by it; any other is tried with every alert."""

    def __init__(self, silences: Sequence[Silence]) -> None:
        self.all = silences
        self._asking: dict[tuple[str, str], list[Silence]] = defaultdict(list)
        self._others: list[Silence] = []
        for silence in silences:
            asked = [(m.label, m.value) for m in silence.matchers if m.operator == "=" and m.value]
            (self._asking[asked[0]] if asked else self._others).append(silence)

    def candidates(self, labels: Mapping[str, str]) -> Iterator[Silence]:
        """Those that may cover an alert with these labels."""
        yield from self._others
        if self._asking:
            for label in labels.items():
                yield from self._asking.get(label, ())
