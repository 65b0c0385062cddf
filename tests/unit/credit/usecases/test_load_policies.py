from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from credit.domain.compiled_policy import PolicyBook
from credit.domain.errors import UnknownPolicy
from credit.domain.policy import RuleEffect
from credit.domain.reasons import PROFILE_UNREADABLE
from credit.usecases.load_policies import DEFAULT_POLICY, SHIPPED, keep_policies, load_policies, load_reasons
from foundation.errors import DefinitionError, DefinitionErrors
from tests.support.credit_policies import TEXT, compiled
from tests.support.store_bench import memory_bench


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path in SHIPPED.glob("*.yaml"):
        shutil.copy(path, tmp_path)
    return tmp_path


def test_the_shipped_policy_is_the_default_and_uses_only_catalogued_reasons() -> None:
    policy = load_policies().get()
    reasons = load_reasons()
    assert policy.spec.name == DEFAULT_POLICY
    used = {code for rule in policy.spec.rules for code in (rule.reason, rule.unknown_reason)}
    assert used | {PROFILE_UNREADABLE, policy.spec.unpriced_reason} == set(reasons.texts)
    assert {rule.effect for rule in policy.spec.rules} == set(RuleEffect)


def test_every_reason_reads_as_a_sentence_in_both_languages() -> None:
    for code, text in load_reasons().texts.items():
        for language in ("en", "pt"):
            told = [text.applicant.of(language)] + ([text.advice.of(language)] if text.advice else [])
            assert all(sentence[0].isupper() and sentence.endswith(".") for sentence in told), code
            assert text.title.of(language)
        assert text.applicant.en != text.applicant.pt


def test_two_files_may_not_define_one_policy(folder: Path) -> None:
    shutil.copy(folder / "personal-credit.yaml", folder / "zz-copy.yaml")
    with pytest.raises(DefinitionErrors, match=r"zz-copy\.yaml: policy: 'personal-credit' is already"):
        load_policies(folder)


def test_a_policy_with_a_reason_nobody_wrote_is_refused(folder: Path) -> None:
    (folder / "sample.yaml").write_text(TEXT, encoding="utf-8")
    with pytest.raises(DefinitionErrors, match=r"sample\.yaml:8: rules.*'R_ONE' is not a reason code"):
        load_policies(folder)


def test_everything_wrong_in_all_files_is_told_in_one_go(folder: Path) -> None:
    for name, old, new in (
        ("reasons.yaml", "    title: Tax liens\n", "    titel: Tax liens\n"),
        ("personal-credit.yaml", "effect: DECLINE", "effect: DENY"),
        ("personal-credit.yaml", "rank: 10\n", "rank: first\n"),
    ):
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(DefinitionErrors) as caught:
        load_policies(folder)
    told = str(caught.value)
    for words in (
        "titel: is not a known key",
        "'DENY' is not one of DECLINE, REFER",
        "'first' is not a whole",
    ):
        assert words in told


def test_a_directory_without_the_default_policy_says_so(folder: Path) -> None:
    with pytest.raises(UnknownPolicy, match="Known: personal-credit"):
        load_policies(folder, default="other")


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("    title_pt: Conta em atraso\n", "", "title_pt: is required but missing"),
        ("    advice_pt: Peça um valor menor.\n", "", "advice_pt: is required but missing"),
        ("  ACCOUNT_PAST_DUE:", "  account past due:", "not a reason code"),
        ("  PROFILE_UNREADABLE:", "  OTHER_NAME:", "'PROFILE_UNREADABLE' is missing"),
        ("    title: Tax liens\n", "    title: Tax liens\n    tone: calm\n", "tone: is not a known key"),
    ],
)
def test_an_incomplete_catalogue_is_refused(folder: Path, before: str, after: str, problem: str) -> None:
    path = folder / "reasons.yaml"
    written = path.read_text(encoding="utf-8")
    assert before in written
    path.write_text(written.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(DefinitionErrors, match=r"reasons\.yaml") as caught:
        load_reasons(folder)
    assert problem in str(caught.value)


def test_a_catalogue_of_the_first_version_is_read(folder: Path) -> None:
    path = folder / "reasons.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace(" advice", " mend"), encoding="utf-8")
    assert load_reasons(folder) == load_reasons()


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="cannot be read"):
        load_policies(tmp_path / "absent")


async def test_every_policy_of_the_book_is_kept_and_a_second_start_adds_nothing() -> None:
    records = memory_bench().policies
    other = compiled(TEXT.replace("policy: sample", "policy: other"))
    book = PolicyBook([compiled(), other], "sample")
    assert await keep_policies(book, records, "api") == ["other", "sample"]
    assert await keep_policies(book, records, "api") == []
    assert await records.find(other.policy_id) is not None


async def test_a_changed_policy_is_in_force_from_the_next_start_on() -> None:
    records = memory_bench().policies
    await keep_policies(PolicyBook([compiled()], "sample"), records, "api")
    changed = compiled(TEXT.replace('version: "1"', 'version: "2"'))
    assert await keep_policies(PolicyBook([changed], "sample"), records, "api") == ["sample"]
    newest, _ = await records.activations("sample", 10)
    assert newest.policy_id == changed.policy_id
