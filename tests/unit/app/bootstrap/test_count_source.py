"""Which of three the counts come from, as the settings say."""

from __future__ import annotations

import pytest

from app.bootstrap.count_source import count_source
from app.settings import Settings, SettingsError, load_settings

SOMEWHERE = "http://127.0.0.1:9090"


@pytest.mark.parametrize(
    ("settings", "source"),
    [
        (Settings(), "journals"),
        (Settings(prometheus=SOMEWHERE), "prometheus"),
        (Settings(prometheus=SOMEWHERE, count_source="journals"), "journals"),
        (Settings(prometheus=SOMEWHERE, count_source="cloudwatch"), "cloudwatch"),
    ],
)
def test_a_prometheus_that_has_an_address_is_counted_from_unless_something_else_is_said(
    settings: Settings, source: str
) -> None:
    assert count_source(settings) == source


def test_a_prometheus_without_an_address_cannot_be_chosen() -> None:
    with pytest.raises(SettingsError, match="Set MIRANTE_PROMETHEUS"):
        count_source(Settings(count_source="prometheus"))


def test_a_source_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(SettingsError, match="auto, journals, prometheus, cloudwatch"):
        load_settings(environment={"MIRANTE_COUNT_SOURCE": "datadog"})
