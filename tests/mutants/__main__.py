"""``make mutants``: remove or flip each rule of the listed modules, and see that a unit test notices.

``rules.toml`` lists the modules, the tests of each, and the mutations that change nothing, with the reason.
Every other mutation that no test notices is named, and the exit status is 1; it is 2 when the list is out of
date. Arguments: parts of paths (none: all modules).
"""

from __future__ import annotations

import contextlib
import importlib.abc
import os
import signal
import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "platform")]
tests = ModuleType("tests")
tests.__path__ = [str(ROOT / "tests")]
sys.modules["tests"] = tests  # a folder without __init__.py loses to any installed package of that name

# Loaded once, for every fork: what the tests need of others. None of ours, which would keep its rules.
import cryptography.x509  # noqa: E402, F401
import fastapi  # noqa: E402, F401
import holidays  # noqa: E402, F401
import hypothesis.strategies  # noqa: E402, F401
import msgspec  # noqa: E402, F401
import prometheus_client  # noqa: E402, F401
import promql_parser  # noqa: E402, F401
import pytest  # noqa: E402
import sqlalchemy  # noqa: E402, F401
import yaml  # noqa: E402, F401

from tests.mutants.mutations import Mutation, mutations  # noqa: E402

WORKERS = os.cpu_count() or 1
TOO_LONG = 120.0  # seconds: a rule whose removal makes a test hang was noticed
NOTICED, SURVIVED, BROKEN = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Subject:
    """A module with rules and the tests that hold it to them."""

    path: str
    tests: tuple[str, ...]

    @property
    def module(self) -> str:
        return self.path.removeprefix("platform/").removesuffix(".py").replace("/", ".")


class Instead(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module from other source."""

    def __init__(self, module: str, path: str, source: str) -> None:
        self._module, self._path, self._source = module, path, source

    def find_spec(self, name: str, path: object, target: object = None) -> ModuleSpec | None:
        return ModuleSpec(name, self, origin=self._path) if name == self._module else None

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self._source, self._path, "exec"), module.__dict__)


def judge(subject: Subject, source: str) -> int:
    """In a process of its own: what the module's tests say of that source."""
    sys.meta_path.insert(0, Instead(subject.module, str(ROOT / subject.path), source))
    sys.dont_write_bytecode = True
    os.chdir(ROOT)
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
        options = ["-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", "--assert=plain"]
        status = pytest.main([*options, *subject.tests])
    return {pytest.ExitCode.OK: SURVIVED, pytest.ExitCode.NO_TESTS_COLLECTED: BROKEN}.get(status, NOTICED)  # type: ignore[call-overload, no-any-return]


def start(subject: Subject, source: str) -> int:
    child = os.fork()
    if child == 0:
        os.setsid()
        status = NOTICED
        try:
            status = judge(subject, source)
        finally:
            os._exit(status)
    return child


@dataclass(frozen=True, slots=True)
class Trial:
    subject: Subject
    mutation: Mutation
    began: float


def trials(work: Sequence[tuple[Subject, Mutation]]) -> Iterator[tuple[Trial, int]]:
    """Each mutation with what became of it, ``WORKERS`` at a time."""
    waiting, running = list(reversed(work)), dict[int, Trial]()
    while waiting or running:
        while waiting and len(running) < WORKERS:
            subject, mutation = waiting.pop()
            running[start(subject, mutation.source)] = Trial(subject, mutation, time.monotonic())
        ended, status = os.waitpid(-1, os.WNOHANG)
        if ended:
            yield running.pop(ended), os.waitstatus_to_exitcode(status)
            continue
        for child, trial in running.items():
            if time.monotonic() - trial.began > TOO_LONG:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child, signal.SIGKILL)
        time.sleep(0.02)


def main(wanted: Sequence[str]) -> int:
    listed = tomllib.loads(Path(__file__).with_name("rules.toml").read_text(encoding="utf-8"))
    subjects = [Subject(one["path"], tuple(one["tests"])) for one in listed["module"]]
    subjects = [one for one in subjects if not wanted or any(part in one.path for part in wanted)]
    harmless = {(one["path"], one["mutation"]) for one in listed.get("harmless", [])}
    for subject in subjects:
        whole = os.waitstatus_to_exitcode(
            os.waitpid(start(subject, (ROOT / subject.path).read_text("utf-8")), 0)[1]
        )
        if whole != SURVIVED:
            print(f"{subject.path}: its tests fail without any mutation: {' '.join(subject.tests)}")
            return 2
    found = [
        (subject, mutation)
        for subject in subjects
        for mutation in mutations((ROOT / subject.path).read_text(encoding="utf-8"))
    ]
    known = {(subject.path, mutation.text) for subject, mutation in found}
    for path, text in harmless - known:
        if any(subject.path == path for subject in subjects):
            print(f"{path}: no longer has the mutation that rules.toml calls harmless: {text}")
            return 2
    work = [
        (subject, mutation) for subject, mutation in found if (subject.path, mutation.text) not in harmless
    ]
    survivors = 0
    for number, (trial, status) in enumerate(trials(work), start=1):
        if sys.stderr.isatty():
            print(f"\r{number} of {len(work)}, {survivors} survived", end="", file=sys.stderr, flush=True)
        if status in (SURVIVED, BROKEN):
            survivors += 1
            print(f"survived  {trial.subject.path}:{trial.mutation.line}  {trial.mutation.text}", flush=True)
    print(f"{len(work)} mutations in {len(subjects)} modules: {survivors} survived")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
