"""A number that no program can work with is refused as a setting, in a sentence of ordinary length."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.serving.errors import NoSuchAddress, PortInUse
from app.serving.server import bind
from app.settings import SettingsError, load_settings
from foundation.errors import ClockSpecError, DefinitionError

ENDLESS = "9" * 5_000


@pytest.mark.parametrize("name", ["evaluate_every", "probe_timeout", "settle", "heartbeat_every"])
@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e-300", "1e300", ENDLESS, "0", "-1"])
def test_a_length_of_time_is_finite_and_above_zero(name: str, text: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=rf"_{name.upper()}: .*\. Give ") as caught:
        load_settings(environment={f"MIRANTE_{name.upper()}": text}, directory=tmp_path)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("name", ["api_port", "rate_limit_per_minute", "consistency_sample"])
@pytest.mark.parametrize("text", [ENDLESS, "9" * 4_000, "0"])
def test_a_count_is_bounded(name: str, text: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=f"(?i){name}") as caught:
        load_settings(environment={f"MIRANTE_{name.upper()}": text}, directory=tmp_path)
    assert len(str(caught.value)) < 200


def test_a_number_that_python_does_not_read_is_the_fault_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "mirante.toml").write_text(f"api_port = {ENDLESS}")
    with pytest.raises(DefinitionError, match=r"mirante\.toml"):
        load_settings(environment={}, directory=tmp_path)


def test_a_clock_is_read_with_the_settings(tmp_path: Path) -> None:
    with pytest.raises(ClockSpecError):
        load_settings({"clock": "scaled:nan@2026-01-01T00:00:00Z"}, {}, tmp_path)


def test_the_two_sides_need_two_ports(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="control_port: 9000 is the api_port, too"):
        load_settings({"api_port": "9000", "control_port": "9000"}, {}, tmp_path)


def test_an_address_that_is_not_this_machines_is_not_called_taken() -> None:
    with pytest.raises(NoSuchAddress, match=r"999\.1\.1\.1:8600: nothing can listen there .*--host"):
        bind("999.1.1.1", 8600, "api_port")


def test_a_port_that_is_taken_is() -> None:
    taken = bind("127.0.0.1", 0, "api_port")
    with taken, pytest.raises(PortInUse):
        bind("127.0.0.1", taken.getsockname()[1], "api_port")
