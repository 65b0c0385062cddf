"""The folder that a build writes to: file by file, each whole or not at all; of others' files, none.

The manifest vouches for the files: it is written when they are on the disk, all of them, and is then synced
itself. What a build that was cut short leaves has other bytes than a manifest says, and is made again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from app.build.errors import BuildError
from app.build.file_writing import put, sync_all
from app.build_kinds import EVERY, OutputKinds, kinds_of
from app.build.parts import OutputPart
from app.build.state import STATE, MadePart, BuildState, code_digest, read_state
from foundation.errors import MiranteError

MANIFEST = "manifest.json"
MANIFEST_FORMAT = 1
FREE = "Free it, or choose another --out"


@dataclass(frozen=True, slots=True)
class NotMade:
    """``part`` could not be made."""

    part: str
    problem: str
    defect: bool


@dataclass(frozen=True, slots=True)
class Written:
    """Paths relative to the output directory, sorted. ``kept`` already had these bytes."""

    written: tuple[str, ...]
    kept: tuple[str, ...]
    removed: tuple[str, ...]
    failed: tuple[NotMade, ...] = ()

    @property
    def files(self) -> int:
        return len(self.written) + len(self.kept)


@dataclass(frozen=True, slots=True)
class BuildDifference:
    """``what`` is wrong with the file at ``path``, relative to the output directory."""

    path: str
    what: str


@dataclass(frozen=True, slots=True)
class Compared:
    """``files`` are made; ``differing`` is what of them is not so in the folder."""

    files: int
    differing: tuple[BuildDifference, ...]
    failed: tuple[NotMade, ...]


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def made_by(part: OutputPart, failed: list[NotMade]) -> list[tuple[str, bytes]] | None:
    """``None``, and why, where it fails: the others are made all the same."""
    try:
        return list(part.make())
    except MiranteError as error:
        failed.append(NotMade(part.name, str(error), defect=False))
    except Exception as error:  # noqa: BLE001 - a defect in one output must not keep the others from people
        failed.append(NotMade(part.name, f"{type(error).__name__}: {error}", defect=True))
    return None


class OutputFolder:
    """``only`` are the kinds that this build is about: files of the others are left as they are.

    Raises:
        BuildError: from every method: a path cannot be read or written, or the folder holds a manifest that
            is not ours.
    """

    def __init__(self, out: Path, only: OutputKinds = EVERY) -> None:
        self._out, self._only = out, only
        self._previous = _previous(out)

    def write(self, parts: Iterable[OutputPart], described: Mapping[str, object]) -> Written:
        """Parts whose inputs and files are as the last build left them are not made again.

        The manifest comes last: ``described``, and the files. What a previous build wrote and this one no
        longer makes is removed, but for what could not be made now.
        """
        try:
            return self._write(parts, described)
        except OSError as error:
            place = Path(error.filename or self._out)
            raise BuildError(place, error.strerror or str(error), FREE) from error

    def _write(self, parts: Iterable[OutputPart], described: Mapping[str, object]) -> Written:
        before, now = read_state(self._out), dict[str, MadePart]()
        changed, failed, files = list[str](), list[NotMade](), dict[str, str]()
        for part in parts:
            known = before.parts.get(part.name)
            if known is not None and known.inputs == part.inputs and self._has(known.files):
                now[part.name] = known
            else:
                made = made_by(part, failed)
                if made is None:
                    continue
                now[part.name] = MadePart(part.inputs, {path: sha256(content) for path, content in made})
                changed += [path for path, content in made if put(f"{self._out}/{path}", content)]
            files |= now[part.name].files
        removed = [] if failed else self._remove_superfluous(files)
        carried = {p: was for p, was in self._previous.items() if failed or not self._is_asked(p)}
        listed = manifest(described, carried | files)
        if changed or removed:
            sync_all()
        changed += [MANIFEST] if put(f"{self._out}/{MANIFEST}", listed, durable=True) else []
        others = {name: part for name, part in before.parts.items() if not self._is_about(part.files)}
        put(f"{self._out}/{STATE}", BuildState(code_digest(), {**others, **now}).packed(), durable=True)
        kept = sorted({*files, MANIFEST} - set(changed))
        return Written(tuple(sorted(changed)), tuple(kept), tuple(removed), tuple(failed))

    def differences(self, parts: Iterable[OutputPart], described: Mapping[str, object]) -> Compared:
        """What ``write`` would change, in path order; writes nothing."""
        files, found, failed = dict[str, str](), dict[str, str](), list[NotMade]()
        for part in parts:
            for path, content in made_by(part, failed) or ():
                files[path] = sha256(content)
                found |= self._difference(path, content)
        gone = {path for path in self._superfluous(files) if (self._out / path).is_file()}
        found |= dict.fromkeys(gone, "is no longer generated")
        others = {path: was for path, was in self._previous.items() if not self._is_asked(path)}
        found |= self._difference(MANIFEST, manifest(described, others | files))
        told = tuple(BuildDifference(path, found[path]) for path in sorted(found))
        return Compared(len(files) + 1, told, tuple(failed))

    def _difference(self, path: str, content: bytes) -> dict[str, str]:
        try:
            same = (self._out / path).read_bytes() == content
            return {} if same else {path: "differs from what is generated"}
        except FileNotFoundError:
            return {path: "is missing"}
        except OSError as error:
            raise BuildError(self._out / path, error.strerror or str(error), FREE) from error

    def _has(self, files: Mapping[str, str]) -> bool:
        """Whether each is there, with the very bytes."""
        try:
            return all(sha256((self._out / path).read_bytes()) == was for path, was in files.items())
        except OSError:
            return False

    def _is_asked(self, path: str) -> bool:
        return kinds_of(path) <= self._only

    def _is_about(self, files: Iterable[str]) -> bool:
        return any(self._is_asked(path) for path in files)

    def _superfluous(self, files: Mapping[str, str]) -> list[str]:
        return sorted(path for path in self._previous if path not in files and self._is_asked(path))

    def _remove_superfluous(self, files: Mapping[str, str]) -> list[str]:
        return [path for path in self._superfluous(files) if _remove(self._out, path)]


def manifest(described: Mapping[str, object], files: Mapping[str, str]) -> bytes:
    """What was built, from what, by sha256."""
    from dashboards.model.json_text import json_bytes

    return json_bytes({"format": MANIFEST_FORMAT, **described, "files": dict(sorted(files.items()))})


def _previous(out: Path) -> dict[str, str]:
    """The sha256 of each file that the last build wrote here; none when there was none."""
    place = out / MANIFEST
    if not place.is_file():
        return {}
    try:
        document = json.loads(place.read_bytes())
        files = document["files"]
        if document["format"] != MANIFEST_FORMAT or not all(_is_inside(path) for path in files):
            raise ValueError("its format is unknown")
        return {path: str(was) for path, was in files.items()}
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
        fix = "Remove it, or choose another --out, so that Mirante does not overwrite files of others"
        raise BuildError(place, f"is not a manifest of this build ({error})", fix) from error


def _is_inside(path: str) -> bool:
    pure = PurePosixPath(path)
    return not pure.is_absolute() and ".." not in pure.parts and bool(pure.parts)


def _remove(out: Path, path: str) -> bool:
    """Remove a file of the previous build, and folders that it leaves empty."""
    target = out / path
    if not target.is_file():
        return False
    target.unlink()
    for folder in target.relative_to(out).parents:
        if folder == Path() or any((out / folder).iterdir()):
            break
        (out / folder).rmdir()
    return True
