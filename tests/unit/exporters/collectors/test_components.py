from __future__ import annotations

from exporters.collectors.components import COMPONENT_OF_STORE, DATA_DISK, DECISION_API, component_of
from tests.support.catalogues import shipped


def test_every_name_that_is_exposed_is_an_id_of_the_catalogue() -> None:
    known = {component.id for component in shipped().components}
    assert {*COMPONENT_OF_STORE.values(), DECISION_API, DATA_DISK} <= known


def test_a_store_nobody_mapped_keeps_its_own_name() -> None:
    assert component_of("relational") == "aurora"
    assert component_of("another") == "another"
