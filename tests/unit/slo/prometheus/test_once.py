from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from slo.loaders.catalogue_files import load_catalogue
from slo.model.spec import Slo
from slo.prometheus.once import once_for_each

LATENCY = load_catalogue().slo("credit/decision-latency")
OTHER = replace(LATENCY, name="other")


def test_the_same_question_about_the_same_slo_is_answered_once() -> None:
    asked: list[tuple[str, object]] = []

    @once_for_each
    def name(slo: Slo, part: str) -> str:
        asked.append((slo.id, part))
        return f"{slo.id} {part}"

    parts = ["a", "b"]
    for _ in range(2):
        assert [name(LATENCY, part) for part in parts] == [f"{LATENCY.id} a", f"{LATENCY.id} b"]
    assert asked == [(LATENCY.id, "a"), (LATENCY.id, "b")]


def test_an_equal_slo_that_is_another_one_is_asked_again() -> None:
    answers = iter((1, 2, 3))

    @once_for_each
    def count(slo: Slo) -> int:
        return next(answers)

    assert [count(LATENCY), count(LATENCY), count(replace(LATENCY)), count(LATENCY)] == [1, 1, 2, 3]


def test_arguments_that_are_gone_leave_no_answer_to_those_that_take_their_place() -> None:
    @once_for_each
    def first(slo: Slo, part: list[int]) -> int:
        return part[0]

    assert [first(LATENCY, [number]) for number in range(100)] == list(range(100))


def test_threads_get_answers_about_their_own_slo() -> None:
    @once_for_each
    def name(slo: Slo) -> str:
        return slo.id

    def ask(slo: Slo) -> bool:
        return all(name(slo) == slo.id for _ in range(20_000))

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(ask, [LATENCY, OTHER] * 2))
