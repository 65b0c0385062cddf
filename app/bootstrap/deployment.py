"""Which places ``plan`` and ``apply`` look at, from the settings and from what was generated."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.bootstrap.names import TARGETS
from app.deployment.aws.alarms import Alarms
from app.deployment.aws.boards import CloudWatchBoards
from app.deployment.aws.clients import Account
from app.deployment.aws.logs import LogGroups, MetricFilters
from app.deployment.aws.topics import Topics
from app.deployment.cost import Bill, bill
from app.deployment.errors import DeploymentError
from app.deployment.files import Files
from app.deployment.grafana import GrafanaBoards
from app.deployment.resource import ResourcePlace
from app.settings import Settings

BODIES = "cloudwatch/dashboards/"
RULES = "prometheus/"
RULES_END = ".rules.yaml"

Made = Mapping[str, bytes]


def configured(settings: Settings) -> tuple[str, ...]:
    """Targets whose address is set. AWS has none of its own: it is asked for by name."""
    known = {
        "grafana": bool(settings.grafana),
        "prometheus": settings.prometheus_dir is not None,
        "alertmanager": settings.alertmanager_dir is not None,
    }
    return tuple(target for target in TARGETS if known.get(target))


def places(target: str, settings: Settings, made: Made, account: Account | None) -> list[ResourcePlace]:
    """In the order in which they are made.

    Raises:
        DeploymentError: the target's address is not set.
    """
    return _PLACES[target](settings, made, account)


def aws_bill(made: Made) -> Bill:
    boards = sum(path.startswith(BODIES) for path in made)
    return bill(_document(made, "alarms"), boards, _document(made, "metric-filters"))


def _aws(settings: Settings, made: Made, account: Account | None) -> list[ResourcePlace]:
    assert account is not None
    environment = settings.environment
    alarms = _document(made, "alarms")
    bodies = {
        path.removeprefix(BODIES).removesuffix(".json"): content
        for path, content in made.items()
        if path.startswith(BODIES)
    }
    return [
        Topics(account, environment),
        LogGroups(account, environment, _document(made, "log-groups")),
        MetricFilters(account, environment, _document(made, "metric-filters")),
        Alarms(account, environment, alarms, composite=False),
        Alarms(account, environment, alarms, composite=True),
        CloudWatchBoards(account, environment, bodies),
    ]


def _grafana(settings: Settings, made: Made, _: Account | None) -> list[ResourcePlace]:
    if not settings.grafana:
        raise _not_set("grafana", "MIRANTE_GRAFANA to its URL and MIRANTE_GRAFANA_TOKEN to a token")
    boards = {
        path: content
        for path, content in made.items()
        if path.startswith("grafana/") and path.endswith(".json")
    }
    return [GrafanaBoards(settings.grafana, settings.grafana_token, boards)]


def _prometheus(settings: Settings, made: Made, _: Account | None) -> list[ResourcePlace]:
    if settings.prometheus_dir is None:
        raise _not_set("prometheus", "MIRANTE_PROMETHEUS_DIR to the folder in its rule_files")
    files = {
        path.removeprefix(RULES): content
        for path, content in made.items()
        if path.startswith(RULES) and path.endswith(RULES_END) and path.count("/") == 1
    }
    return [Files("rule file", settings.prometheus_dir, files, _reload(settings.prometheus))]


def _alertmanager(settings: Settings, made: Made, _: Account | None) -> list[ResourcePlace]:
    if settings.alertmanager_dir is None:
        raise _not_set("alertmanager", "MIRANTE_ALERTMANAGER_DIR to the folder of its configuration")
    files = {"alertmanager.yml": made["alertmanager/alertmanager.yml"]}
    reload = _reload(settings.alertmanager)
    return [Files("Alertmanager configuration", settings.alertmanager_dir, files, reload)]


_PLACES: Mapping[str, Callable[[Settings, Made, Account | None], list[ResourcePlace]]] = {
    "aws": _aws,
    "grafana": _grafana,
    "prometheus": _prometheus,
    "alertmanager": _alertmanager,
}


def _reload(address: str) -> str:
    return f"{address.rstrip('/')}/-/reload" if address else ""


def _not_set(target: str, fix: str) -> DeploymentError:
    return DeploymentError(target, "its URL or folder is not set", f"Set {fix}")


def _document(made: Made, name: str) -> Sequence[Any]:
    read: Sequence[Any] = json.loads(made[f"cloudwatch/{name}.json"])
    return read
