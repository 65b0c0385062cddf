"""``aws_endpoint`` alone moves every AWS client: each that a role or a command makes is asked where it is."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from alarms.intake.normalise import IntakeRules
from alarms.model.severity import Severity
from alarms.policy.channel import LambdaChannel, SnsChannel
from alarms.stores.sqlite import SqliteRouterStore
from app.bootstrap.cloudwatch import metrics_publisher
from app.bootstrap.count_source import count_collector
from app.bootstrap.notifiers import build_notifiers
from app.bootstrap.platform import _servers, keyspaces_iam
from app.bootstrap.routing_role import alarm_queue
from app.bootstrap.server_probes import probes_of
from app.bootstrap.sources import watched_sources
from app.settings import Settings
from foundation.aws.clients import AwsClients
from foundation.clock import SystemClock
from slo.ledger.sqlite_count_reader import SqliteCountReader
from tests.support.command_line import mirante
from tests.support.memory_ledger import MemoryLedger
from tests.support.refusing_aws import refusing_aws
from tests.support.running_router import alarm_policy

ROOT = Path(__file__).parents[4]
TOPICS = SnsChannel(dict.fromkeys(Severity, "arn:aws:sns:sa-east-1:123456789012:t"))
FUNCTIONS = LambdaChannel({"restart": "arn:aws:lambda:us-east-1:123456789012:function:restart"})


@dataclass(frozen=True)
class Made:
    """What a line of the product got from the factory."""

    file: str
    line: int
    thing: Any

    def is_at(self, endpoint: str) -> bool:
        if hasattr(self.thing, "meta"):
            return bool(self.thing.meta.endpoint_url == endpoint)
        return bool(self.thing.get_credentials().access_key == "local")  # a session asks nobody by itself


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[Made]]:
    """Everything the factory makes, while AWS's own settings name a person and AWS itself."""
    for name in ("CONFIG_FILE", "SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(f"AWS_{name}", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a secret")
    seen: list[Made] = []

    def spied(method: Callable[..., Any]) -> Callable[..., Any]:
        def spy(self: AwsClients, *args: Any) -> Any:
            caller = sys._getframe(1)
            thing = method(self, *args)
            file = Path(caller.f_code.co_filename).relative_to(ROOT).as_posix()
            seen.append(Made(file, caller.f_lineno, thing))
            return thing

        return spy

    monkeypatch.setattr(AwsClients, "client", spied(AwsClients.client))
    monkeypatch.setattr(AwsClients, "session", spied(AwsClients.session))
    yield seen
    for one in seen:
        if hasattr(one.thing, "close"):
            one.thing.close()


def make_them_all(endpoint: str, folder: Path) -> None:
    """What each role and each command builds that speaks to AWS."""
    settings = Settings(
        data_dir=folder / "data",
        profile="local",
        relational_writer="mysql://one:two@127.0.0.1:1/mirante",
        wide_hosts="cassandra.sa-east-1.amazonaws.com:9142",
        wide_region="sa-east-1",
        cache="redis://127.0.0.1:1/0",
        aws_endpoint=endpoint,
        alarm_queue=f"{endpoint}/000000000000/alarms",
        cloudwatch_metrics="put",
        count_source="cloudwatch",
    )
    clock = SystemClock()
    _servers(settings, clock)
    keyspaces_iam(settings)
    probes_of(settings)
    with count_collector(settings, (), MemoryLedger(), SqliteCountReader([]), clock):
        pass
    metrics_publisher(settings, CollectorRegistry(), clock)
    build_notifiers({"pages": TOPICS, "machines": FUNCTIONS}, settings, clock).close()
    store = SqliteRouterStore(folder / "router.sqlite")
    alarm_queue(settings, store, clock)
    store.close()
    with ExitStack() as opened:
        watched_sources(settings, lambda: IntakeRules("test"), opened)
    policy = alarm_policy(folder / "policy", {"pages": {"kind": "sns", "topics": dict(TOPICS.topics)}}, {})
    assert mirante("plan", "aws").status == 3, "the stand-in refuses everything"
    asked = ("alerts", "subscribe", "router", "arn:aws:sqs:sa-east-1:123456789012:alarms")
    assert mirante("--alarm-policy", policy, *asked).status == 3


def makers() -> dict[str, set[int]]:
    """The lines of the product that ask the factory, by file."""
    found: dict[str, set[int]] = {}
    for folder in ("slo", "dashboards", "alarms", "exporters", "app", "platform/dataplatform"):
        for path in (ROOT / folder).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            if "AwsClients" not in text:
                continue
            calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
            asked = [call for call in calls if getattr(call.func, "attr", "") in ("client", "session")]
            found[path.relative_to(ROOT).as_posix()] = {call.lineno for call in asked}
    return found


def test_the_endpoint_moves_every_client_that_the_product_makes(
    made: list[Made], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with refusing_aws() as aws:
        monkeypatch.setenv("MIRANTE_AWS_ENDPOINT", aws.address)
        make_them_all(aws.address, tmp_path)
    assert [one for one in made if not one.is_at(aws.address)] == []
    assert len(aws.heard) == 2, "the two commands"
    heard = {(one.file, one.line) for one in made}
    assert {(file, line) for file, lines in makers().items() for line in lines} - heard == set()
