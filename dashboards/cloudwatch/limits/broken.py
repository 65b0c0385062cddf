"""One thing wrong in a body, as PutDashboard says it: a JSON pointer and a message."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class LimitBroken:
    data_path: str
    message: str


@dataclass(slots=True)
class Findings:
    """Collects findings; each check returns whether the value may be looked into further."""

    found: list[LimitBroken] = field(default_factory=list)

    def add(self, path: str, message: str) -> None:
        self.found.append(LimitBroken(path or "/", message))

    def is_object(self, value: Any, path: str) -> bool:
        return self._is(isinstance(value, Mapping), path, "Should be object")

    def is_array(self, value: Any, path: str, least: int = 0, most: int | None = None) -> bool:
        if not self._is(isinstance(value, list), path, "Should be array"):
            return False
        if len(value) < least:
            self.add(path, f"Should NOT have fewer than {least} items")
        if most is not None and len(value) > most:
            self.add(path, f"Should NOT have more than {most} items")
        return True

    def is_string(self, value: Any, path: str, pattern: str | None = None) -> bool:
        if not self._is(isinstance(value, str), path, "Should be string"):
            return False
        if pattern is not None and not re.fullmatch(pattern, value):
            self.add(path, f"Should match pattern '{pattern}'")
            return False
        return True

    def is_boolean(self, value: Any, path: str) -> bool:
        return self._is(isinstance(value, bool), path, "Should be boolean")

    def is_number(self, value: Any, path: str) -> bool:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return self._is(number, path, "Should be number")

    def is_integer(self, value: Any, path: str, least: int, most: int | None = None) -> bool:
        integer = isinstance(value, int) and not isinstance(value, bool)
        if not self._is(integer, path, "Should be integer"):
            return False
        if value < least:
            return self._is(False, path, f"Should be >= {least}")
        return self._is(most is None or value <= most, path, f"Should be <= {most}")

    def is_one_of(self, value: Any, path: str, allowed: Collection[str]) -> bool:
        words = ", ".join(allowed)
        return self._is(value in allowed, path, f"Should be equal to one of the allowed values: {words}")

    def requires(self, value: Mapping[str, Any], path: str, *names: str) -> bool:
        missing = [name for name in names if name not in value]
        for name in missing:
            self.add(path, f"Should have required property '{name}'")
        return not missing

    def allows(self, value: Mapping[str, Any], path: str, names: Collection[str]) -> None:
        for name in value:
            if name not in names:
                self.add(f"{path}/{name}", "Should NOT have additional properties")

    def _is(self, holds: bool, path: str, message: str) -> bool:
        if not holds:
            self.add(path, message)
        return holds
