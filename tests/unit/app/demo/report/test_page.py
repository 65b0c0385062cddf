"""The report of the demo: one file, both languages, every number as it was measured."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from app.console.languages import text_table
from app.demo.report.model import Expectation, Milestone
from app.demo.report.page import FOLDER, render_report
from foundation.bilingual import Text
from tests.support.console_browser import tags_of, text_of
from tests.support.demo_reports import a_report

LOADS = ("src", "href", "action", "data", "poster", "srcset", "xlink:href")


@pytest.fixture(scope="module")
def page() -> str:
    return render_report(a_report())


def half(page: str, language: str) -> str:
    """The part of the page in one language."""
    return page.split(f'data-language="{language}" lang=')[1].split("</main>")[0]


def test_the_page_needs_nothing_but_itself(page: str) -> None:
    for tag, attributes in tags_of(page):
        assert tag not in ("script", "link", "img", "iframe", "object")
        assert not set(attributes) & set(LOADS), (tag, attributes)
    assert "url(" not in page
    assert "@import" not in page
    assert "http://" not in page
    assert "https://" not in page


def test_both_languages_are_on_the_page_and_the_chosen_one_shows(page: str) -> None:
    assert 'id="lang-en" checked' in page
    assert 'id="lang-pt" checked' in render_report(a_report(), "pt")
    assert "Demo report" in half(page, "en")
    assert "Relatório da demonstração" in half(page, "pt")
    assert "Relatório" not in half(page, "en")


def test_an_unknown_language_reads_english() -> None:
    assert 'id="lang-en" checked' in render_report(a_report(), "fr")


def test_numbers_are_those_of_the_report(page: str) -> None:
    said = text_of(half(page, "en")).replace("\u00a0", " ")
    for expected in (
        "9,976", "409", "12 ms", "38 ms", "81 ms", "500 / 500", "9f2c" * 16, "Approved 6,210 (62.2 %)",
        "11,690 good of 14,276 events · exact", "the same: 11,690 good of 14,276",
        "differs: 11,696 good of 14,277", "0 good of 0 events · may be off by 12", "−260.0 %",
        "1h: 320 bad of 12,440 = burn 25.7× (fires above 14.4×)", "I01M84QKCD0G753G3WR0JGQRNBG",
        "2,580", "Seed, cpf", "2018", "3.11.7", "no debt-to-income", "11, 402, 977",
    ):  # fmt: skip
        assert expected in said, expected


def test_portuguese_numbers_read_as_portuguese(page: str) -> None:
    said = text_of(half(page, "pt")).replace("\u00a0", " ")
    assert "9.976" in said
    assert "promessa 99,9 %" in said
    assert "previsão: 12440 em 24m de histórico" in said


def test_the_latency_chart_holds_every_bucket(page: str) -> None:
    report = a_report()
    values = re.findall(
        r'data-value="([\d.]+)"',
        half(page, "en").partition("<h3>Response times</h3>")[2].partition("</section>")[0],
    )
    counts = [float(bucket.count) for bucket in report.healthy.histogram]
    assert [float(value) for value in values] == counts * 3


def test_the_fault_chart_holds_every_minute(page: str) -> None:
    fault = a_report().fault
    assert fault is not None
    known = [point.good for point in fault.minutes if point.good is not None]
    drawn = [int(value) for value in re.findall(r'data-good="(\d+)"', half(page, "en"))]
    assert drawn == known * 3


def test_every_moment_of_the_fault_has_a_word_and_no_text_is_kept_that_nothing_shows() -> None:
    own = set(text_table(FOLDER)) - set(text_table())
    moments = {f"report.milestone.{milestone.value}" for milestone in Milestone}
    sources = [path for path in FOLDER.iterdir() if path.name.endswith((".py", ".html"))]
    shown = "".join(path.read_text(encoding="utf-8") for path in sources)
    assert moments <= own
    assert {key for key in own - moments if f"{key}'" not in shown and f'{key}"' not in shown} == set()


def test_a_run_that_saw_everything_says_so_in_green(page: str) -> None:
    assert "All 2 expected things were observed" in page
    assert "v-ok" in half(page, "en")


def test_a_run_that_missed_something_says_so_in_red() -> None:
    page = half(render_report(a_report(observed=False)), "en")
    assert "Only 1 of 2 expected things were observed" in page
    assert "NOT observed" in page
    assert "v-bad" in page


def test_a_run_without_expectations_has_not_passed() -> None:
    assert not replace(a_report(), expectations=()).passed


def test_a_run_without_a_fault_says_that_no_alert_was_due() -> None:
    page = half(render_report(a_report(fault=False)), "en")
    assert "No fault was injected" in page
    assert 'class="moments"' not in page


def test_an_objective_without_data_is_grey_with_its_word(page: str) -> None:
    card = next(part for part in half(page, "en").split("<article") if "Stores agree" in part)
    card = card.partition("</article>")[0]
    assert "edge-no-data" in card
    assert "No data" in card
    assert "c-ok" not in card


def test_a_chain_that_does_not_verify_is_said_so() -> None:
    report = a_report()
    broken = replace(report, audit=replace(report.audit, verified=False, anchored_head=None))
    said = text_of(half(render_report(broken), "en"))
    assert "does NOT verify" in said
    assert "not anchored" in said


def test_text_that_is_markup_stays_text() -> None:
    evil = Text("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>')
    report = replace(a_report(), expectations=(Expectation(evil, True, evil),))
    page = render_report(report)
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page


def test_the_same_report_gives_the_same_bytes() -> None:
    assert render_report(a_report()) == render_report(a_report())


def test_the_report_is_small_enough_to_send() -> None:
    assert len(render_report(a_report()).encode()) < 400_000
