"""The alarm files as they were when all of them were sound: what a router starts with when they are not.

A copy lies in the data folder, laid out like a workspace, whole before it has its name. No secret is in it:
those come from the settings only.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from alarms.intake.intakes_file import load_intakes
from alarms.policy.alarm_policy import FILES, AlarmPolicy, load_alarm_policy
from alarms.policy.channel_file import TEMPLATE_SUFFIX
from alarms.policy.defaults import RUNBOOKS
from foundation.errors import MiranteError
from foundation.workspace import Workspace

CURRENT = "current"
Check = Callable[[AlarmPolicy], object]


@dataclass(frozen=True, slots=True)
class UsableFiles:
    """``problem`` says why those of today are not used ("": they are), ``read_at`` when these were sound."""

    folders: Workspace
    alarms: AlarmPolicy
    problem: str = ""
    read_at: datetime | None = None


def usable_files(folders: Workspace, kept: KeptAlarmFiles, check: Check = lambda _: None) -> UsableFiles:
    """Those of today, or else the last that were sound. ``check`` raises for what else they have to be.

    Raises whatever is wrong with those of today, where no others are kept, or these cannot be used either.
    """
    try:
        return UsableFiles(folders, _read(folders, check))
    except Exception as error:  # whatever it is, a router that does not start pages nobody
        others = kept.workspace()
        if others is None:
            raise
        try:
            alarms = _read(others, check)
        except Exception as second:  # of no use either, so what a person wrote is what is told
            raise error from second
        problem = str(error) if isinstance(error, MiranteError) else f"{type(error).__name__}: {error}"
        return UsableFiles(others, alarms, problem, kept.kept_at())


def _read(folders: Workspace, check: Check) -> AlarmPolicy:
    alarms = load_alarm_policy(folders)
    load_intakes(folders)
    check(alarms)
    return alarms


class KeptAlarmFiles:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._current = folder / CURRENT

    def workspace(self) -> Workspace | None:
        """None: no router has ever run here with sound files."""
        return Workspace(self._current.resolve()) if self._current.is_dir() else None

    def kept_at(self) -> datetime:
        return datetime.fromtimestamp(self._current.lstat().st_mtime, UTC)

    def keep(self, folders: Workspace) -> None:
        """Those of ``folders``, if they are not what is kept already.

        Raises:
            OSError: the copy cannot be written; the one before is as it was.
            DefinitionErrors: they were changed meanwhile, and are broken now.
        """
        found = _contents(folders)
        name = _digest(found)
        if self._current.is_dir() and self._current.resolve().name == name:
            return
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        made = self._folder / name
        if not made.is_dir():
            self._write(made, found)
        _read(Workspace(made), lambda _: None)
        self._point_to(name)
        for other in self._folder.iterdir():
            if other.name not in (CURRENT, name):
                shutil.rmtree(other, ignore_errors=True)

    def _write(self, made: Path, found: Mapping[str, bytes]) -> None:
        unfinished = self._folder / f"unfinished-{secrets.token_hex(8)}"
        try:
            for name, content in found.items():
                place = unfinished / "alarms" / name
                place.parent.mkdir(parents=True, exist_ok=True)
                with place.open("xb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
            (unfinished / "alarms").mkdir(parents=True, exist_ok=True)
            for folder in [unfinished, *(path for path in unfinished.rglob("*") if path.is_dir())]:
                _sync(folder)
            unfinished.rename(made)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    def _point_to(self, name: str) -> None:
        pointer = self._folder / f"pointer-{secrets.token_hex(8)}"
        pointer.symlink_to(name)
        try:
            pointer.replace(self._current)
        finally:
            pointer.unlink(missing_ok=True)
        _sync(self._folder)


def _contents(folders: Workspace) -> dict[str, bytes]:
    """By their names below ``alarms/``, as one goes over the other."""
    found = {}
    for folder in folders.alarm_folders():
        templates = folder.rglob(f"*{TEMPLATE_SUFFIX}")
        for path in (*(folder / name for name in FILES), *templates, *(folder / RUNBOOKS).rglob("*.md")):
            if path.is_file():
                found[str(path.relative_to(folder))] = path.read_bytes()
    return found


def _digest(found: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, content in sorted(found.items()):
        digest.update(f"{name}\x1f{len(content)}\x1f".encode() + content)
    return digest.hexdigest()[:32]


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
