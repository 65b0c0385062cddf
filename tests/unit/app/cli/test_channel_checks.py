"""What `mirante check` says of channels: secrets that are missing, buttons nobody would hear, templates."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from app.build import Tried
from app.cli.definition_checks import check_everything
from app.settings import ChannelSecrets, Settings
from slo.lint import Finding, FindingLevel

CHANNELS = {
    "default": {"kind": "local"},
    "chat": {"kind": "slack", "interactive": True},
    "bot": {"kind": "telegram", "recipients": {"*": "-1001"}, "interactive": True},
}


def of_channels(folder: Path, channels: Mapping[str, Any], **settings: Any) -> list[Finding]:
    (folder / "channels.yaml").write_text(
        "\n".join(["version: 1", "channels:", *(f"  {n}: {json.dumps(c)}" for n, c in channels.items())]),
        encoding="utf-8",
    )
    checked = check_everything(Settings(alarm_policy=folder, **settings), lambda *_: Tried(0, ()))
    return [
        finding for finding in checked.findings if "channels.yaml" in finding.file or ".j2" in finding.file
    ]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (
            {},
            [
                "MIRANTE_CHANNEL_SECRET_CHAT",
                "MIRANTE_SLACK_SIGNING_SECRET",
                "MIRANTE_CHANNEL_SECRET_BOT",
                "MIRANTE_TELEGRAM_HOOK_TOKEN",
            ],
        ),
        (
            {
                "channel_secrets": ChannelSecrets({"chat": "x", "bot": "x"}),
                "slack_signing_secret": "x",
                "telegram_hook_token": "x",
            },
            [],
        ),
    ],
)
def test_secrets_that_are_missing_are_named(
    tmp_path: Path, settings: dict[str, Any], expected: list[str]
) -> None:
    found = of_channels(tmp_path, CHANNELS, **settings)
    assert [one.fix for one in found] == [f"Set {name} where the router runs" for name in expected]
    assert {one.level for one in found} <= {FindingLevel.WARNING}
    assert [one.line for one in found] == [4, 4, 5, 5][: len(found)]


def test_a_template_that_makes_no_json_is_an_error_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "t.json.j2").write_text('{\n"a": {{ nothing }}}', encoding="utf-8")
    hook = {"kind": "webhook", "url": "https://x.example", "template": "t.json.j2"}
    (found,) = of_channels(tmp_path, {"default": {"kind": "local"}, "hook": hook})
    assert (found.level, Path(found.file).name, found.line) == (FindingLevel.ERROR, "t.json.j2", 2)
    assert "there is no value 'nothing'" in found.reason


def test_shifts_in_another_zone_than_messages_are_a_warning(tmp_path: Path) -> None:
    (tmp_path / "schedules.yaml").write_text("version: 1\ntime_zone: Asia/Tokyo\nschedules: {}\n")
    checked = check_everything(Settings(alarm_policy=tmp_path), lambda *_: Tried(0, ()))
    found = [one for one in checked.findings if one.rule == "time-zone"]
    assert [one.level for one in found] == [FindingLevel.WARNING]
    assert "Asia/Tokyo" in str(found[0])
