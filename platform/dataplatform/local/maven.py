"""Java servers from Maven Central: a pom names one, Maven copies it with what it needs into a folder."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from dataplatform.errors import LocalServerError

COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"
MISSING = "Install Debian's package maven"
LAST_LINES = 12


class MavenJars:
    """The jars of ``pom`` below ``folder``. A changed pom, or a copy that was cut short, is copied anew."""

    def __init__(self, name: str, pom: Path, folder: Path) -> None:
        self.name, self._pom, self._folder = name, pom, folder

    @property
    def folder(self) -> Path:
        return self._folder

    def there(self) -> bool:
        return self._stamp.is_file() and self._stamp.read_text(encoding="utf-8") == self._pom_digest()

    def missing(self) -> str | None:
        """What has to be installed before ``fetch`` can work; None when nothing has."""
        return None if self.there() or shutil.which("mvn") else MISSING

    def fetch(self) -> None:
        """Copy them, unless they are there. Needs Maven Central or a mirror of it, once.

        Raises:
            LocalServerError: there is no Maven, or it could not bring them; says what it said last.
        """
        if self.there():
            return
        lacking = self.missing()
        if lacking is not None:
            raise LocalServerError(self.name, "cannot be fetched", lacking)
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        self._run(["mvn", "-B", "-q", "-f", str(self._pom), COPY, f"-DoutputDirectory={self._folder}"])
        self._stamp.write_text(self._pom_digest(), encoding="utf-8")

    def _run(self, command: Sequence[str]) -> None:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
        if done.returncode:
            said = (done.stdout + done.stderr).strip().splitlines()[-LAST_LINES:]
            raise LocalServerError(
                self.name, "Maven could not fetch its jars", "Maven said:\n" + "\n".join(said)
            )

    @property
    def _stamp(self) -> Path:
        return self._folder / "pom.sha256"

    def _pom_digest(self) -> str:
        return hashlib.sha256(self._pom.read_bytes()).hexdigest()
