"""A process that counts until it is killed and says so after each count: ``count_forever.py JOURNAL``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from foundation.clock import SystemClock
from foundation.count_journal import CounterIncrement, labels_of
from slo.ledger.sqlite_counts import SqliteCountJournal


def main() -> None:
    journal = SqliteCountJournal(Path(sys.argv[1]), "victim", SystemClock())
    increments = [
        CounterIncrement("requests_total", labels_of(outcome="ok"), 1),
        CounterIncrement("duration_seconds_bucket", labels_of(le="0.2"), 1),
    ]
    while True:
        journal.add(increments)
        os.write(1, b".")


if __name__ == "__main__":
    main()
