"""Every text in both languages, and no text that nobody reads or that is not there."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

import app.console
from alarms.model.decision import Stage
from alarms.model.incident import HoldKind, IncidentState, TimerKind, TransitionKind
from alarms.model.notification import DeliveryState, NotifyStep
from app.console.errors import TextMissing
from app.console.languages import negotiate, text_table, texts_in
from dashboards.model.palette import LANGUAGES
from foundation.errors import DefinitionErrors
from slo.judge.status import ObjectiveState
from slo.model.spec import CountUnit

FOLDER = Path(app.console.__file__).parent
LITERAL = re.compile(
    r"""(?:\bt|texts|_texts|reader\.texts)(?:\.counted)?\(\s*["']([a-z_]+\.[\w.-]*\w)["'][,)]"""
)
KEY = re.compile(r"""["']([a-z_]+(?:\.[\w-]+)+)["']""")


def sources() -> str:
    files = [*FOLDER.glob("*.py"), *(FOLDER / "templates").glob("*.html")]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def fields_of(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_every_text_is_there_in_both_languages() -> None:
    for key, entry in text_table().items():
        assert set(entry) == set(LANGUAGES), key
        assert all(isinstance(text, str) and text.strip() for text in entry.values()), key


def test_both_languages_of_a_text_need_the_same_fields() -> None:
    for key, entry in text_table().items():
        assert fields_of(entry["en"]) == fields_of(entry["pt"]), key


def test_every_key_a_template_or_module_names_exists() -> None:
    named = set(LITERAL.findall(sources()))
    assert len(named) > 100
    table = text_table()
    missing = {key for key in named if key not in table and f"{key}.one" not in table}
    assert missing == set()


@pytest.mark.parametrize(
    ("prefix", "values"),
    [
        ("state", [state.value for state in ObjectiveState]),
        ("unit", [unit.value for unit in CountUnit]),
        ("detail.ratio", [unit.value for unit in CountUnit]),
        ("incident.state", [state.value for state in IncidentState]),
        ("incident.hold", [kind.value for kind in HoldKind]),
        ("transition", [kind.value for kind in TransitionKind]),
        ("timer", [kind.value for kind in TimerKind]),
        ("step", [step.value for step in NotifyStep]),
        ("delivery", [state.value for state in DeliveryState]),
        ("outcome", ["APPROVE", "DECLINE", "REFER"]),
        ("stage", [stage.value for stage in Stage]),
    ],
)
def test_every_value_that_is_shown_has_a_word(prefix: str, values: list[str]) -> None:
    assert [value for value in values if f"{prefix}.{value}" not in text_table()] == []


def test_every_message_page_has_a_title_and_a_body() -> None:
    source = (FOLDER / "application.py").read_text(encoding="utf-8")
    keys = set(re.findall(r'_message\(request, "(\w+)"', source)) | {
        "link_used",
        "link_expired",
        "link_unknown",
    }
    keys |= {"not_found", "bad_request", "too_large", "broken"}
    assert len(keys) > 10
    table = text_table()
    assert [
        key for key in keys if f"message.{key}.title" not in table or f"message.{key}.body" not in table
    ] == []


def test_a_value_nobody_has_named_is_shown_as_it_is() -> None:
    assert texts_in("pt").word("transition", "something-new") == "something-new"
    assert texts_in("pt").word("transition", "opened") == "Aberto"


def test_no_text_is_kept_that_nothing_shows() -> None:
    named = set(KEY.findall(sources()))
    prefixes = {key.rpartition(".")[0] for key in text_table()}
    text = sources()
    built = {
        prefix
        for prefix in prefixes
        if re.search(rf"""["']{re.escape(prefix)}\.(\{{|["'])""", text)
        or re.search(rf"""word\(["']{re.escape(prefix)}["']""", text)
    }
    unused = [
        key
        for key in text_table()
        if key not in named
        and key.removesuffix(".one").removesuffix(".other") not in named
        and not any(key.startswith(f"{prefix}.") for prefix in built)
    ]
    assert unused == []


def test_a_key_that_is_not_there_is_named() -> None:
    with pytest.raises(TextMissing, match=r"no\.such\.key"):
        texts_in("en")("no.such.key")


def test_a_field_that_was_not_given_is_named() -> None:
    with pytest.raises(TextMissing, match="when"):
        texts_in("en")("when.in")


def test_a_text_that_lacks_a_language_or_has_two_homes_stops_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.yaml").write_text("half: {en: only English}\ntwice: {en: a, pt: b}\n", encoding="utf-8")
    (tmp_path / "b.yaml").write_text("twice: {en: a, pt: b}\n", encoding="utf-8")
    monkeypatch.setattr("app.console.languages.TEXTS", tmp_path)
    with pytest.raises(DefinitionErrors) as caught:
        text_table(tmp_path / "none")
    assert "a.yaml:1: half.pt: is required but missing" in str(caught.value)
    assert "b.yaml:1: twice: is in two tables" in str(caught.value)


def test_one_and_many_read_differently() -> None:
    texts = texts_in("pt")
    assert texts.counted("oncall.incidents", 1) == "1 incidente aberto"
    assert texts.counted("oncall.incidents", 0) == "0 incidentes abertos"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("pt-BR,pt;q=0.9,en;q=0.8", "pt"),
        ("pt-PT", "pt"),
        ("fr-FR, en;q=0.3, pt;q=0.7", "pt"),
        ("en-GB,en;q=0.9,pt;q=0.1", "en"),
        ("de, fr", "en"),
        ("pt;q=0", "en"),
        ("pt;q=nonsense", "en"),
        (";;;,,,=", "en"),
        ("PT-br", "pt"),
    ],
)
def test_the_browser_s_languages_choose(header: str, language: str) -> None:
    assert negotiate(header) == language
