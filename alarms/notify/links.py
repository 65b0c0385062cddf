"""Addresses in messages: pages of the console, and the signed link by which one tap acknowledges.

The one place that makes them and reads them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from alarms.model.errors import NotAuthentic
from alarms.model.incident import Incident
from alarms.model.notification import Delivery

ACKNOWLEDGE = "/ack"  # short: the link has to fit an SMS
LIFETIME = timedelta(hours=72)  # a page of Friday evening can be taken on Monday
MINUTE = 60
MARK_LENGTH = 5
PROOF_BYTES = 12  # 96 bits: guesses have to be made one by one, over the network


@dataclass(frozen=True, slots=True)
class AcknowledgeLink:
    """What a link stands for: one target's, of one page of one cycle of an incident.

    ``number`` is the incident's when the page was written. ``mark`` stands for the target: a link shows no
    name, and stays short. ``expires_at`` is in whole minutes.
    """

    incident_id: str
    cycle: int
    number: int
    mark: str
    expires_at: datetime


class LinkSigner:
    """``key`` is asked for when the first link is made or read; it signs nothing else."""

    def __init__(self, key: Callable[[], bytes]) -> None:
        self._key = key

    def token(self, link: AcknowledgeLink) -> str:
        """Letters, digits, hyphens and dots only: nothing that a chat takes for markup, or cuts off."""
        expires = f"{int(link.expires_at.timestamp()) // MINUTE:x}"
        said = f"{link.incident_id}.{link.cycle}.{link.number}.{link.mark}.{expires}"
        return f"{said}.{self._proof(said.encode()).decode()}"

    def read(self, token: str) -> AcknowledgeLink:
        """Raises NotAuthentic: we did not make it. Nothing is looked up for it."""
        said, _, proof = token.encode("utf-8", "replace").rpartition(b".")
        if not hmac.compare_digest(self._proof(said), proof):
            raise NotAuthentic("acknowledge link", "it is not one of ours")
        incident_id, cycle, number, mark, expires = said.decode().rsplit(".", 4)
        expires_at = datetime.fromtimestamp(int(expires, 16) * MINUTE, UTC)
        return AcknowledgeLink(incident_id, int(cycle), int(number), mark, expires_at)

    def _proof(self, said: bytes) -> bytes:
        digest = hmac.new(self._key(), b"acknowledge\n" + said, hashlib.sha256).digest()
        return _letters(digest[:PROOF_BYTES]).encode()


@dataclass(frozen=True, slots=True)
class Links:
    """``base_url`` is where the console is reached; without one there are none."""

    base_url: str = ""
    signer: LinkSigner | None = None

    def page(self, incident_id: str) -> str:
        return f"{self.base_url}{incident_path(incident_id)}" if self.base_url else ""

    def runbook(self, runbook_id: str) -> str:
        return f"{self.base_url}{runbook_path(runbook_id)}" if self.base_url else ""

    def acknowledge(self, incident: Incident, target: str) -> str:
        """That target's, of the page being written just now."""
        if not self.base_url or self.signer is None:
            return ""
        expires_at = incident.updated_at + LIFETIME
        link = AcknowledgeLink(incident.id, incident.cycle, incident.number, mark_of(target), expires_at)
        return f"{self.base_url}{ACKNOWLEDGE}/{quote(self.signer.token(link), safe='')}"


def incident_path(incident_id: str) -> str:
    """Where the console shows it: the one place that pages and the console itself have it from."""
    return f"/console/incidents/{quote(incident_id, safe='')}"


def runbook_path(runbook_id: str) -> str:
    return f"/console/runbooks/{quote(runbook_id, safe='')}"


def mark_of(target: str) -> str:
    """Tells apart whoever is told of one incident."""
    return _letters(hashlib.sha256(target.encode("utf-8", "replace")).digest())[:MARK_LENGTH]


def shown_to_others(delivery: Delivery) -> Delivery:
    """Without the acknowledge link: whoever has it acknowledges in the receiver's name."""
    message = delivery.notification.message
    if not message.acknowledge:
        return delivery
    hidden = message.acknowledge.rpartition("/")[0] + "/..."
    names = ("body", "body_pt", "short", "short_pt")
    shown = {name: getattr(message, name).replace(message.acknowledge, hidden) for name in names}
    hidden_one = replace(message, acknowledge="", **shown)
    return replace(delivery, notification=replace(delivery.notification, message=hidden_one))


def _letters(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=").lower()
