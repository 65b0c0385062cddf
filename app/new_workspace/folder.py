"""Writes a workspace whole or not at all, and never over anything."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from tempfile import mkdtemp

from app.new_workspace.asking import Found, PrometheusAddress
from app.new_workspace.definitions import comment, definition_files
from foundation.errors import MiranteError
from foundation.exit_status import ExitStatus

TEMPLATES = Path(__file__).parent
COMMON, SHOP = TEMPLATES / "common", TEMPLATES / "shop"
CONFIG = "mirante.toml"
MOST_NAMED = 5


class FolderTaken(MiranteError):
    """The folder holds something already; ``there`` names some of it."""

    exit_status = ExitStatus.USAGE

    def __init__(self, folder: Path, there: str) -> None:
        self.folder, self.there = folder, there
        super().__init__(
            f"{folder} is not empty: it has {there}. Nothing was written; give a new folder, or "
            "empty this one."
        )


def refuse_taken(folder: Path) -> None:
    """
    Raises:
        FolderTaken: it is a file, or a folder with something in it.
    """
    if folder.is_dir():
        names = sorted(path.name for path in folder.iterdir())
        if names:
            rest = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
            raise FolderTaken(folder, ", ".join(names[:MOST_NAMED]) + rest)
    elif folder.exists() or folder.is_symlink():
        raise FolderTaken(folder, "a file of that name")


def example_files() -> dict[str, bytes]:
    """A web shop's workspace, by path."""
    return _copied(COMMON) | _copied(SHOP) | {CONFIG: _config(None)}


def offered_files(found: Found, where: PrometheusAddress) -> dict[str, bytes]:
    """The workspace of what a Prometheus has, by path."""
    written = {path: text.encode() for path, text in definition_files(found.offers, where.url).items()}
    return _copied(COMMON) | written | {CONFIG: _config(where)}


def _copied(folder: Path) -> dict[str, bytes]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".pyc")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def _config(where: PrometheusAddress | None) -> bytes:
    head = comment(
        "Settings of this workspace, read by `mirante --workspace FOLDER ...` (or MIRANTE_WORKSPACE=FOLDER). "
        "`mirante settings` lists all there are; a flag or an environment variable (MIRANTE_PROMETHEUS) "
        "overrides this file."
    )
    url = "http://127.0.0.1:9090" if where is None else where.url
    hidden = "# " if where is None else ""
    lines = [
        head,
        comment("The Prometheus that SLOs are counted from, and that answers `mirante slo status`."),
        f"{hidden}prometheus = {json.dumps(url, ensure_ascii=False)}\n",
        f'{hidden}count_source = "prometheus"\n',
    ]
    if where is not None and where.credentials is not None:
        lines.append(
            comment(
                "Its user and password are not written to a file: set MIRANTE_PROMETHEUS to the full "
                "URL where Mirante runs."
            )
        )
    lines += [
        "\n",
        comment("The name of this environment: a label on every rule, alert and board."),
        '# environment = "production"\n',
    ]
    return "".join(lines).encode()


def write(files: Mapping[str, bytes], folder: Path) -> None:
    """Beside ``folder`` first, then renamed: nobody ever sees half of it.

    Raises:
        FolderTaken: something is there (by now).
        OSError: it cannot be written; nothing is left of it.
    """
    refuse_taken(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(mkdtemp(prefix=f".{folder.name}-", dir=folder.resolve().parent))
    try:
        for path, content in files.items():
            target = made / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        made.chmod(0o755)
        _put(made, folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _put(made: Path, folder: Path) -> None:
    """A folder that is there, and empty, is kept: somebody may stand in it."""
    refuse_taken(folder)
    if not folder.exists():
        made.rename(folder)
        return
    moved: list[Path] = []
    try:
        for path in sorted(made.iterdir(), key=lambda path: path.name == CONFIG):
            moved.append(path.rename(folder / path.name))
    except OSError:
        for path in moved:
            path.rename(made / path.name)
        raise
