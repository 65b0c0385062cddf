"""Microsoft's own models of Adaptive Cards, asked about each element: that of a card leaves them loose."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from microsoft_teams.cards import core

NOT_PART_OF_THE_MODELS = {"$schema", "msteams"}


def complaints(node: Any) -> Iterator[str]:
    """What a card's elements hold that their models do not know or do not take."""
    if isinstance(node, list):
        for child in node:
            yield from complaints(child)
    elif isinstance(node, dict):
        yield from _of_element(node)
        for child in node.values():
            yield from complaints(child)


def _of_element(element: dict[str, Any]) -> Iterator[str]:
    name = element.get("type")
    if name is None:
        return
    kind, _, verb = str(name).rpartition(".")
    model = getattr(core, f"{verb}{kind}" if kind else verb, None)
    if model is None:
        yield f"{name} is not an element"
        return
    known = {spec.alias or spec.serialization_alias or key for key, spec in model.model_fields.items()}
    known |= {core.SerializableObject.serialization_alias_generator(key) for key in known}
    yield from (f"{name} has no {key}" for key in element.keys() - known - NOT_PART_OF_THE_MODELS)
    try:
        model.model_validate(element)
    except ValueError as error:
        yield f"{name}: {error}"
