"""A source that says what a test wants it to say, watched beside a router on a clock that moves by hand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta

from alarms.model.alert import Alert
from alarms.model.errors import SourceSilent
from alarms.watching.source_answer import SourceAnswer, WatchedSource, WatchTimes
from alarms.watching.watch import SourceWatch
from tests.support.router import Scene

PAGE_AFTER, CLOSE_AFTER, TELL_AFTER = timedelta(minutes=2), timedelta(minutes=5), timedelta(minutes=6)
EVERY = timedelta(seconds=30)
DAYS = timedelta(days=3)


@dataclass
class Said:
    """``silent``: it does not answer."""

    name: str = "alertmanager http://am:9093"
    answer: SourceAnswer = field(default_factory=lambda: SourceAnswer({}, frozenset(), up_for=DAYS))
    silent: bool = False
    asked: int = 0

    def ask(self) -> SourceAnswer:
        self.asked += 1
        if self.silent:
            raise SourceSilent(self.name, "cannot be reached")
        return self.answer

    def fires(self, *alerts: Alert, aside: Iterable[Alert] = ()) -> None:
        firing = {alert.member: alert for alert in alerts}
        kept = frozenset(alert.member for alert in aside)
        self.answer = replace(self.answer, firing=firing, listed=frozenset(firing) | kept, aside=kept)

    def says(self, **changes: object) -> None:
        self.answer = replace(self.answer, **changes)  # type: ignore[arg-type]


class Watched:
    """A scene with an Alertmanager and the Prometheus behind it, which holds the rules of ``names``."""

    def __init__(self, scene: Scene, *names: str, signs: Iterable[str] = ()) -> None:
        self.scene = scene
        self.signs = frozenset(signs)
        self.manager = Said()
        self.prometheus = Said(
            "prometheus http://prom:9090",
            SourceAnswer(
                {}, frozenset(), judged=frozenset(names), up_for=DAYS, longest_for=timedelta(hours=1)
            ),
        )
        self.start()

    def start(self) -> None:
        """As a process that begins."""
        self.watch = SourceWatch(
            self.scene.store,
            self.scene.router,
            self.scene.clock,
            [WatchedSource("alertmanager", (self.manager, self.prometheus), lambda: self.signs)],
            WatchTimes(PAGE_AFTER, CLOSE_AFTER, TELL_AFTER),
        )

    def look(self) -> None:
        self.watch.run_once()
        self.scene.router.tick()
        self.scene.dispatcher.drain()

    def pass_time(self, duration: timedelta) -> None:
        """With a look at once, and every half a minute."""
        end = self.scene.clock.now() + duration
        self.look()
        while self.scene.clock.now() < end:
            self.scene.clock.advance(EVERY)
            self.look()

    def reports(self) -> dict[str, tuple[str, int, int, int]]:
        """By asker: state, firing there, heard here, missing."""
        found = self.scene.store.source_reports()
        return {one.name: (one.state.value, one.firing, one.heard, one.missing) for one in found}

    def told(self, text: str) -> list[str]:
        """The subjects of the messages that say so."""
        sent = [notification.message for notification in self.scene.pager.sent]
        return [one.subject for one in sent if text in one.subject or text in one.body]
