"""How many modules of the product one piece of work crosses: what a reader has to open to follow it.

A module *runs* when code in it runs (a function, a method, a property, a comprehension), in any thread.
Imports do not count, nor do methods that a library wrote for us (dataclasses, validators).

It is *crossed* when the work goes on through it: code of it that runs calls into another module of ours,
directly or by way of a library. Where the work ends, it is only visited: a value type, a table of names, a
pure function. So are the ``INSTRUMENTS``, and whoever asks only them: a clock, metrics and spans are looked
at by the way, and no work goes on through them.

Told so, the version from before this layout crossed 31, 25 and 16 modules (58, 41 and 23 ran); counted by
reading, it was 28, 26 and 22.

``python tests/files_crossed`` prints both numbers; with ``--files``, every module by its name.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import httpx
import yaml
from starlette.types import ASGIApp

from alarms.notify.local_sink import LocalSink
from app.api.keys import create_key
from app.api.scopes import Scope
from app.bootstrap.control_side import build_control
from app.bootstrap.data_side import build_data
from app.bootstrap.names import DATA_ROLES
from app.bootstrap.paths import DataPaths
from app.settings import Settings
from credit.domain.cpf import synthetic_cpf
from foundation.clock import SystemClock
from slo import cloudwatch
from slo.loaders.catalogue_files import load_catalogue
from tests.support.api_server import CUSTOMER
from tests.support.api_world import BODY
from tests.support.hooks import alert, alertmanager

ROOT = Path(__file__).parents[2]
PRODUCT = tuple(f"{ROOT}/{top}/" for top in ("platform", "slo", "exporters", "alarms", "dashboards", "app"))
DECISION = "one HTTP decision, embedded, request to answer"
PAGE = "one webhook to a page"
ALARM = "one SLO definition to a generated alarm"
TOKEN = "secret-of-the-measurement"
SLO = "credit/decision-availability"
MOST_STEPS = 1_000
INSTRUMENTS = (
    "platform/foundation/clock.py",
    "platform/credit/ports/tracing.py",
    "platform/dataplatform/observability/",
    "slo/ledger/",  # where requests are counted
    "alarms/reports/metrics.py",
)


@dataclass(frozen=True, slots=True)
class Walk:
    """Modules as paths below the repository's root, sorted."""

    run: Sequence[str]
    crossed: Sequence[str]


class Crossed:
    """Notes the product's modules while ``recording``. Made before the threads that it is to see."""

    def __init__(self) -> None:
        self._calls: set[tuple[str, str]] = set()  # from which module ("": from none of ours) into which
        self._recording = False
        threading.settrace(self._note)
        sys.settrace(self._note)

    @contextmanager
    def recording(self) -> Iterator[None]:
        self._calls.clear()
        self._recording = True
        try:
            yield
        finally:
            self._recording = False

    @property
    def walk(self) -> Walk:
        """Of the last recording."""
        calls = {(caller, called) for caller, called in self._calls if caller != called}
        through = {caller for caller, called in calls if not called.startswith(INSTRUMENTS)}
        return Walk(
            run=sorted({called for _, called in self._calls}),
            crossed=sorted(name for name in through if name and not name.startswith(INSTRUMENTS)),
        )

    def close(self) -> None:
        sys.settrace(None)
        threading.settrace(None)

    def _note(self, frame: FrameType, event: str, argument: object) -> None:
        """Called as each function begins; answers nothing, so no line of it is traced."""
        called = frame.f_code.co_filename
        if not self._recording or not called.startswith(PRODUCT):
            return
        call = _named(_ours(frame.f_back)), _named(called)
        if call not in self._calls and not _imports(frame):
            self._calls.add(call)


def _ours(frame: FrameType | None) -> str:
    """The file of the nearest caller of ours."""
    while frame is not None:
        if frame.f_code.co_filename.startswith(PRODUCT):
            return frame.f_code.co_filename
        frame = frame.f_back
    return ""


def _named(file: str) -> str:
    return file.removeprefix(f"{ROOT}/")


def _imports(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back
    return False


def measure() -> Mapping[str, Walk]:
    """By what was done."""
    crossed = Crossed()
    try:
        with tempfile.TemporaryDirectory() as folder:
            return {
                DECISION: asyncio.run(decision(Path(folder) / "data", crossed)),
                PAGE: asyncio.run(page(Path(folder) / "control", crossed)),
                ALARM: alarm(Path(folder), crossed),
            }
    finally:
        crossed.close()


async def decision(data_dir: Path, crossed: Crossed) -> Walk:
    """A first application of a known customer, from request to answer; the loops stand still meanwhile."""
    secret = create_key(DataPaths(data_dir).api_keys, "measure", list(Scope), SystemClock().now())[1]
    process = await build_data(Settings(data_dir=data_dir, log_level="ERROR"), DATA_ROLES)
    steps = {loop.name: loop.step for loop in process.loops}
    async with _client(process.application, secret) as client:
        people = [
            {**CUSTOMER, "customer_id": f"C-{number}", "cpf": synthetic_cpf(7, number)} for number in range(4)
        ]
        records = [{"kind": "customer", "data": one} for one in people]
        sent = await client.post("/v1/records", json={"records": records})
        sent.raise_for_status()
        await _until(lambda: _worked(steps["ingest"]))
        await _until(lambda: _worked(steps["project"]))

        async def decide(customer_id: str) -> None:
            headers = {"Idempotency-Key": f"measure-{customer_id}"}
            body = {**BODY, "customer_id": customer_id}
            answer = await client.post("/v1/decisions", json=body, headers=headers)
            assert answer.status_code == 201, answer.text

        for warm in people[1:]:
            await decide(str(warm["customer_id"]))
        with crossed.recording():
            await decide("C-0")
    await process.close()
    return crossed.walk


async def page(data_dir: Path, crossed: Crossed) -> Walk:
    """A P1 of Alertmanager, from the request to the message in the local sink, timers and audit aside."""
    settings = Settings(data_dir=data_dir, log_level="ERROR", hook_token=TOKEN)
    process = await build_control(settings, frozenset({"router"}))
    steps = {loop.name: loop.step for loop in process.loops}
    sink = LocalSink(DataPaths(data_dir).notifications, SystemClock())
    async with _client(process.application, TOKEN) as client:

        async def told(name: str) -> None:
            before = len(sink.delivered())
            body = alertmanager(alert(name, severity="critical"))
            (await client.post("/hooks/alertmanager", json=body)).raise_for_status()
            assert await _worked(steps["work"])

            async def waits() -> bool:
                await steps["deliver"]()
                return len(sink.delivered()) == before

            await _until(waits)

        await told("DiskWarm")
        with crossed.recording():
            await told("DiskFull")
    await process.close()
    return crossed.walk


def alarm(folder: Path, crossed: Crossed) -> Walk:
    """A folder with one definition, from its text to the arguments of ``put_metric_alarm``."""
    text = (ROOT / "slo" / "definitions" / "credit.yaml").read_text(encoding="utf-8")
    names = SLO.split("/")
    one = [document for document in yaml.safe_load_all(text) if document["metadata"]["name"] in names]
    definitions = folder / "definitions"
    definitions.mkdir()
    (definitions / "one.yaml").write_text(yaml.safe_dump_all(one), encoding="utf-8")
    with crossed.recording():
        alarms = cloudwatch.alarms(load_catalogue(definitions), "prod", {})
    assert any(names[1] in str(made["AlarmName"]) for made in alarms)
    return crossed.walk


def _client(application: ASGIApp, token: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=application)
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.AsyncClient(transport=transport, base_url="http://measured", headers=headers)


async def _worked(step: Callable[[], Awaitable[object]]) -> bool:
    return bool(await step())


async def _until(more: Callable[[], Awaitable[bool]]) -> None:
    """Again and again while there is more to do; threads of the product have their turn in between."""
    for _ in range(MOST_STEPS):
        if not await more():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"there was always more to do in {MOST_STEPS} steps")
