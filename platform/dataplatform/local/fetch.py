"""Fetches the Java servers ahead of time: ``python -m dataplatform.local.fetch FOLDER`` (`make servers`)."""

from __future__ import annotations

import sys
from pathlib import Path

from dataplatform.local.cassandra import cassandra_jars

if __name__ == "__main__":
    cassandra_jars(Path(sys.argv[1]).resolve()).fetch()
