"""The policies in force."""

from __future__ import annotations

from collections.abc import Sequence

from credit.domain.compiled_policy import CompiledPolicy
from credit.domain.errors import UnknownPolicy


class PolicyBook:
    """Policies by name or id. ``default`` names the one used when none is asked for.

    Raises:
        UnknownPolicy: no policy has the default's name.
    """

    def __init__(self, policies: Sequence[CompiledPolicy], default: str) -> None:
        self._names = tuple(sorted(policy.spec.name for policy in policies))
        self._by_key = {policy.spec.name: policy for policy in policies}
        self._by_key.update({policy.policy_id: policy for policy in policies})
        self._default = self.get(default)

    def get(self, name_or_id: str | None = None) -> CompiledPolicy:
        """The policy of that name or id, or the default.

        Raises:
            UnknownPolicy: none has it; the error lists the names.
        """
        if name_or_id is None:
            return self._default
        try:
            return self._by_key[name_or_id]
        except KeyError:
            raise UnknownPolicy(name_or_id, self._names) from None

    def names(self) -> tuple[str, ...]:
        """Every policy's name, sorted."""
        return self._names
