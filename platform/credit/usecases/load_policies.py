"""Policies and reasons from YAML files, shipped or one's own; what decided is kept as long as decisions."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from credit.domain.compiled_policy import CompiledPolicy, PolicyBook
from credit.domain.policy import Policy
from credit.domain.policy_file import parse_policy
from credit.domain.reasons import PLATFORM_REASONS, ReasonCatalogue, parse_reasons
from credit.ports.records import PolicyRecords
from foundation.errors import Problems
from foundation.files import read_bytes
from foundation.paths import files_in

SHIPPED = Path(__file__).resolve().parent.parent / "policies"
REASONS_FILE = "reasons.yaml"
DEFAULT_POLICY = "personal-credit"


def load_reasons(directory: Path | None = None) -> ReasonCatalogue:
    """``reasons.yaml`` of a directory (``None``: the shipped one).

    Raises:
        DefinitionErrors: missing, unreadable, a text missing, or without a code the platform itself uses.
    """
    path = (directory or SHIPPED) / REASONS_FILE
    catalogue = parse_reasons(read_bytes(path), str(path))
    problems = Problems()
    for code in PLATFORM_REASONS:
        if code not in catalogue:
            fix = "Add its texts; the platform uses this reason"
            problems.refuse(str(path), None, "reasons", f"{code!r} is missing", fix)
    problems.raise_if_any()
    return catalogue


def load_policies(directory: Path | None = None, default: str = DEFAULT_POLICY) -> PolicyBook:
    """Every policy file (``*.yaml`` but ``reasons.yaml``) of a directory, checked and compiled.

    Raises:
        DefinitionErrors: everything wrong in all of them, each with file, line, field and fix.
        UnknownPolicy: no file defines the default.
    """
    folder = directory or SHIPPED
    paths = [path for path in files_in(folder, ".yaml") if path.name != REASONS_FILE]
    problems = Problems()
    reasons = problems.attempt(partial(load_reasons, folder))
    found = [problems.attempt(partial(_load, path, reasons)) for path in paths]
    policies = [policy for policy in found if policy is not None]
    _check_names(policies, problems)
    problems.raise_if_any()
    return PolicyBook([CompiledPolicy(policy) for policy in policies], default)


async def keep_policies(book: PolicyBook, records: PolicyRecords, actor: str) -> list[str]:
    """Activate every policy of the book; the names of those that were not in force before.

    Raises:
        StoreUnavailable: do it again later; what was activated already stays.
    """
    return [name for name in book.names() if await records.activate(book.get(name).spec, actor)]


def _load(path: Path, reasons: ReasonCatalogue | None) -> Policy:
    return parse_policy(read_bytes(path), str(path), reasons)


def _check_names(policies: list[Policy], problems: Problems) -> None:
    files: dict[str, str] = {}
    for policy in policies:
        if policy.name in files:
            problem = f"{policy.name!r} is already defined in {files[policy.name]}"
            problems.refuse(policy.source_file, None, "policy", problem, "Give each policy its own name")
        files[policy.name] = policy.source_file
