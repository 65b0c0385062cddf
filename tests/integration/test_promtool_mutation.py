"""Generated tests notice every change of a generated rule: no mutant survives.

In CI every so-many-th mutant of a few SLOs; with ``MIRANTE_PROOF=full`` every mutant of every shape.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from slo.loaders.catalogue_files import load_catalogue
from slo.model.spec import Slo
from tests.support.mutation import survivors
from tests.support.promtool import PROMTOOL

SHAPES = Path(__file__).parent.parent / "support" / "definitions" / "shapes"
FULL = os.environ.get("MIRANTE_PROOF") == "full"
SAMPLED = ("credit/decision-latency", "credit/decision-availability", "shop/stock-sync", "shop/index-age")
SLOS = [slo for slo in (*load_catalogue().slos, *load_catalogue(SHAPES).slos) if FULL or slo.id in SAMPLED]
EVERY = 1 if FULL else 37


@pytest.mark.proof
@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed")
@pytest.mark.parametrize("slo", SLOS, ids=lambda slo: slo.id)
def test_no_mutant_survives_its_generated_tests(slo: Slo) -> None:
    alive, tried = survivors(slo, every=EVERY)
    assert tried >= 10
    assert not alive, "\n".join(f"{mutant.place}: {mutant.change}" for mutant in alive)
