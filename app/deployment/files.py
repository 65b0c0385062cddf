"""Files that a server reads from a folder: Prometheus' rules, Alertmanager's configuration; and its reload.

The manifest beside them says which are ours, so that a foreign file of the folder is never touched, and what
the server has loaded of each, so that a run that was killed before the reload is not taken for done.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from pathlib import Path

import httpx

from app.deployment.errors import DeploymentError
from app.deployment.resource import Deployed, Document
from foundation.answers import AnswerReader, AnswerRefused
from foundation.errors import Problems
from foundation.files import documents

MANIFEST = ".mirante-files.json"
TIMEOUT_SECONDS = 20.0


class Files:
    """``kind`` names one file; ``reload_url`` is told after a change, if it is not empty."""

    removable = True

    def __init__(self, kind: str, folder: Path, files: Mapping[str, bytes], reload_url: str = "") -> None:
        self.kind = kind
        self._folder = folder
        self._files = dict(sorted(files.items()))
        self._reload_url = reload_url

    def wanted(self) -> Mapping[str, Document]:
        return {name: self._told(content, loaded=True) for name, content in self._files.items()}

    def deployed(self, names: Collection[str]) -> Mapping[str, Deployed]:
        loaded = self._loaded()
        found = {}
        for name in sorted({*names, *loaded}):
            try:
                content = (self._folder / name).read_bytes()
            except FileNotFoundError:
                continue
            except OSError as error:
                raise self._cannot(name, error) from error
            waits = content == self._files.get(name) and loaded.get(name) != _digest(content)
            found[name] = Deployed(self._told(content, loaded=not waits), name in loaded)
        return found

    def put(self, name: str, document: Document) -> None:
        content = self._files[name]
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._keep({**self._loaded(), name: ""})  # ours from before it is there
            self._write(name, content)
            self._reload()
            self._keep({**self._loaded(), name: _digest(content)})
        except OSError as error:
            raise self._cannot(name, error) from error

    def remove(self, name: str) -> None:
        try:
            (self._folder / name).unlink(missing_ok=True)
            self._reload()
            self._keep({kept: digest for kept, digest in self._loaded().items() if kept != name})
        except OSError as error:
            raise self._cannot(name, error) from error

    def _told(self, content: bytes, *, loaded: bool) -> Document:
        return (
            {**_document(content), "loaded by the server": loaded} if self._reload_url else _document(content)
        )

    def _reload(self) -> None:
        if not self._reload_url:
            return
        try:
            with httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False) as client:
                answer = AnswerReader(client).ask("POST", self._reload_url)
        except AnswerRefused as error:
            raise DeploymentError(self._reload_url, str(error), "Check what runs there") from error
        except httpx.HTTPError as error:
            raise DeploymentError(
                self._reload_url,
                f"cannot be reached ({type(error).__name__})",
                "Start it, then run this again",
            ) from error
        if not answer.is_success:
            told = (
                f"answered {answer.status}: {answer.content[:1_000].decode(errors='replace').strip()[:300]}"
            )
            raise DeploymentError(self._reload_url, told, "Fix what it names, then run this again")

    def _loaded(self) -> dict[str, str]:
        """Our files, each with the digest of what the server last loaded of it."""
        try:
            read = json.loads((self._folder / MANIFEST).read_bytes())
            return {str(name): str(digest) for name, digest in read.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError, AttributeError) as error:
            raise self._cannot(MANIFEST, error) from error

    def _keep(self, loaded: Mapping[str, str]) -> None:
        self._write(MANIFEST, json.dumps(loaded, sort_keys=True, indent=1).encode())

    def _write(self, name: str, content: bytes) -> None:
        temporary = self._folder / f".{name}.tmp"
        temporary.write_bytes(content)
        temporary.replace(self._folder / name)

    def _cannot(self, name: str, error: Exception) -> DeploymentError:
        problem = getattr(error, "strerror", None) or str(error)
        return DeploymentError(str(self._folder / name), problem, "Check the folder and its permissions")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _document(content: bytes) -> Document:
    """What the file says, so that differences are told by field; its digest where it cannot be read."""
    problems = Problems()
    found = [place.plain() for place in documents(content, "", problems)]
    if len(found) == 1 and isinstance(found[0], dict) and not problems.errors:
        return found[0]
    return {"sha256": _digest(content)}
