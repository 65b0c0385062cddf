"""Round trip through the foundation SDK's models: a key it drops is one Grafana does not know."""

from __future__ import annotations

import importlib
import json
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dashboards.grafana.board import dashboard
from dashboards.model.board import Board
from tests.support.catalogues import ENVIRONMENT, shipped_boards

FOLDER = Path(__file__).parents[3] / "support" / "grafana" / ".python"
HOW = (
    "pip install --no-deps --target tests/support/grafana/.python 'grafana-foundation-sdk==1769699379!11.6.0'"
)

# A data source's own fields inside an annotation query: the SDK's model has none of any data source.
OF_THE_DATA_SOURCE = ("/annotations/list/",)

needs_sdk = pytest.mark.skipif(
    not (FOLDER / "grafana_foundation_sdk").is_dir(), reason=f"the foundation SDK is not installed: {HOW}"
)


@pytest.fixture
def sdk(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, Any]]:
    monkeypatch.syspath_prepend(str(FOLDER))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = importlib.import_module("grafana_foundation_sdk.models.dashboard")
        encoder = importlib.import_module("grafana_foundation_sdk.cog.encoder")
    yield model.Dashboard, encoder.JSONEncoder
    for name in [name for name in sys.modules if name.startswith("grafana_foundation_sdk")]:
        del sys.modules[name]


def lost(before: Any, after: Any, path: str = "") -> Iterator[str]:
    if isinstance(before, dict):
        for key, value in before.items():
            if not isinstance(after, dict) or key not in after:
                yield f"{path}/{key}"
            else:
                yield from lost(value, after[key], f"{path}/{key}")
    elif isinstance(before, list):
        if not isinstance(after, list) or len(before) != len(after):
            yield f"{path} (length)"
        else:
            for index, (one, other) in enumerate(zip(before, after, strict=True)):
                yield from lost(one, other, f"{path}/{index}")
    elif before != after:
        yield f"{path}: {before!r} became {after!r}"


def dropped(document: dict[str, Any], sdk: tuple[Any, Any]) -> list[str]:
    model, encoder = sdk
    back = json.loads(encoder(sort_keys=True).encode(model.from_json(document)))
    return [path for path in lost(document, back) if not path.startswith(OF_THE_DATA_SOURCE)]


@needs_sdk
@pytest.mark.parametrize("board", shipped_boards(), ids=lambda board: board.name)
def test_no_key_of_a_board_is_lost_in_the_round_trip(board: Board, sdk: tuple[Any, Any]) -> None:
    assert dropped(dashboard(board, ENVIRONMENT), sdk) == []


@needs_sdk
def test_a_key_that_grafana_does_not_know_is_seen(sdk: tuple[Any, Any]) -> None:
    document = dashboard(shipped_boards()[0], ENVIRONMENT)
    document["panels"][1]["intervalFactor"] = 2
    document["sharedCrosshair"] = True
    assert set(dropped(document, sdk)) == {"/sharedCrosshair", "/panels/1/intervalFactor"}
