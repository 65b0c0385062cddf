"""What pressing Acknowledge in a chat does, and what the chat is told of it."""

from __future__ import annotations

import logging
from collections import OrderedDict
from dataclasses import dataclass

from alarms.intake.normalise import clean
from alarms.model.errors import AlarmsError, NotAllowed, UnknownIncident
from alarms.router.desk import IncidentActions
from foundation.bilingual import Text

LOG = logging.getLogger(__name__)
LONGEST_NAME = 80
MOST_REMEMBERED = 10_000
TAKEN = Text("Acknowledged by {name}", "Assumido por {name}")
RESOLVED = Text("Already resolved", "Já resolvido")
UNKNOWN = Text("There is no such incident", "Esse incidente não existe")
FAILED = Text(
    "Not acknowledged: the router cannot store it now. Press again, or use the link",
    "Não foi assumido: o roteador não consegue gravar agora. Pressione de novo ou use o link",
)


@dataclass(frozen=True, slots=True)
class PressOutcome:
    """``settled``: there is nothing left to press."""

    text: Text
    settled: bool


def acknowledge(actions: IncidentActions, incident_id: str, by: str) -> PressOutcome:
    """Harmless when somebody has it, when it is resolved and when it is gone."""
    try:
        incident = actions.acknowledge(incident_id, by)
    except NotAllowed:
        return PressOutcome(RESOLVED, settled=True)
    except UnknownIncident:
        return PressOutcome(UNKNOWN, settled=True)
    except AlarmsError as error:
        LOG.warning("a press of a button was not carried out", extra={"reason": str(error)})
        return PressOutcome(FAILED, settled=False)
    return PressOutcome(TAKEN.filled(name=incident.acknowledged_by or by), settled=True)


def presser(name: object, service: str, identity: object) -> str:
    """As the timeline names whoever pressed: what the service calls them, and which account it is."""
    shown = clean(str(name or "")).strip()[:LONGEST_NAME] or "somebody"
    account = clean(str(identity or "")).strip()[:LONGEST_NAME]
    return f"{shown} ({service} {account})"


class SeenPresses:
    """What was carried out already: a request that comes a second time changes nothing."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, None] = OrderedDict()

    def first(self, identity: str) -> bool:
        if identity in self._known:
            return False
        self._known[identity] = None
        if len(self._known) > MOST_REMEMBERED:
            self._known.popitem(last=False)
        return True

    def forget(self, identity: str) -> None:
        """It was not carried out after all."""
        self._known.pop(identity, None)
