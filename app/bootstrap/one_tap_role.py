"""The acknowledge links of messages: followed by the router and by the console, wherever these run."""

from __future__ import annotations

from alarms.router.one_tap import OneTap
from app.bootstrap.process import ProcessParts
from app.bootstrap.router import RouterParts, link_signer
from app.console.one_tap_pages import OneTapPages


def add_one_tap(parts: ProcessParts, routing: RouterParts) -> None:
    """Messages name the console's address; where only the router can be reached, that answers as well."""
    router, settings = routing.router, parts.settings
    one_tap = OneTap(router, routing.store, link_signer(settings), parts.clock)
    links, zone = router.routing.composer.links, router.policy.hours.time_zone
    parts.routes += OneTapPages(one_tap, links, settings.environment, zone).routes()
