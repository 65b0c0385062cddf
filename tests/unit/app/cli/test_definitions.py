from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from credit.usecases import load_policies
from foundation.workspace import SHIPPED
from tests.support.command_line import mirante
from tests.support.definition_files import SLO

SLOTH = """\
version: prometheus/v1
service: shop
slos:
  - name: orders
    objective: 99.9
    sli:
      events:
        error_query: sum(rate(orders_total{code="500"}[{{.window}}]))
        total_query: sum(rate(orders_total[{{.window}}]))
    alerting:
      name: OrdersBurn
"""


@pytest.fixture
def definitions(tmp_path: Path) -> Path:
    shutil.copytree(SHIPPED.definitions, tmp_path / "definitions")
    return tmp_path / "definitions"


def changed(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_what_ships_is_sound_and_can_be_generated() -> None:
    ran = mirante("check")
    assert ran.status == 0, ran.out
    assert "4 SLOs" in ran.out
    assert "generated files" in ran.out
    assert re.search(r"\d+ boards, \d{3} panels, \d{3} queries, \d{3} rules", ran.out)
    assert re.search(r"not on any board or rule: .*mirante_time_to_acknowledge_seconds", ran.out)
    assert ran.out.rstrip().endswith("sound")


def test_a_wrong_definition_says_file_line_field_and_fix(definitions: Path) -> None:
    changed(definitions / "credit.yaml", "target: 0.9995", "target: 1.5")
    ran = mirante("check", "--definitions", definitions)
    assert ran.status == 1
    assert (
        f"{definitions}/credit.yaml:57: error: spec.objectives[0].target: is not between 0 and 1" in ran.out
    )


def test_everything_wrong_everywhere_is_told_in_one_go(definitions: Path, tmp_path: Path) -> None:
    changed(definitions / "credit.yaml", "target: 0.9995", "target: 1.5")
    policies = tmp_path / "policies"
    shutil.copytree(load_policies.SHIPPED, policies)
    changed(policies / "personal-credit.yaml", "rules:", "ruless:")
    alarms = tmp_path / "alarms"
    alarms.mkdir()
    shutil.copy(SHIPPED.alarms / "policy.yaml", alarms)
    changed(alarms / "policy.yaml", "acknowledge_within: 15m", "acknowledge_within: soon")
    ran = mirante("--alarm-policy", alarms, "--policies", policies, "check", "--definitions", definitions)
    assert ran.status == 1
    assert "credit.yaml:57: error" in ran.out
    assert f"{policies}/personal-credit.yaml:" in ran.out
    assert f"{alarms}/policy.yaml:" in ran.out
    assert "'soon' is not a duration" in ran.out


def test_findings_are_machine_readable(definitions: Path) -> None:
    changed(definitions / "credit.yaml", "target: 0.9995", "target: 1.5")
    ran = mirante("check", "--definitions", definitions, "--json")
    document = json.loads(ran.out)
    assert (ran.status, document["sound"]) == (1, False)
    target = next(f for f in document["findings"] if f["field"] == "spec.objectives[0].target")
    assert (target["level"], target["line"]) == ("error", 57)
    assert target["fix"]


def test_the_lint_is_part_of_the_check(definitions: Path) -> None:
    changed(definitions / "credit.yaml", 'le="0.2"', 'le="0.21"')
    ran = mirante("check", "--definitions", definitions)
    assert ran.status == 1, ran.out
    assert "0.21" in ran.out


def test_a_runbook_without_steps_is_found(tmp_path: Path) -> None:
    pages = tmp_path / "alarms" / "runbooks"
    pages.mkdir(parents=True)
    (pages / "mine.md").write_text("# Mine\n\n## Steps\n1. Look.\n", encoding="utf-8")
    ran = mirante("--alarm-policy", tmp_path / "alarms", "check")
    assert ran.status == 1
    assert "mine.md: error: Passos: has no numbered line below '## Passos'" in ran.out


@pytest.mark.parametrize(
    ("flag", "said"),
    [
        ("--definitions", "is not a directory"),
        ("--alarm-policy", "is not a folder"),
        ("--policies", "cannot be read"),
    ],
)
def test_a_folder_that_is_not_there_is_named(tmp_path: Path, flag: str, said: str) -> None:
    ran = mirante(flag, tmp_path / "none", "check")
    assert ran.status == 3
    assert str(tmp_path / "none") in ran.out
    assert said in ran.out


def test_a_build_is_up_to_date_until_an_input_or_a_file_changes(definitions: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    build = ("build", "--definitions", definitions, "--out", out)
    missing = mirante(*build, "--check")
    assert (missing.status, out.exists()) == (1, False)
    assert mirante(*build).status == 0
    assert "panels, " in (out / "parity.md").read_text(encoding="utf-8").splitlines()[2]
    fresh = mirante(*build, "--check")
    assert fresh.status == 0
    assert "generated files are up to date" in fresh.out
    changed(definitions / "credit.yaml", "target: 0.9995", "target: 0.999")
    (out / "alertmanager" / "alertmanager.yml").unlink()
    stale = mirante(*build, "--check")
    assert stale.status == 1
    assert f"{out}/alertmanager/alertmanager.yml: is missing" in stale.out
    rules = f"{out}/prometheus/credit-decision-availability.rules.yaml"
    assert f"{rules}: differs from what is generated" in stale.out
    assert mirante(*build).status == 0
    assert mirante(*build, "--check").status == 0


def test_an_output_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("", encoding="utf-8")
    ran = mirante("build", "--out", tmp_path / "out")
    assert ran.status == 3
    assert str(tmp_path / "out") in ran.err


def test_a_broken_definition_stops_a_build_before_anything_is_written(
    definitions: Path, tmp_path: Path
) -> None:
    changed(definitions / "credit.yaml", "target: 0.9995", "target: 1.5")
    ran = mirante("build", "--definitions", definitions, "--out", tmp_path / "out")
    assert ran.status == 1
    assert "is not between 0 and 1" in ran.out
    assert "\n1 error, 0 warnings\nnothing was written\n" in ran.out, "told once, not where it is named"
    assert not (tmp_path / "out").exists()


def test_an_imported_sloth_file_names_its_changes_and_is_sound(tmp_path: Path) -> None:
    source, out = tmp_path / "sloth.yaml", tmp_path / "ours"
    source.write_text(SLOTH, encoding="utf-8")
    ran = mirante("import", source, "--out", out)
    assert ran.status == 0, ran.err
    assert f"{source}:" in ran.err
    assert "lost: shop/orders" in ran.err
    assert mirante("check", "--definitions", out).status == 0, mirante("check", "--definitions", out).out
    again = mirante("import", source, "--out", out)
    assert again.status == 2
    assert "exists. Give another --out, or --force" in again.err


def test_an_import_that_cannot_be_understood_writes_nothing(tmp_path: Path) -> None:
    source = tmp_path / "sloth.yaml"
    source.write_text(SLOTH.replace("objective: 99.9", "objective: many"), encoding="utf-8")
    ran = mirante("import", source, "--out", tmp_path / "ours")
    assert ran.status == 1
    assert f"{source}:5" in ran.err
    assert not (tmp_path / "ours").exists()


def test_a_dry_run_lists_each_file_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    theirs = Path("theirs")
    theirs.mkdir()
    (theirs / "good.yaml").write_text(SLOTH, encoding="utf-8")
    (theirs / "others").mkdir()
    (theirs / "others" / "one.json").write_text("{}", encoding="utf-8")
    (theirs / "others" / "two.json").write_text("{}", encoding="utf-8")
    good = mirante("import", "--dry-run", theirs)
    assert good.status == 0, good.err
    assert re.search(r"good\.yaml +Sloth +1 +imported +\d", good.out)
    assert re.search(r"others/ \(2 files\) +not an SLO file", good.out)
    assert re.search(r"changed +the period is summed from counts.* theirs/good\.yaml", good.out)
    assert "3 files: 1 imported, 2 not an SLO file; 1 SLO\n" in good.out
    (theirs / "bad.yaml").write_text(SLOTH.replace("objective: 99.9", "objective: many"), encoding="utf-8")
    bad = mirante("import", "--dry-run", theirs)
    assert bad.status == 1
    assert f"{theirs}/bad.yaml:5: slos[0].objective: 'many' is not a number" in bad.out
    assert sorted(path.name for path in tmp_path.rglob("*.yaml")) == ["bad.yaml", "good.yaml"]


def test_an_slo_that_cannot_be_counted_fails_the_build_by_name_and_nothing_else_does(
    definitions: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    built = mirante("build", "--definitions", definitions, "--out", out)
    assert built.status == 0, built.out
    before = {path.relative_to(out) for path in out.rglob("*") if path.is_file()}
    theirs = SLO.replace("type: Prometheus", "type: Datadog")
    (definitions / "theirs.yaml").write_text(theirs, encoding="utf-8")
    ran = mirante("build", "--definitions", definitions, "--out", out)
    assert ran.status == 1
    assert "left out, and without rules: web/uptime" in ran.out
    assert {path.relative_to(out) for path in out.rglob("*") if path.is_file()} == before
    said = theirs.replace("  name: uptime", "  name: uptime\n  annotations: {mirante.dev/rules: none}", 1)
    (definitions / "theirs.yaml").write_text(said, encoding="utf-8")
    assert mirante("build", "--definitions", definitions, "--out", out).status == 0


def test_one_bad_file_keeps_nothing_of_the_others_from_being_told(definitions: Path, tmp_path: Path) -> None:
    """A second file cannot be read, a third says what lint refuses: all of it is told, with file and line."""
    (definitions / "new.yaml").write_text("version: [\n", encoding="utf-8")
    (definitions / "shop.yaml").write_text(
        SLOTH.replace("objective: 99.9", "objective: 10"), encoding="utf-8"
    )
    ran = mirante("check", "--definitions", definitions)
    assert ran.status == 1
    assert f"{definitions}/new.yaml:2: error: " in ran.out
    assert re.search(rf"{definitions}/shop.yaml:\d+: error: ", ran.out), ran.out
    assert "not looked at before that is fixed: what is generated, whether boards and rules" in ran.out


def test_a_build_refuses_what_a_check_refuses_and_names_it(definitions: Path, tmp_path: Path) -> None:
    (definitions / "shop.yaml").write_text(
        SLOTH.replace("objective: 99.9", "objective: 10"), encoding="utf-8"
    )
    checked = mirante("check", "--definitions", definitions)
    errors = [line for line in checked.out.splitlines() if ": error: " in line]
    assert (checked.status, len(errors) > 0) == (1, True), checked.out
    ran = mirante("build", "--definitions", definitions, "--out", tmp_path / "out")
    assert ran.status == 1
    assert [line for line in errors if line not in ran.out.splitlines()] == []
    assert ran.out.rstrip().endswith("nothing was written")
    assert not (tmp_path / "out").exists()
