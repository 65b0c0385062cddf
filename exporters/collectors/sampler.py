"""Samples saturation in the background, so that a scrape never waits for a slow or dead server.

What is asked of this process shares one thread; each server has its own: one that hangs delays nobody.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from exporters.collectors.saturation import Saturation, SaturationProbe
from exporters.collectors.server_probe import ServerProbe
from foundation.clock import Clock

logger = logging.getLogger(__name__)

Key = tuple[str, str]
STOP_SECONDS = 5.0  # a probe that still waits for its server then is left behind: its thread is a daemon


@dataclass(frozen=True, slots=True)
class _Taken:
    """``at`` is monotonic; ``lasts`` is how long it may be shown, in seconds; None: as the reader says."""

    reading: Saturation
    at: float
    lasts: float | None


class SaturationSampler:
    """Runs the probes, keeps the last reading of each and how often each failed. Thread-safe."""

    def __init__(
        self,
        probes: Sequence[SaturationProbe],
        clock: Clock,
        interval_seconds: float = 5.0,
        servers: Sequence[ServerProbe] = (),
    ) -> None:
        self._probes, self._servers = tuple(probes), tuple(servers)
        self._clock = clock
        self._interval = interval_seconds
        self._lock = threading.Lock()
        self._latest: dict[Key, _Taken] = {}
        self._failures: dict[Key, int] = {(p.component, p.resource): 0 for p in probes}
        self._failures |= {(s.component, name): 0 for s in servers for name in s.resources}
        self._events: dict[Key, int] = {(s.component, name): 0 for s in servers for name in s.events}
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def sample(self) -> None:
        """Ask everything once. A failed probe keeps its old reading, which ages away."""
        self._sample_own()
        for server in self._servers:
            self._sample_server(server)

    def readings(self, max_age_seconds: float) -> Sequence[tuple[Saturation, float]]:
        """Readings no older than that (or than their probe allows), with ages in seconds, in name order."""
        now = self._clock.monotonic()
        return [
            (taken.reading, now - taken.at)
            for _, taken in self._sorted()
            if now - taken.at <= (max_age_seconds if taken.lasts is None else taken.lasts)
        ]

    def ages(self) -> Mapping[Key, float]:
        """Seconds since each resource was last measured, however long ago that is."""
        now = self._clock.monotonic()
        return {key: now - taken.at for key, taken in self._sorted()}

    def failures(self) -> Mapping[Key, int]:
        with self._lock:
            return dict(sorted(self._failures.items()))

    def events(self) -> Mapping[Key, int]:
        """How many of each event were seen since this sampler first asked, by component and event."""
        with self._lock:
            return dict(sorted(self._events.items()))

    def start(self) -> None:
        """Sample now and then on each probe's beat until ``stop``."""
        if self._threads:
            return
        lanes: list[tuple[str, Callable[[], None], float]] = [("own", self._sample_own, self._interval)]
        lanes += [
            (server.component, lambda server=server: self._sample_server(server), server.every_seconds)  # type: ignore[misc]
            for server in self._servers
        ]
        self._threads = [
            threading.Thread(target=self._run, args=lane, name=f"saturation-{name}", daemon=True)
            for name, *lane in lanes
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(STOP_SECONDS)

    def _run(self, sample: Callable[[], None], interval: float) -> None:
        sample()
        while not self._stop.wait(interval):
            sample()

    def _sample_own(self) -> None:
        for probe in self._probes:
            try:
                ratio = probe.measure()
            except OSError as error:
                self._failed(probe.component, (probe.resource,), str(error))
                continue
            if ratio is not None:
                self._take(probe.component, probe.resource, ratio)

    def _sample_server(self, server: ServerProbe) -> None:
        try:
            reading = server.read()
        except OSError as error:
            self._failed(server.component, server.resources, str(error))
            return
        except Exception as error:  # what a server answers is not ours to foresee; its thread goes on
            logger.exception("the saturation of %s was answered in an unforeseen way", server.component)
            self._failed(server.component, server.resources, str(error))
            return
        for resource, why in reading.unread.items():
            self._failed(server.component, (resource,), why)
        for resource, ratio in reading.ratios.items():
            age = reading.age_seconds.get(resource, 0.0)
            self._take(server.component, resource, ratio, age, server.lasts_seconds)
        with self._lock:
            for event, count in reading.grown.items():
                self._events[(server.component, event)] += count

    def _take(
        self, component: str, resource: str, ratio: float, age: float = 0.0, lasts: float | None = None
    ) -> None:
        reading = Saturation(component, resource, ratio, self._clock.now())
        with self._lock:
            self._latest[(component, resource)] = _Taken(reading, self._clock.monotonic() - age, lasts)

    def _failed(self, component: str, resources: Sequence[str], why: str) -> None:
        logger.warning("saturation of %s %s could not be read: %s", component, ", ".join(resources), why)
        with self._lock:
            for resource in resources:
                self._failures[(component, resource)] += 1

    def _sorted(self) -> Sequence[tuple[Key, _Taken]]:
        with self._lock:
            return sorted(self._latest.items())
