"""Everything generated, in parts that are made one after another: what one SLO has, one board, one list.

Same input, same bytes: nothing here reads a clock, a random source or the order of a set.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from alarms.generate.router_address import RouterAddress
from app.build_kinds import BOARDS, EVERY, OutputKind, OutputKinds
from dashboards.model.addresses import LANGUAGES, Deployment, cloudwatch_name
from dashboards.model.errors import BoardUntrue
from slo import prometheus as slo_prometheus
from slo.model.catalogue import Catalogue
from slo.model.spec import Slo

if TYPE_CHECKING:
    from app.workspace import OpenWorkspace
    from dashboards.model.board import Board
    from dashboards.truth.untruth import Untruth

PARITY = "parity.md"  # what is on which backend, for people
Files = Iterable[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """What a build is asked beside the workspace. ``topics`` maps a severity to the ARN of its SNS topic.

    ``sloth_names`` and ``pyrra_names`` also record what Sloth's and Pyrra's dashboards read.
    """

    deployment: Deployment
    router: RouterAddress = field(default_factory=RouterAddress)
    topics: Mapping[str, str] = field(default_factory=dict)
    sloth_names: bool = False
    only: OutputKinds = EVERY
    pyrra_names: bool = False

    @property
    def environment(self) -> str:
        return self.deployment.environment


@dataclass(frozen=True, slots=True)
class OutputPart:
    """``name`` says what it is, and is unique. ``inputs`` is a digest of all that its bytes follow from."""

    name: str
    inputs: str
    make: Callable[[], Files]


def all_parts(workspace: OpenWorkspace, options: BuildOptions) -> Iterator[OutputPart]:
    """Those of the kinds that are asked for, in a fixed order.

    Raises:
        BoardInvalid, DefinitionErrors: the boards cannot be made.
    """
    if options.only & {OutputKind.RULES, OutputKind.TESTS}:
        yield from _prometheus(workspace, options)
    if OutputKind.ALERTMANAGER in options.only:
        yield _alertmanager(workspace, options)
    if OutputKind.ALARMS in options.only:
        yield _alarms(workspace, options)
    if options.only & BOARDS:
        yield from _boards(workspace, options)


def _prometheus(workspace: OpenWorkspace, options: BuildOptions) -> Iterator[OutputPart]:
    environment = options.environment
    for slo in slo_prometheus.supported(workspace.catalogue):
        asked = digest(said(slo), environment, options.sloth_names, options.pyrra_names)
        if OutputKind.RULES in options.only:
            yield OutputPart(f"rules of {slo.id}", asked, partial(_rules, slo, options))
        if OutputKind.TESTS in options.only:
            yield OutputPart(f"tests of {slo.id}", asked, partial(_tests, slo, options))
    if OutputKind.RULES in options.only:
        heartbeat = options.router.heartbeat_url is not None
        inputs = digest(workspace.watched, environment, heartbeat)
        yield OutputPart("rules of indicators", inputs, partial(_indicator_rules, workspace, options, heartbeat))


def digest(*inputs: object) -> str:
    """Of values whose ``repr`` says all of them; of a value that has no such ``repr`` it is never the same."""
    found = hashlib.sha256()
    for one in inputs:
        found.update((one if isinstance(one, str) else repr(one)).encode("utf-8", "surrogatepass"))
        found.update(b"\0")
    return found.hexdigest()


def said(slo: Slo) -> str:
    """All that an SLO says, but where it says it."""
    return repr(replace(slo, source_file="", source_line=None))


def _rules(slo: Slo, options: BuildOptions) -> Files:
    document = slo_prometheus.rule_file(
        slo, options.environment, sloth_names=options.sloth_names, pyrra_names=options.pyrra_names
    )
    name = slo_prometheus.rules_file(slo)
    text = slo_prometheus.render_yaml(document)
    yield f"prometheus/{name}", text.encode()
    resource = slo_prometheus.resource_text(name, text, options.environment)
    yield f"prometheus/crd/{name.replace('.rules.yaml', '.yaml')}", resource.encode()


def _tests(slo: Slo, options: BuildOptions) -> Files:
    found = slo_prometheus.rule_tests(
        Catalogue((slo,)), options.environment, sloth_names=options.sloth_names
    )
    for name, document in found.items():
        yield f"prometheus/tests/{name}", _yaml(document)


def _indicator_rules(workspace: OpenWorkspace, options: BuildOptions, heartbeat: bool) -> Files:
    from alarms.generate import indicator_rules

    own = indicator_rules.rule_file(workspace.watched, options.environment, heartbeat)
    yield f"prometheus/{indicator_rules.FILE_NAME}", _yaml(own)


def _alertmanager(workspace: OpenWorkspace, options: BuildOptions) -> OutputPart:
    def make() -> Files:
        from alarms.generate.alertmanager_config import config

        document = config(workspace.alarms.policy, workspace.catalogue.components, options.router)
        yield "alertmanager/alertmanager.yml", _yaml(document)

    inputs = digest(workspace.alarms.policy, workspace.catalogue.components, options.router)
    return OutputPart("configuration of Alertmanager", inputs, make)


def _alarms(workspace: OpenWorkspace, options: BuildOptions) -> OutputPart:
    """One, for CloudWatch's lists of alarms hold those of every SLO."""
    catalogue, watched, environment = workspace.catalogue, workspace.watched, options.environment

    def make() -> Files:
        from alarms.generate.cloudwatch import logs, template
        from alarms.generate.cloudwatch.every_alarm import every_alarm
        from slo import cloudwatch

        alarms = every_alarm(catalogue, watched, environment, options.topics)
        yield "cloudwatch/alarms.json", _json(alarms)
        yield "cloudwatch/log-groups.json", _json(logs.log_groups(watched, environment))
        yield "cloudwatch/metric-filters.json", _json(logs.metric_filters(watched, environment))
        yield f"cloudwatch/{template.FILE_NAME}", _json(template.template(catalogue, watched, environment))
        for name, document in cloudwatch.templates(catalogue, environment).items():
            yield f"cloudwatch/{name}.json", _json(document)

    slos = map(said, catalogue.slos)
    inputs = digest(catalogue.components, watched, environment, sorted(options.topics.items()), *slos)
    return OutputPart("alarms of CloudWatch", inputs, make)


def _boards(workspace: OpenWorkspace, options: BuildOptions) -> Iterator[OutputPart]:
    made, where = workspace.boards(options.environment), options.deployment
    inputs = [digest(board, where, sorted(options.only & BOARDS)) for board in made]
    for board, own in zip(made, inputs, strict=True):
        yield OutputPart(f"board {board.name}", own, partial(_board, board, options))
    if OutputKind.GRAFANA in options.only:
        yield OutputPart("provisioning of Grafana", digest(), _provisioning)
    if options.only >= BOARDS:
        yield OutputPart("list of panels", digest(*inputs), partial(_parity, made, where))


def _board(board: Board, options: BuildOptions) -> Files:
    """
    Raises:
        BodyInvalid, BoardUntrue: it breaks a limit of CloudWatch, or could mislead.
    """
    from dashboards.cloudwatch.body import body
    from dashboards.grafana.board import dashboard
    from dashboards.grafana.provisioning import board_path
    from dashboards.truth.gates import examine_documents

    where, environment = options.deployment, options.environment
    for language in LANGUAGES:
        if OutputKind.GRAFANA in options.only:
            grafana = dashboard(board, environment, language, where.console)
            _refuse_untrue(board, examine_documents(board, language, grafana=grafana))
            yield f"grafana/{board_path(board.name, language)}", _json(grafana)
        if OutputKind.CLOUDWATCH in options.only:
            cloudwatch = body(board, where, language)
            _refuse_untrue(board, examine_documents(board, language, cloudwatch=cloudwatch))
            name = cloudwatch_name(environment, board.name, language)
            yield f"cloudwatch/dashboards/{name}.json", _json(cloudwatch)


def _refuse_untrue(board: Board, lies: Sequence[Untruth]) -> None:
    if lies:
        raise BoardUntrue(board.name, lies)


def _provisioning() -> Files:
    from dashboards.grafana.provisioning import provisioning

    for path, text in provisioning().items():
        yield f"grafana/{path}", text


def _parity(boards: Iterable[Board], where: Deployment) -> Files:
    from dashboards.truth.parity import parity, report

    yield PARITY, report(parity(boards, where)).encode()


def _yaml(document: Mapping[str, object]) -> bytes:
    return slo_prometheus.render_yaml(document).encode()


def _json(document: object) -> bytes:
    from dashboards.model.json_text import json_bytes

    return json_bytes(document)
