"""What a workspace gets for the parts of ``alarms/`` that it does not have, and what goes over what."""

from __future__ import annotations

from pathlib import Path

import pytest

from alarms.generate.indicators import load_watch_list
from alarms.model.severity import Severity
from alarms.policy.alarm_policy import load_alarm_policy
from alarms.policy.channel import LocalChannel, WebhookChannel
from alarms.policy.defaults import DEFAULTS, POLICY
from alarms.policy.policy_file import load_policy
from alarms.policy.raci import Raci
from foundation.errors import DefinitionError, DefinitionErrors
from foundation.workspace import SHIPPED, Workspace
from slo.model.catalogue import Catalogue
from tests.support.web_shop import INDICATORS

ENGINE_PAGES = ("budget-drift", "generic", "no-data", "saturation", "watching-ourselves")


def written(root: Path, name: str, text: str) -> Workspace:
    file = root / "alarms" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return Workspace(root)


def test_a_workspace_with_no_alarms_has_one_team_the_four_levels_and_a_local_sink(tmp_path: Path) -> None:
    found = load_alarm_policy(Workspace(tmp_path))
    assert [(team.id, team.channels) for team in found.policy.teams] == [("on-call", ("default",))]
    assert [level.severity for level in found.policy.levels] == list(Severity)
    assert [window.severity for window in found.policy.burn_windows] == list(Severity)
    assert found.policy.accountable == "on-call"
    assert found.channels == {"default": LocalChannel()}
    assert (found.schedules.by_team, found.raci) == ({}, Raci())
    assert found.runbooks.ids() == ENGINE_PAGES


def test_the_default_team_is_told_by_every_channel_that_tells_people(tmp_path: Path) -> None:
    channels = (
        "version: 1\nchannels:\n"
        "  shop: {kind: webhook, url: 'https://shop.example/alerts'}\n"
        "  machines: {kind: lambda, functions: {restart: restart}}\n"
        "  mail: {kind: smtp, host: mail.example, port: 25, sender: a@shop.example, encryption: none,\n"
        "         recipients: {payments: pay@shop.example}}\n"
    )
    found = load_alarm_policy(written(tmp_path, "channels.yaml", channels))
    assert found.policy.teams[0].channels == ("shop",)
    assert found.channels["shop"] == WebhookChannel("https://shop.example/alerts")


def test_channels_that_tell_nobody_are_refused_under_the_default_policy(tmp_path: Path) -> None:
    text = "version: 1\nchannels: {machines: {kind: lambda, functions: {restart: restart}}}\n"
    with pytest.raises(DefinitionErrors, match=r"channels\.yaml: channels: none of them tells the team"):
        load_alarm_policy(written(tmp_path, "channels.yaml", text))


def test_without_a_matrix_the_owner_of_the_last_route_answers_for_alerts(tmp_path: Path) -> None:
    own = (DEFAULTS / POLICY).read_text(encoding="utf-8").replace("on-call", "web")
    assert load_alarm_policy(written(tmp_path, POLICY, own)).policy.accountable == "web"


def test_the_default_policy_is_sound() -> None:
    load_policy(DEFAULTS / POLICY, Raci(), {"default": LocalChannel()})


def test_a_page_of_the_workspaces_own_takes_the_place_of_one_of_that_name(tmp_path: Path) -> None:
    workspace = written(tmp_path, "runbooks/generic.md", "# Call Ana\n")
    found = load_alarm_policy(workspace).runbooks
    assert found.ids() == ENGINE_PAGES
    assert found.find("nothing") == found.get("generic")
    assert "Call Ana" in str(found.get("generic"))


def test_a_folder_of_its_own_goes_over_the_workspaces_file_by_file(tmp_path: Path) -> None:
    channels = "version: 1\nchannels: {chat: {kind: slack}, default: {kind: local}}\n"
    written(tmp_path, "channels.yaml", channels)
    found = load_alarm_policy(Workspace(SHIPPED.root, own_alarms=tmp_path / "alarms"))
    assert sorted(found.channels) == ["chat", "default"]
    assert found.policy == load_alarm_policy().policy


def test_a_folder_of_its_own_that_has_nothing_of_it_is_refused(tmp_path: Path) -> None:
    for folder, problem in ((tmp_path, "holds none of"), (tmp_path / "absent", "is not a folder")):
        with pytest.raises(DefinitionError, match=problem):
            load_alarm_policy(Workspace(SHIPPED.root, own_alarms=folder))
    (tmp_path / "indicators.yaml").write_text(INDICATORS, encoding="utf-8")
    load_alarm_policy(Workspace(SHIPPED.root, own_alarms=tmp_path))


def test_mirantes_own_health_is_watched_in_every_workspace(tmp_path: Path) -> None:
    none = load_watch_list(Catalogue(()), None)
    assert {one.category for one in none.indicators} == {"self", "saturation"}
    assert [side.name.en for side in none.sides] == ["Control"]
    assert [group.role for group in none.log_groups] == ["control", "debug"]
    assert {runbook for _, runbook in none.runbooks()} <= set(ENGINE_PAGES)
    workspace = written(tmp_path, "indicators.yaml", INDICATORS)
    own = load_watch_list(Catalogue(()), workspace.alarm_file("indicators.yaml"))
    assert {one.name for one in own.indicators} == {one.name for one in none.indicators} | {"OrdersWaiting"}
    assert (own.sides, own.log_groups) == (none.sides, none.log_groups)


def test_an_indicator_of_the_same_name_takes_the_place_of_mirantes_own(tmp_path: Path) -> None:
    workspace = written(tmp_path, "indicators.yaml", INDICATORS.replace("OrdersWaiting", "CollectorFailing"))
    own = load_watch_list(Catalogue(()), workspace.alarm_file("indicators.yaml"))
    (replaced,) = [one for one in own.indicators if one.name == "CollectorFailing"]
    assert replaced.metric == "shop_orders_waiting"


def test_the_logs_of_a_role_that_keeps_none_cannot_be_watched(tmp_path: Path) -> None:
    logs = (
        "sides: []\nlogs:\n"
        "  groups: [{role: web, retention_days: 30, why: to look back}]\n"
        "  patterns: [{name: errors, role: wob, pattern: '{ $.level = error }', above: 0, severity: P3,\n"
        "    category: self, runbook: generic, title: {en: Errors, pt: Erros}}]\n"
    )
    workspace = written(tmp_path, "indicators.yaml", INDICATORS + logs)
    with pytest.raises(DefinitionErrors, match="'wob'"):
        load_watch_list(Catalogue(()), workspace.alarm_file("indicators.yaml"))
    written(tmp_path, "indicators.yaml", INDICATORS + logs.replace("wob", "web"))
