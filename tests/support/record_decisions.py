"""Records decisions and says so: ``python record_decisions.py WHERE FIRST COUNT CONCURRENCY``.

WHERE is a data directory, or the address of a MySQL database.

Writes ``acked NUMBER`` to standard output, unbuffered, right after each ``record`` returned.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "platform"), str(ROOT / "tests" / "support")]

from credit_samples import a_decision, a_key  # type: ignore[import-not-found]  # noqa: E402

from dataplatform.profiles.data_platform import DataPlatform  # noqa: E402
from dataplatform.profiles.embedded import open_embedded  # noqa: E402
from dataplatform.stores.mysql.relational import open_mysql_relational  # noqa: E402
from dataplatform.stores.relational.store import RelationalStore  # noqa: E402
from foundation.clock import SystemClock  # noqa: E402


def opened(where: str) -> DataPlatform | RelationalStore:
    if where.startswith("mysql://"):
        return open_mysql_relational(where, None, SystemClock())
    return open_embedded(Path(where), SystemClock())


async def main(where: str, first: int, count: int, concurrency: int) -> None:
    platform = opened(where)
    os.write(1, b"opened\n")
    numbers = iter(range(first, first + count))

    async def client() -> None:
        for number in numbers:
            await platform.decisions.record(a_decision(number), a_key(number))
            os.write(1, f"acked {number}\n".encode())

    await asyncio.gather(*(client() for _ in range(concurrency)))
    await platform.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))
