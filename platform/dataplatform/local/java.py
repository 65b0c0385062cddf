"""The Java that the servers from Maven Central run on."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

VERSIONS = (11, 17)  # what Cassandra 5 runs on
MISSING = "Install Debian's package openjdk-17-jre-headless"


def java() -> str | None:
    """A Java that Cassandra 5 runs on: the one on the path, or else Debian's 17."""
    on_path = shutil.which("java")
    candidates = [on_path] if on_path else []
    candidates += [str(home / "bin" / "java") for home in sorted(Path("/usr/lib/jvm").glob("java-17-*"))]
    return next((found for found in candidates if _version(found) in VERSIONS), None)


@cache
def _version(program: str) -> int | None:
    """Its major version; None when it does not run."""
    try:
        told = subprocess.run([program, "-version"], capture_output=True, text=True, check=False)  # noqa: S603
    except OSError:
        return None
    found = re.search(r'version "(\d+)', told.stderr)
    return int(found[1]) if found else None
