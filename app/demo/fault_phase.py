"""The injected fault: it breaks the adapter, the evaluator sees it, a person is notified, it is removed, and
the incident resolves."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

import httpx

from alarms.model.incident import Incident, IncidentState
from alarms.model.notification import Delivery, DeliveryState
from alarms.model.severity import Severity
from alarms.router.router import Router
from app.demo.dataset import Loans, application_body
from app.demo.parameters import Parameters
from app.demo.running import RunningMirante
from app.demo.seen import FaultRun
from app.demo.sender import Request, Sender
from foundation.clock import Clock

T = TypeVar("T")
LOOK_EVERY = 0.2  # real seconds


class FaultPhase:
    """Keeps sending at a steady rate while the fault starts, is noticed, ends, and its alert clears."""

    def __init__(
        self,
        mirante: RunningMirante,
        sender: Sender,
        router: Router,
        clock: Clock,
        loans: Loans,
        parameters: Parameters,
        say: Callable[[str], None],
    ) -> None:
        self._mirante, self._sender, self._router, self._clock = mirante, sender, router, clock
        self._loans, self._parameters, self._say = loans, parameters, say
        self._stop = asyncio.Event()
        self.run = FaultRun()

    async def play(self) -> FaultRun:
        """The whole phase; at the end the fault is off and the traffic has stopped."""
        began = time.monotonic()
        traffic = asyncio.create_task(self._sender.send_steadily(self._requests(), self.run.answers.append))
        try:
            await self._scenes()
        finally:
            await self._clear()
            self._stop.set()
            await traffic
            self.run.seconds = time.monotonic() - began
        return self.run

    async def _scenes(self) -> None:
        await self._break()
        self.run.incident = await self._until(self._p1_incident, self._parameters.alert_within)
        if self.run.incident is None:
            return
        self._say(f"incident {self.run.incident.severity.value}: {self.run.incident.title}")
        self._say(f"  {self.run.incident.summary}")
        self.run.paged = await self._until(self._sent_page, self._parameters.alert_within)
        if self.run.paged is not None:
            note = self.run.paged.notification
            self._say(f"told: {note.target} ({note.step.value}): {note.message.subject}")
        self.run.acknowledged = await asyncio.to_thread(
            self._router.acknowledge, self.run.incident.id, "demo on-call", "the demo's own fault"
        )
        self._say(f"acknowledged by {self.run.acknowledged.acknowledged_by}")
        await asyncio.sleep(self._parameters.fault_lasts)
        await self._clear()
        self.run.resolved = await self._until(self._resolved_incident, self._parameters.resolve_within)
        if self.run.resolved is not None:
            self._say(f"resolved by {self.run.resolved.resolved_by}: both windows are below the factor again")

    async def _requests(self) -> AsyncIterator[Request]:
        """The loans again, as new applications, evenly spaced in real time."""
        began = time.monotonic()
        for number in itertools.count():
            pause = began + number / self._parameters.rate - time.monotonic()
            if pause > 0:
                await asyncio.sleep(pause)
            if self._stop.is_set():
                return
            row = self._loans.converted[number % len(self._loans.converted)]
            yield Request(row.row, f"fault-{number:06d}", application_body(row))

    async def _break(self) -> None:
        store, fault = self._parameters.store, self._parameters.fault
        if store is None:
            self._say("no fault is injected: this is the negative control")
            return
        await self._switch("PUT", {"error_ratio": fault.error_ratio, "delay_seconds": fault.delay_seconds})
        self.run.on_at = self._clock.now()
        self._say(
            f"fault on: {100 * fault.error_ratio:.0f} % of the calls to the {store} store fail, "
            f"each {fault.delay_seconds} s late (in the adapter)"
        )

    async def _clear(self) -> None:
        if self.run.on_at is None or self.run.off_at is not None:
            return
        await self._switch("DELETE", None)
        self.run.off_at = self._clock.now()
        self._say("fault off")

    async def _switch(self, method: str, body: dict[str, float] | None) -> None:
        url = f"{self._mirante.api_url}/v1/admin/faults/{self._parameters.store}"
        headers = {"Authorization": f"Bearer {self._mirante.api_key}"}
        async with httpx.AsyncClient(headers=headers, timeout=10.0) as client:
            (await client.request(method, url, json=body)).raise_for_status()

    def _p1_incident(self) -> Incident | None:
        found = [i for i in self._router.open_incidents() if i.slo_id == self._parameters.watched_slo]
        return next((i for i in found if i.burn is not None and i.severity is Severity.P1), None)

    def _sent_page(self) -> Delivery | None:
        assert self.run.incident is not None
        deliveries = self._router.notifications(self.run.incident.id)
        sent = [d for d in deliveries if d.state is DeliveryState.SENT]
        return next((d for d in sent if d.notification.severity is Severity.P1), None)

    def _resolved_incident(self) -> Incident | None:
        assert self.run.incident is not None
        incident = self._router.incident(self.run.incident.id)
        return incident if incident.state is IncidentState.RESOLVED else None

    async def _until(self, look: Callable[[], T | None], seconds: float) -> T | None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = await asyncio.to_thread(look)
            if found is not None:
                return found
            await asyncio.sleep(LOOK_EVERY)
        return None
