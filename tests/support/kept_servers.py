"""The real servers' databases of a folder: each process that opens it finds what the last one left."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from tests.support.aws_emulator import shared_emulator
from tests.support.dynamodb import table_name
from tests.support.local_servers import cassandra, empty_cassandra, fresh_mysql
from tests.support.server_stores import FILE, Addresses, kept_addresses


def keep_servers(folder: Path) -> Addresses:
    """Those of the folder. The first process that asks starts the servers and takes empty databases there;
    the others start nothing."""
    if (folder / FILE).exists():
        return kept_addresses(folder)
    empty_cassandra()
    new = Addresses(fresh_mysql(), cassandra().port, shared_emulator(), table_name())
    (folder / FILE).write_text(json.dumps(asdict(new)), encoding="utf-8")
    return new
