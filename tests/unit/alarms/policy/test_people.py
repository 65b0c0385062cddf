"""People, and how each of them is reached."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from alarms.policy.channel import Channels, LambdaChannel, LocalChannel, NtfyChannel
from alarms.policy.people import ContactStep, load_people
from foundation.errors import DefinitionErrors

CHANNELS: Channels = {
    "mail": LocalChannel(),
    "sms": LocalChannel(),
    "machines": LambdaChannel({}),
    "push": NtfyChannel({"operations": ("ops",)}, "https://ntfy.example"),
}


def written(folder: Path, person: str) -> Path:
    file = folder / "people.yaml"
    file.write_text(f"version: 1\npeople:\n  ana: {person}\n", encoding="utf-8")
    return file


def test_the_shipped_and_the_default_file_have_nobody() -> None:
    assert load_people().by_id == {}
    from foundation.workspace import SHIPPED

    assert load_people(SHIPPED.alarms / "people.yaml").by_id == {}


def test_steps_take_the_persons_own_addresses(tmp_path: Path) -> None:
    person = (
        "{name: Ana Souza, language: pt, contacts: {sms: '+5511'}, "
        "steps: [{channel: mail}, {channel: sms, after: 5m}]}"
    )
    people = load_people(written(tmp_path, person), CHANNELS)
    assert people.steps_of("ana") == (ContactStep("mail"), ContactStep("sms", "+5511", timedelta(minutes=5)))


def test_without_steps_every_contact_is_used_at_once(tmp_path: Path) -> None:
    people = load_people(written(tmp_path, "{name: Ana, contacts: {mail: a@b.org, sms: '+55'}}"), CHANNELS)
    assert people.steps_of("ana") == (ContactStep("mail", "a@b.org"), ContactStep("sms", "+55"))


def test_somebody_on_file_has_a_name_and_others_go_by_their_id(tmp_path: Path) -> None:
    people = load_people(written(tmp_path, "{name: Ana Souza}"))
    assert (people.name_of("ana"), people.name_of("bia")) == ("Ana Souza", "bia")
    assert people.steps_of("bia") == ()


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        ("{contacts: {}}", "people.ana.name: is required but missing"),
        (
            "{name: Ana, contacts: {fax: '1'}}",
            "people.ana.contacts.fax: 'fax' is not a channel. Write one of",
        ),
        ("{name: Ana, steps: [{channel: machines}]}", "calls machines and cannot notify people"),
        ("{name: Ana, steps: [{channel: sms, after: 5m}]}", "nothing is sent at once"),
        ("{name: Ana, steps: [{channel: sms}, {channel: mail, after: 2d}]}", "is longer than a day"),
        (
            "{name: Ana, steps: [{channel: sms}, {channel: mail, after: 5m}, {channel: sms, after: 1m}]}",
            "comes before the step above it",
        ),
        (
            "{name: Ana, contacts: {push: 'two words'}}",
            "people.ana.contacts.push: 'two words' is not a topic",
        ),
        ("{name: Ana, steps: [{channel: push}]}", "'push' does not know this person. Add push to"),
        ("{name: Ana, time_zone: Mars}", "'Mars' is not a time zone"),
        ("{name: Ana, language: fr}", "'fr' is not one of en, pt"),
    ],
)
def test_a_mistake_names_its_place(tmp_path: Path, person: str, expected: str) -> None:
    with pytest.raises(DefinitionErrors, match=expected):
        load_people(written(tmp_path, person), CHANNELS)


def test_an_id_with_a_colon_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "people.yaml"
    file.write_text('version: 1\npeople:\n  "a:b": {name: Ana}\n', encoding="utf-8")
    with pytest.raises(DefinitionErrors, match="'a:b' cannot be an id"):
        load_people(file)
