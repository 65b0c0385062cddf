"""Other tools' formats whose documents stand alone: each is one ``Peer``, and one line in ``PEERS``.

(OpenSLO is read by ``OpenSlo``: its documents refer to each other.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from foundation.errors import Effect
from foundation.located import Section
from slo.loaders.pyrra import VERSION, claims_to_be_pyrra, pyrra_changes, read_pyrra
from slo.loaders.sloth import claims_to_be_sloth, read_sloth, sloth_changes
from slo.model.entities import Service, WindowSet
from slo.model.spec import Slo

Told = tuple[Effect, str]


@dataclass(frozen=True, slots=True)
class Peer:
    """A tool that a team comes from.

    ``claims``: whether a document says that it is this tool's; ``marker`` is how such a document begins,
    for people, and ``traces`` are texts that such a file holds however broken it is. ``read`` gives the
    service and SLOs of one document, under the windows that the folder says; what is refused or understood
    in one of several ways goes into the document's problems (``Section.notice`` with an ``Effect``).
    ``changes`` says what becomes otherwise in an SLO that was read, whatever it says.
    """

    name: str
    marker: str
    traces: tuple[str, ...]
    claims: Callable[[Section], bool]
    read: Callable[[Section, WindowSet], tuple[Service | None, list[Slo]]]
    changes: Callable[[Slo], Iterator[Told]]


SLOTH = Peer(
    "Sloth",
    "version: prometheus/v1",
    ("prometheus/v1", "sloth.slok.dev/"),
    claims_to_be_sloth,
    read_sloth,
    sloth_changes,
)
PYRRA = Peer(
    "Pyrra",
    f"apiVersion: {VERSION}",
    ("pyrra.dev/",),
    claims_to_be_pyrra,
    read_pyrra,
    pyrra_changes,
)
PEERS = (SLOTH, PYRRA)


def peer_of(document: Section) -> Peer | None:
    """Whose the document says that it is; the first that claims it."""
    return next((peer for peer in PEERS if peer.claims(document)), None)
