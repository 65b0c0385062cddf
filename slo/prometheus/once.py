"""What is asked many times about one SLO, worked out once: generators go through one SLO after another."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar, TypeVarTuple

from slo.model.spec import Slo

Ts = TypeVarTuple("Ts")
T = TypeVar("T")


def once_for_each(answer: Callable[[Slo, *Ts], T]) -> Callable[[Slo, *Ts], T]:
    """Remembers the answers for the SLO it was last asked about: this very one, with these very arguments.

    Whoever asks must not change what is answered.
    """
    held: tuple[Slo | None, dict[tuple[int, ...], tuple[T, object]]] = (None, {})

    @wraps(answer)
    def remembered(slo: Slo, *args: *Ts) -> T:
        nonlocal held
        about, known = held
        if about is not slo:
            known = {}
            held = slo, known  # in one step: another thread sees an SLO with its own answers
        key = tuple(map(id, args))
        found = known.get(key)
        if found is None:
            found = known[key] = answer(slo, *args), args  # kept, or their ids would be reused
        return found[0]

    return remembered
