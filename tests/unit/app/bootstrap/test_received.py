"""What the evaluator says is counted as what senders send is, in the process that takes it in."""

from __future__ import annotations

from pathlib import Path

from prometheus_client import CollectorRegistry

from app.bootstrap.router import open_router
from app.settings import Settings
from slo.loaders.catalogue_files import load_catalogue
from tests.support.alerts import burn_alert


def test_the_evaluators_alerts_are_counted_by_their_source(tmp_path: Path) -> None:
    parts = open_router(Settings(data_dir=tmp_path), load_catalogue())
    registry = CollectorRegistry()
    registry.register(parts.received)
    parts.router.receive_all([burn_alert(), burn_alert("page-slow")])
    labels = {"source": "evaluator"}
    assert registry.get_sample_value("mirante_alerts_received_total", labels) == 2
    parts.store.close()
