"""Names of components as the catalogue has them: the ``component`` label must be one of its ids.

A board or an alarm of a component asks for the catalogue's id; a series under any other name is never seen.
"""

from __future__ import annotations

from collections.abc import Mapping

COMPONENT_OF_STORE: Mapping[str, str] = {
    "relational": "aurora",
    "hot": "dynamodb",
    "wide": "keyspaces",
    "cache": "redis",
    "stream": "kinesis",
}
DECISION_API = "decision-api"
PROCESSORS = "lambda-processors"
DATA_DISK = "aurora"
"""The data folder's disk is the embedded profile's database volume."""


def component_of(store: str) -> str:
    """The catalogue's id of a store's component; a store it does not know keeps its own name."""
    return COMPONENT_OF_STORE.get(store, store)
