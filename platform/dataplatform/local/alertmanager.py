"""Alertmanager (Debian's ``prometheus-alertmanager``), alone and on loopback."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from dataplatform.errors import LocalServerError
from dataplatform.local.server import LOOPBACK
from dataplatform.local.web_server import is_ready

PROGRAMS = ("prometheus-alertmanager", "alertmanager")
MISSING = "Install Debian's package prometheus-alertmanager"
NOBODY = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"


class Alertmanager:
    """``alertmanager.yml`` is made once, telling nobody; `mirante apply alertmanager` writes a real one."""

    name = "alertmanager"

    def missing(self) -> str | None:
        return None if _program() else MISSING

    def prepare(self, folder: Path) -> None:
        file = folder / "alertmanager.yml"
        if not file.exists():
            file.write_text(NOBODY, encoding="utf-8")

    def command(self, folder: Path, port: int) -> Sequence[str]:
        program = _program()
        if program is None:
            raise LocalServerError(self.name, "is not installed", MISSING)
        return [
            program,
            f"--config.file={folder / 'alertmanager.yml'}",
            f"--storage.path={folder / 'data'}",
            f"--web.listen-address={LOOPBACK}:{port}",
            "--cluster.listen-address=",
        ]

    def environment(self, folder: Path, port: int) -> dict[str, str]:
        return {}

    def answers(self, folder: Path, port: int) -> bool:
        return is_ready(port)


def _program() -> str | None:
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)
