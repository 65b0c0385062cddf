"""The command line starts at once: what is listed, completed or explained loads no engine."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module

import click
import pytest

from app.cli import table
from app.cli.lazy import Later
from tests.support.command_line import mirante

LISTED = [*table.ROOT, *table.ALERTS, *table.INGEST]
# Each takes a good part of the time that a whole command may take.
HEAVY = (
    *("alembic", "boto3", "botocore", "cassandra", "cryptography", "fastapi", "grafanalib", "holidays"),
    *("httpx", "jinja2", "msgspec", "numpy", "opentelemetry", "prometheus_client", "promql_parser"),
    *("pydantic", "pymysql", "redis", "rich", "sqlalchemy", "starlette", "uvicorn", "uvloop", "yaml"),
    *("alarms.intake", "alarms.notify", "alarms.policy", "alarms.reports", "alarms.router"),
    *("dashboards.boards", "dashboards.cloudwatch", "dashboards.grafana", "dashboards.truth"),
    *("app.bootstrap.platform", "app.bootstrap.router", "app.build", "app.console", "app.deployment"),
    *("dataplatform.stores", "dataplatform.profiles", "slo.loaders", "slo.judge", "slo.ledger", "slo.lint"),
    *("slo.simulate", "credit.domain"),
)


def loaded_by(code: str, environment: dict[str, str] | None = None) -> list[str]:
    """The heavy modules that a fresh interpreter has loaded after ``code``, whatever it printed."""
    program = (
        f"import contextlib, sys\nwith contextlib.suppress(SystemExit):\n    {code}\n"
        f"print(*(name for name in {HEAVY!r} if name in sys.modules), file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment)
    assert ran.returncode == 0, ran.stderr
    return ran.stderr.split()


@pytest.mark.parametrize(
    "words",
    [
        "--version",
        "--help",
        "slo status --help",
        "slo --help",
        "alerts --help",
        "alerts list --help",
        "check --help",
    ],
)
def test_what_only_explains_loads_no_engine(words: str) -> None:
    code = f"from app.cli.main import main; sys.argv[1:] = {words.split()!r}; main()"
    assert loaded_by(code) == []


def test_a_listing_loads_no_module_of_a_command() -> None:
    modules = sorted({one.target.partition(":")[0] for one in LISTED})
    program = (
        "import sys; from app.cli.main import cli; cli.main(['--help'], standalone_mode=False); "
        f"print(*(name for name in {modules!r} if name in sys.modules), file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (ran.stderr.split(), "calibrate" in ran.stdout, "consistency" in ran.stdout) == ([], False, True)


def test_the_help_lists_every_command_once_by_its_purpose() -> None:
    listed = [one for commands in table.BY_PURPOSE.values() for one in commands]
    assert sorted(listed, key=lambda one: str(one.name)) == table.ROOT
    shown = mirante("--help").out
    assert [
        line.split()[0]
        for line in shown.splitlines()
        if line.startswith("  ") and line.split()[0] in {one.name for one in table.ROOT}
    ] == [one.name for one in listed]
    assert "credit" not in shown.partition("Options:")[0]


def test_no_module_of_a_command_loads_an_engine_before_it_runs() -> None:
    modules = ", ".join(sorted({one.target.partition(":")[0] for one in LISTED}))
    assert loaded_by(f"import app.cli.main, {modules}") == []


@pytest.mark.parametrize("listed", LISTED, ids=lambda one: one.target)
def test_the_line_in_a_listing_is_what_the_command_says_of_itself(listed: Later) -> None:
    command = listed.load()
    assert command.name == listed.name
    assert listed.get_short_help_str(200) == command.get_short_help_str(200)
    assert listed.help == listed.get_short_help_str(200), "one sentence"


def test_every_command_of_a_module_is_in_the_table_or_in_a_group() -> None:
    """A command that nobody lists could never be asked for."""
    asked = {id(one.load()) for one in LISTED}
    for name in sorted({one.target.partition(":")[0] for one in LISTED}):
        module = import_module(name)
        found = [value for value in vars(module).values() if isinstance(value, click.Command)]
        grouped = {
            id(command)
            for group in found
            if isinstance(group, click.Group)
            for command in group.commands.values()
        }
        assert [one.name for one in found if id(one) not in asked | grouped] == []


def test_a_misspelt_command_of_a_group_is_told_the_nearest() -> None:
    ran = mirante("alerts", "lits")
    assert (ran.status, "Did you mean 'list'?" in ran.err) == (2, True)


def completion(instruction: str, words: str = "") -> dict[str, str]:
    """The environment in which a shell asks."""
    asked = {"_MIRANTE_COMPLETE": instruction, "COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)}
    return {**os.environ, **asked}


def answered(environment: dict[str, str]) -> str:
    command = [sys.executable, "-m", "app.cli"]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=True).stdout


def test_a_shell_completes_names_and_loads_no_engine_for_it() -> None:
    asked = completion("bash_complete", "mirante alerts s")
    names = ["show", "silence", "silences", "simulate", "snooze", "sources", "subscribe"]
    assert answered(asked).split() == [f"plain,{name}" for name in names]
    assert loaded_by("from app.cli.main import main; main()", asked) == []


def test_a_shell_that_shows_it_is_told_what_each_command_does() -> None:
    shown = answered(completion("zsh_complete", "mirante alerts res"))
    assert shown == "plain\nresolve\nResolve an incident by hand; if the alert...\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_is_given_the_script_that_completes(shell: str) -> None:
    assert f"_MIRANTE_COMPLETE={shell}_complete" in answered(completion(f"{shell}_source"))
