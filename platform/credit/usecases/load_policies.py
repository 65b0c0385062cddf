"""Policies and reasons from YAML files, shipped or one's own; what decided is kept as long as decisions."""

from __future__ import annotations

from pathlib import Path

from credit.domain.compiled_policy import CompiledPolicy, PolicyBook
from credit.domain.errors import PolicyError
from credit.domain.policy import Policy
from credit.domain.policy_file import parse_policy
from credit.domain.reasons import PLATFORM_REASONS, ReasonCatalogue, parse_reasons
from credit.ports.records import PolicyRecords

SHIPPED = Path(__file__).resolve().parent.parent / "policies"
REASONS_FILE = "reasons.yaml"
DEFAULT_POLICY = "personal-credit"


def load_reasons(directory: Path | None = None) -> ReasonCatalogue:
    """``reasons.yaml`` of a directory (``None``: the shipped one).

    Raises:
        PolicyError: missing, unreadable, a text missing, or without a code the platform itself uses.
    """
    path = (directory or SHIPPED) / REASONS_FILE
    catalogue = parse_reasons(_read(path), str(path))
    for code in PLATFORM_REASONS:
        if code not in catalogue:
            raise PolicyError(
                str(path), "reasons", f"{code!r} is missing", "Add its texts: the platform uses it"
            )
    return catalogue


def load_policies(directory: Path | None = None, default: str = DEFAULT_POLICY) -> PolicyBook:
    """Every policy file (``*.yaml`` but ``reasons.yaml``) of a directory, checked and compiled.

    Raises:
        PolicyError: the first thing wrong, with file, line, field and mend.
        UnknownPolicy: no file defines the default.
    """
    folder = directory or SHIPPED
    reasons = load_reasons(folder)
    paths = sorted(path for path in folder.glob("*.yaml") if path.name != REASONS_FILE)
    policies = [parse_policy(_read(path), str(path), reasons) for path in paths]
    _check_names(policies)
    return PolicyBook([CompiledPolicy(policy) for policy in policies], default)


async def keep_policies(book: PolicyBook, records: PolicyRecords, actor: str) -> list[str]:
    """Activate every policy of the book; the names of those that were not in force before.

    Raises:
        StoreUnavailable: do it again later; what was activated already stays.
    """
    return [name for name in book.names() if await records.activate(book.get(name).spec, actor)]


def _check_names(policies: list[Policy]) -> None:
    files: dict[str, str] = {}
    for policy in policies:
        if policy.name in files:
            problem = f"{policy.name!r} is already defined in {files[policy.name]}"
            raise PolicyError(policy.source_file, "policy", problem, "Give each policy its own name")
        files[policy.name] = policy.source_file


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        problem = f"cannot be read ({error.strerror or type(error).__name__})"
        raise PolicyError(str(path), "the file", problem, "Check the path and its permissions") from None
