"""A policy turned into closures: facts in, verdict out, nothing else (no clock, no randomness, no I/O)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from app.domain.customer import CustomerProfile
from app.domain.decision import Application, FactValue, Verdict
from app.domain.errors import UnknownPolicy
from app.domain.policy import Policy

Facts = Mapping[str, FactValue]


class CompiledPolicy:
    """``spec`` is the policy as written, ``policy_id`` its content hash."""

    def __init__(self, spec: Policy) -> None:
        self.spec = spec
        self.policy_id = spec.policy_id

    def facts(self, profile: CustomerProfile, application: Application, as_of: datetime) -> Facts:
        """Every fact of the table; missing ones are ``None``."""
        raise NotImplementedError

    def evaluate(self, facts: Facts) -> Verdict:
        """The verdict on facts: the same facts give the same verdict, byte for byte."""
        raise NotImplementedError


class PolicyBook:
    """The policies in force, by name or id. ``default`` names the one used when none is asked for."""

    def __init__(self, policies: Iterable[CompiledPolicy], default: str) -> None:
        self._by_key: dict[str, CompiledPolicy] = {}
        raise NotImplementedError

    def get(self, name_or_id: str | None = None) -> CompiledPolicy:
        """The policy of that name or id, or the default.

        Raises:
            UnknownPolicy: none has it; the error lists the names.
        """
        raise UnknownPolicy(name_or_id or "", self.names())

    def names(self) -> tuple[str, ...]:
        raise NotImplementedError


Evaluate = Callable[[Facts], bool | None]
