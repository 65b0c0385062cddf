"""What every command answers when its input is missing or broken, or a server is away: one table of all.

A case is a command line in a folder where ``broken/`` holds files that say nothing sensible and ``missing``
is not there. Looking makes nothing: where a case ends, what was missing still is.
"""

from __future__ import annotations

import shlex
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click
import pytest

from foundation.exit_status import ExitStatus
from foundation.workspace import SHIPPED
from tests.support.command_line import every_command, mirante

NO, USAGE, ENVIRONMENT = ExitStatus.NO, ExitStatus.USAGE, ExitStatus.ENVIRONMENT
NOBODY = "http://127.0.0.1:1"
SLO = "credit/decision-latency"
SLOTH = Path(__file__).parents[3] / "golden" / "peers" / "sloth" / "plain.yaml"
BROKEN: Mapping[str, bytes] = {
    "definitions.yaml": b"version: [\n",
    "policy.yaml": b"version: [\n",
    "loans.csv": b'id,cpf\n"never closed',
    "counts.csv": b"minute;good\n",
    "replay.jsonl": b"{\n",
    "records.jsonl": b"{\n",
    "data/access/api-keys.json": b"{",
    "data/data/relational.sqlite": b"no database",
    "data/data/stream.sqlite": b"no database",
    "data/data/consistency.sqlite": b"no database",
    "data/control/ledger.sqlite": b"no database",
    "data/control/exclusions.sqlite": b"no database",
    "data/control/router.sqlite": b"no database",
    "data/stack/stack.json": b"{",
}


@dataclass(frozen=True, slots=True)
class Case:
    """``words`` follow ``mirante``; ``settings`` are of the environment."""

    what: str
    words: str
    status: ExitStatus
    settings: Mapping[str, str] = field(default_factory=dict)


def on_data(words: str) -> tuple[Case, Case]:
    """Of a command that looks into a data folder: it is not there; what is in it is no database."""
    return (
        Case("missing", f"--data-dir missing {words}", ENVIRONMENT),
        Case("broken", f"--data-dir broken/data {words}", ENVIRONMENT),
    )


def on_definitions(words: str) -> tuple[Case, Case]:
    return (
        Case("missing", f"--definitions missing {words}", ENVIRONMENT),
        Case("broken", f"--definitions broken {words}", NO),
    )


def on_router(words: str) -> tuple[Case, ...]:
    return (
        Case("missing", f"--data-dir missing {words}", ENVIRONMENT),
        Case("broken", f"--data-dir broken/data {words}", ENVIRONMENT),
        Case("unreachable", words, ENVIRONMENT, {"ROUTER_URL": NOBODY, "HOOK_TOKEN": "t"}),
    )


def on_mysql(words: str) -> Case:
    settings = {
        "PROFILE": "local",
        "RELATIONAL_WRITER": "mysql://u:p@127.0.0.1:1/mirante",
        "WIDE_HOSTS": "127.0.0.1:1",
        "CACHE": "redis://127.0.0.1:1/0",
        "AWS_ENDPOINT": NOBODY,
    }
    return Case("unreachable", f"--data-dir data {words}", ENVIRONMENT, settings)


POLICY = SHIPPED.alarms / "policy.yaml"
MINUTES = "--from 2026-03-10T02:00 --to 2026-03-10T03:00"
TABLE: Mapping[str, Sequence[Case]] = {
    "alerts ack": on_router("alerts ack abc"),
    "alerts calibrate": (
        *on_definitions(f"alerts calibrate --prometheus {NOBODY}"),
        Case("unreachable", f"alerts calibrate --prometheus {NOBODY}", ENVIRONMENT),
    ),
    "alerts channels": (
        Case("missing", "--alarm-policy missing alerts channels", ENVIRONMENT),
        Case("broken", "--alarm-policy broken alerts channels", NO),
    ),
    "alerts duty export": on_router("alerts duty export operations"),
    "alerts duty override": on_router(
        "alerts duty override operations operations-duty-1 --from 2027-01-01T08:00 --until 2027-01-01T12:00"
    ),
    "alerts duty remove": on_router("alerts duty remove abc"),
    "alerts duty swap": on_router("alerts duty swap operations operations-duty-1 operations-duty-2"),
    "alerts explain": on_router("alerts explain abc"),
    "alerts heartbeats": on_router("alerts heartbeats"),
    "alerts intake try": (
        Case("missing", "alerts intake try grafana missing", ENVIRONMENT),
        Case("broken", "alerts intake try grafana broken/replay.jsonl", NO),
    ),
    "alerts list": on_router("alerts list"),
    "alerts maintenance list": on_router("alerts maintenance list"),
    "alerts note": on_router("alerts note abc text"),
    "alerts postmortem": on_router("alerts postmortem abc"),
    "alerts quarantine list": on_router("alerts quarantine list"),
    "alerts quarantine requeue": on_router("alerts quarantine requeue 1"),
    "alerts quarantine show": on_router("alerts quarantine show 1"),
    "alerts reassign": on_router("alerts reassign abc operations"),
    "alerts reload": (
        Case("unreachable", "alerts reload", ENVIRONMENT, {"ROUTER_URL": NOBODY, "HOOK_TOKEN": "t"}),
    ),
    "alerts replay": (
        Case("missing", "alerts replay --policy missing", ENVIRONMENT),
        Case("missing", f"--data-dir missing alerts replay --policy {POLICY}", ENVIRONMENT),
        Case("broken", "alerts replay --policy broken", NO),
        Case("broken", f"--data-dir broken/data alerts replay --policy {POLICY}", ENVIRONMENT),
    ),
    "alerts report": on_router("alerts report"),
    "alerts resolve": on_router("alerts resolve abc"),
    "alerts sources": on_router("alerts sources"),
    "alerts show": on_router("alerts show abc"),
    "alerts silence": on_router("alerts silence 'slo=\"x\"' --minutes 5 --comment why"),
    "alerts silences": on_router("alerts silences"),
    "alerts simulate": (
        Case("missing", "alerts simulate --replay missing", ENVIRONMENT),
        Case("broken", "alerts simulate --replay broken/replay.jsonl", NO),
    ),
    "alerts snooze": on_router("alerts snooze abc --minutes 5"),
    "alerts subscribe": (
        Case("missing", "--alarm-policy missing alerts subscribe router arn:q", ENVIRONMENT),
        Case("broken", "--alarm-policy broken alerts subscribe router arn:q", NO),
    ),
    "alerts token create": on_router("alerts token create shop"),
    "alerts token list": on_router("alerts token list"),
    "alerts token revoke": on_router("alerts token revoke shop"),
    "alerts try": (
        Case("missing", "--alarm-policy missing alerts try pages", ENVIRONMENT),
        Case("broken", "--alarm-policy broken alerts try pages", NO),
    ),
    "alerts unsilence": on_router("alerts unsilence abc"),
    "apply": (
        *on_definitions("apply grafana"),
        Case("unreachable", "apply grafana", ENVIRONMENT, {"GRAFANA": NOBODY}),
    ),
    "audit verify": (*on_data("audit verify"), on_mysql("audit verify")),
    "build": on_definitions("build --out out"),
    "check": (
        *on_definitions("check"),
        Case("unreachable", f"check --prometheus {NOBODY}", ENVIRONMENT),
    ),
    "consistency check": (*on_data("consistency check"), on_mysql("consistency check")),
    "consistency repair": (*on_data("consistency repair"), on_mysql("consistency repair")),
    "consistency report": on_data("consistency report"),
    "console-link": (Case("missing", "--data-dir missing/below console-link", ENVIRONMENT),),
    "dashboards preview": (
        *on_definitions(f"dashboards preview --prometheus {NOBODY} --out out"),
        Case("unreachable", f"dashboards preview --prometheus {NOBODY} --out out", ENVIRONMENT),
    ),
    "decide": (
        Case("missing", "decide missing", ENVIRONMENT),
        Case("broken", "decide broken/loans.csv", NO),
        Case("broken", "--policies broken decide broken/loans.csv", NO),
    ),
    "demo": (Case("broken", "demo --work-dir broken", ENVIRONMENT),),  # a folder that is not the demo's
    "export": on_data("export --out out"),
    "import": (
        Case("missing", "import missing --out out", ENVIRONMENT),
        Case("broken", "import broken/definitions.yaml --out out", NO),
        Case("unreachable", f"import {SLOTH} --prove --prometheus {NOBODY}", ENVIRONMENT),
    ),
    "ingest dead-letters": on_data("ingest dead-letters"),
    "ingest file": (
        Case("missing", "--data-dir data ingest missing", ENVIRONMENT),
        Case("broken", "--data-dir data ingest broken/records.jsonl", NO),
    ),
    "ingest purchases": (),  # reads a package that is installed
    "ingest replay": on_data("ingest replay --all"),
    "ingest status": on_data("ingest status"),
    "init": (
        Case("taken", "init broken", USAGE),
        Case("unreachable", f"init made --prometheus {NOBODY}", ENVIRONMENT),
    ),
    "keys create": (Case("broken", "--data-dir broken/data keys create client", NO),),
    "keys list": (
        Case("missing", "--data-dir missing keys list", ENVIRONMENT),
        Case("broken", "--data-dir broken/data keys list", NO),
    ),
    "keys revoke": (
        Case("missing", "--data-dir missing keys revoke abc", ENVIRONMENT),
        Case("broken", "--data-dir broken/data keys revoke abc", NO),
    ),
    "plan": (
        *on_definitions("plan grafana"),
        Case("unreachable", "plan grafana", ENVIRONMENT, {"GRAFANA": NOBODY}),
    ),
    "sagas list": (*on_data("sagas list"), on_mysql("sagas list")),
    "sagas retry": (*on_data("sagas retry --all"), on_mysql("sagas retry --all")),
    "sagas show": (*on_data("sagas show abc"), on_mysql("sagas show abc")),
    "serve": (Case("taken", "--api-port {taken} serve api", ENVIRONMENT),),
    "settings": (),  # every command reads the settings' own file
    "simulate": (
        *on_definitions(f"simulate {SLO} --counts broken/counts.csv"),
        Case("missing", f"simulate {SLO} --counts missing", ENVIRONMENT),
        Case("broken", f"simulate {SLO} --counts broken/counts.csv", NO),
        *on_data(f"simulate {SLO} --ledger --since 2026-01-01"),
        Case("unreachable", f"simulate {SLO} --prometheus {NOBODY} --since 2026-01-01", ENVIRONMENT),
    ),
    "slo collect": (
        *on_definitions(f"slo collect --prometheus {NOBODY}"),
        Case("unreachable", f"--data-dir data slo collect --prometheus {NOBODY}", ENVIRONMENT),
    ),
    "slo exclude": (
        Case("broken", f"--data-dir broken/data slo exclude {SLO} {MINUTES} --reason why", ENVIRONMENT),
    ),
    "slo exclusions": on_data("slo exclusions"),
    "slo include": on_data("slo include abc"),
    "slo show": (*on_data(f"slo show {SLO}"), *on_definitions(f"slo show {SLO}")),
    "slo status": (*on_data("slo status"), *on_definitions("slo status")),
    "stack down": (Case("broken", "--data-dir broken/data stack down", ENVIRONMENT),),
    "stack status": on_data("stack status"),
    "stack up": (Case("broken", "--data-dir broken/data stack up --only redis", ENVIRONMENT),),
    "up": (Case("taken", "--api-port {taken} up", ENVIRONMENT),),
}
LEAVES = {" ".join(path) for path, command in every_command() if not isinstance(command, click.Group)}
CASES = [(name, case) for name, cases in TABLE.items() for case in cases]


def test_every_command_has_its_row() -> None:
    assert TABLE.keys() == LEAVES


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, content in BROKEN.items():
        path = tmp_path / "broken" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("name", "case"), CASES, ids=[f"{name}: {case.what}" for name, case in CASES])
def test_a_command_answers_as_the_table_says(
    name: str, case: Case, folder: Path, taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for setting, value in case.settings.items():
        monkeypatch.setenv(f"MIRANTE_{setting}", value)
    ran = mirante(*shlex.split(case.words.replace("{taken}", str(taken))))
    told = ran.out + ran.err
    assert ran.status == case.status, told
    assert "a bug in mirante" not in told
    if case.what == "missing":
        assert "missing" in told, "what is not there is named"
    assert [name for name in ("missing", "mirante-data", "made", "out") if (folder / name).exists()] == []


@pytest.mark.parametrize("name", sorted(LEAVES))
def test_every_command_refuses_an_unknown_option_no_workspace_and_a_broken_settings_file(
    name: str, folder: Path
) -> None:
    assert mirante(*name.split(), "--no-such-option").status == USAGE
    assert mirante("--workspace", "missing", *name.split()).status == ENVIRONMENT
    (folder / "mirante.toml").write_text("profile = [\n", encoding="utf-8")
    ran = mirante(*name.split())
    assert (ran.status, "mirante.toml:" in ran.err) == (NO, True), ran.err


def test_the_help_shows_the_whole_table() -> None:
    shown = " ".join(mirante("--help").out.split())
    for status in ExitStatus:
        assert f"{int(status)} {' '.join(status.meaning.split())}" in shown
