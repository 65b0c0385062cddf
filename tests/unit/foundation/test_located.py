from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from fractions import Fraction
from pathlib import Path

import pytest

from foundation import yaml_nodes
from foundation.errors import MOST_ERRORS, DefinitionErrors, Problems
from foundation.files import document, documents, read_document
from foundation.located import Place, Section


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


def place(text: str) -> Place:
    return document(text.encode(), "f.yaml")


def told(read: Place) -> list[str]:
    return [str(error).removeprefix("f.yaml:") for error in read.source.problems.errors]


def refused(content: bytes) -> list[str]:
    with pytest.raises(DefinitionErrors) as caught:
        document(content, "f.yaml")
    return [str(error).removeprefix("f.yaml:") for error in caught.value.errors]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", " the file: is empty. Write the document"),
        (b"# only a comment\n", " the file: is empty"),
        (b"a: 1\n---\nb: 2\n", "3: the file: is a second document. Keep one"),
        (b"a: 1\nb: caf\xe9\n", "2: the file: is not UTF-8 on this line (byte 0xe9). Save"),
        (b"a: 1\nb: \x07\n", "2: the file: is not YAML: control characters are not allowed. Remove"),
        (b"a: [1\nb: 2\n", "2: the file: is not YAML: "),
        (b"a: *nothing\n", "1: the file: the alias *nothing has no complete anchor above it"),
        (b"a: &a [*a]\n", "1: the file: the alias *a has no complete anchor"),
        (b"a: &a 1\n---\nb: *a\n", "3: the file: the alias *a has no complete anchor"),
    ],
)
def test_a_file_that_cannot_be_read_as_a_whole_says_where(content: bytes, expected: str) -> None:
    (only,) = refused(content)
    assert only.startswith(expected)


def test_a_deep_alias_is_as_deep_as_what_it_stands_for() -> None:
    half = yaml_nodes.MAX_DEPTH // 2
    deep = f"a: &a {'[' * half}{']' * half}\nb: {'[' * half}*a{']' * half}\n"
    (only,) = refused(deep.encode())
    assert only.startswith("2: the file: is nested more than")


def test_the_depth_that_is_allowed_is_read() -> None:
    levels = yaml_nodes.MAX_DEPTH - 1
    assert place(f"a: {'[' * (levels - 1)}x{']' * (levels - 1)}").plain()
    assert refused(f"a: {'[' * levels}x{']' * levels}".encode())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: {b: [1, {c: 1, c: 2}]}", "1: a.b[1].c: is written twice (first on line 1). Keep one of them."),
        ("a:\n  <<: {b: 1}\n  c: 2", "2: a.<<: is not a plain key. Write the keys out"),
        ("? [a]\n: 1\nb: 2", "1: a compound key: is not a plain key. Write the keys out"),
        ("a: !env HOME", "1: a: the tag !env is not supported. Write the value without the tag."),
        ("a: !!python/object:os.system x", "1: a: the tag tag:yaml.org,2002:python/object:os.system is not"),
    ],
)
def test_a_key_or_a_tag_that_is_not_read_is_told_in_its_place(text: str, expected: str) -> None:
    (only,) = told(place(text))
    assert only.startswith(expected)


def test_the_first_of_two_equal_keys_counts_and_a_refused_key_is_left_out() -> None:
    assert place("a: 1\na: 2\n? [x]\n: 3\n<<: {b: 1}\n").plain() == {"a": 1}


def test_an_alias_stands_for_its_value_and_what_is_wrong_in_it_is_told_where_it_stands() -> None:
    top = place("base: &base {number: x}\nother: *base\nlast: &base 5\nagain: *base\n").section()
    assert top is not None
    other = dict(top.need("other").entries())
    assert other["number"].number() is None
    assert told(top.place) == [
        "1: other.number: 'x' is not a number. Write a plain number, for example 0.999."
    ]
    assert top.number("again") == 5


def test_a_byte_order_mark_is_no_part_of_the_first_key() -> None:
    assert document(b"\xef\xbb\xbfa: 1\n", "f.yaml").plain() == {"a": 1}


def test_plain_values_keep_the_spelling_of_numbers() -> None:
    text = "[1, -7, 007, 1.50, 1e3, yes, Off, null, ~, '', 'null', \"yes\", !!str 5, 2026-01-05, {a: [x]}]"
    expected = [1, -7, "007", "1.50", "1e3", True, False, None, None, "", "null", "yes", "5", "2026-01-05"]
    assert place(text).plain() == [*expected, {"a": ["x"]}]
    assert place("[" + "9" * 5_000 + "]").plain() == ["9" * 5_000]


@pytest.mark.parametrize(
    ("text", "read", "stand_in", "expected"),
    [
        ("[a]", Place.text, "", "expected a single value. Write one value after the colon."),
        ("''", Place.text, "", "is empty. Write a word or a sentence."),
        ("{a: 1}", Place.items, [], "expected a list. Start each item with `- `."),
        ("x", Place.entries, [], "expected a mapping. Indent its `key: value` lines below it."),
        ("x", Place.section, None, "expected a mapping."),
        ("'true'", Place.flag, False, "'true' is not true or false. Write true or false, unquoted."),
        ("often", Place.number, None, "'often' is not a number."),
        ("1e99", Place.number, None, "'1e99' is not a number."),
        ("1.5", Place.integer, 0, "'1.5' is not a whole number of at least 0. Write digits only."),
        ("-1", Place.integer, 0, "'-1' is not a whole number of at least 0."),
        ("9" * 5_000, Place.integer, 0, "is not a whole number. Write a whole number of at least 0."),
        ("5 minutes", Place.duration, timedelta(0), "'5 minutes' is not a duration. Write for example 5m,"),
        ("99999999999999999999w", Place.duration, timedelta(0), "is not a duration."),
        (
            "1wd",
            Place.duration,
            timedelta(0),
            "'1wd' is not a duration. Write for example 5m, 1h30m, 3d or 4w.",
        ),
    ],
)
def test_what_does_not_fit_is_told_and_a_stand_in_returned(
    text: str, read: object, stand_in: object, expected: str
) -> None:
    top = place(f"at: {text}").section()
    assert top is not None
    assert callable(read)
    assert read(top.need("at")) == stand_in
    (only,) = told(top.place)
    assert only.startswith("1: at: ")
    assert expected in only


def test_what_fits_is_read() -> None:
    top = place(
        "text: ' a '\nflag: On\nnumber: 0.1\ninteger: 3\nduration: 1h30m\nday: 2wd\ncolour: blue\nlist: [a]"
    ).section()
    assert top is not None
    top.place.source.working_day = timedelta(hours=9)
    assert (top.text("text"), top.need("text").scalar()) == ("a", " a ")
    assert (top.flag("flag", False), top.number("number")) == (True, Fraction(1, 10))
    assert (top.need("integer").integer(1, 3), top.duration("duration")) == (3, timedelta(minutes=90))
    assert (top.duration("day"), top.need("colour").member(Colour)) == (timedelta(hours=18), Colour.BLUE)
    assert top.texts("list") == ("a",)
    top.close()
    assert told(top.place) == []


def test_a_choice_is_told_with_all_there_are_and_the_one_that_was_meant() -> None:
    top = place("a: Blu\nb: green\n").section()
    assert top is not None
    assert [top.need(key).member(Colour) for key in "ab"] == [Colour.RED, Colour.RED]
    assert told(top.place) == [
        "1: a: 'Blu' is not one of red, blue. Did you mean `blue`?",
        "2: b: 'green' is not one of red, blue. Write one of them.",
    ]


def test_a_key_nobody_asked_for_is_told_with_the_name_that_was_meant() -> None:
    read = place("name: x\nnaem: y\nwhatever:\n")
    read.fields(["name"], ["size"])
    assert told(read) == [
        "2: naem: is not a known key. Did you mean `name`?",
        "3: whatever: is not a known key. Known keys: name, size.",
    ]


def test_a_key_that_is_missing_or_null_is_told_once_and_reads_as_nothing() -> None:
    read = place("a:\nb: {}\n")
    fields = read.fields(["a", "b", "c"], ["d"])
    assert told(read) == ["1: a: has no value. Write one.", "1: c: is required but missing. Add `c:`."]
    assert (fields["a"].text(), fields["c"].items(), "d" in fields) == ("", [], False)
    assert len(told(read)) == 2


def test_a_hostile_file_costs_no_more_than_it_tells() -> None:
    keys = "".join(f"key{n}: 1\n" for n in range(20_000))
    read = place(keys)
    Section(read).close()
    assert len(told(read)) == 21
    assert "has 20000 unknown keys" in told(read)[-1]
    twice = place("a: 1\n" * 20_000)
    assert len(told(twice)) == MOST_ERRORS
    assert "'xxx" in (long := shown_of("x" * 100_000))
    assert len(long) < 300


def shown_of(value: str) -> str:
    read = place(f"a: {value}")
    read.fields(["a"])["a"].choice(["b"])
    return told(read)[0]


def test_several_documents_are_told_together_each_once_in_order() -> None:
    problems = Problems()
    first, second = documents(b"a: x\n---\nb: y\n", "f.yaml", problems)
    for read in (second, first, second):
        read.wrong("is wrong", "Fix it.")
    with pytest.raises(DefinitionErrors) as caught:
        problems.raise_if_any()
    assert [error.line for error in caught.value.errors] == [1, 3]
    assert (caught.value.file, caught.value.line, caught.value.problem) == ("f.yaml", 1, "is wrong")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DefinitionErrors, match=r"none\.yaml: the file: cannot be read: nothing is there"):
        read_document(tmp_path / "none.yaml")
