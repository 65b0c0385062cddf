"""Everything generated, as bytes by path: pure; writing it is one function at the end.

Same input, same bytes: nothing here reads a clock, a random source or the order of a set.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from tempfile import NamedTemporaryFile

from alarms.generate import indicator_rules
from alarms.generate.alertmanager_config import config as alertmanager_config
from alarms.generate.cloudwatch import logs
from alarms.generate.cloudwatch import template as alarm_template
from alarms.generate.cloudwatch.every_alarm import every_alarm
from alarms.generate.router_address import RouterAddress
from alarms.policy.policy import RoutingPolicy
from app.workspace import OpenWorkspace
from dashboards.cloudwatch.body import body_bytes
from dashboards.grafana.board import dashboard_bytes
from dashboards.grafana.provisioning import board_path, provisioning
from dashboards.model.addresses import LANGUAGES, Deployment, cloudwatch_name
from dashboards.model.json_text import json_bytes
from dashboards.truth.parity import parity, report
from foundation.errors import MiranteError
from foundation.exit_status import ExitStatus
from slo import cloudwatch as slo_cloudwatch
from slo import prometheus as slo_prometheus
from slo.model.catalogue import Catalogue

MANIFEST = "manifest.json"
PARITY = "parity.md"  # what is on which backend, for people
FORMAT = 1


class BuildError(MiranteError):
    """The output cannot be written: which path, why, and what to do."""

    exit_status = ExitStatus.ENVIRONMENT

    def __init__(self, path: Path, problem: str, fix: str) -> None:
        self.path, self.problem, self.fix = path, problem, fix
        super().__init__(f"{path}: {problem}. {fix}")


@dataclass(frozen=True, slots=True)
class Written:
    """Paths relative to the output directory, sorted. ``kept`` already had these bytes."""

    written: tuple[str, ...]
    kept: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BuildDifference:
    """``what`` is wrong with the file at ``path``, relative to the output directory."""

    path: str
    what: str


def artifacts(
    workspace: OpenWorkspace,
    environment: str,
    *,
    deployment: Deployment | None = None,
    router: RouterAddress | None = None,
    topics: Mapping[str, str] | None = None,
    sloth_names: bool = False,
) -> dict[str, bytes]:
    """Every generated file by its path below the output directory, in path order.

    ``topics`` maps a severity to the ARN of its SNS topic. ``sloth_names`` also records what Sloth's
    dashboards read.

    Raises:
        BoardInvalid, BodyInvalid: a board breaks its own rules or a limit of CloudWatch.
        DefinitionErrors: a Python file of the workspace's boards fails.
    """
    where = deployment or Deployment(environment)
    catalogue, rules = workspace.catalogue, workspace.alarms.policy
    made: dict[str, bytes] = {}
    made.update(_prometheus(workspace, environment, router, sloth_names=sloth_names))
    made["alertmanager/alertmanager.yml"] = _yaml(
        alertmanager_config(rules, catalogue.components, router or RouterAddress())
    )
    made.update(_boards(workspace, where))
    made.update(_cloudwatch(workspace, environment, topics or {}))
    made[MANIFEST] = _manifest(catalogue, rules, where, made)
    return dict(sorted(made.items()))


def write(made: Mapping[str, bytes], out: Path) -> Written:
    """Write atomically file by file (temporary file, then rename); the manifest comes last.

    A file that the previous manifest lists and this build no longer makes is removed. Nothing else is.

    Raises:
        BuildError: a path cannot be written, or the directory holds a manifest that is not ours.
    """
    previous = _previous(out)
    try:
        changed = [path for path in sorted(set(made) - {MANIFEST}) if _put(out / path, made[path])]
        removed = [path for path in sorted(previous - set(made)) if _remove(out, path)]
        changed += [path for path in made if path == MANIFEST and _put(out / path, made[path])]
    except OSError as error:
        place = Path(error.filename or out)
        raise BuildError(place, error.strerror or str(error), "Free it, or choose another --out") from error
    kept = sorted(set(made) - set(changed))
    return Written(tuple(sorted(changed)), tuple(kept), tuple(removed))


def differences(made: Mapping[str, bytes], out: Path) -> tuple[BuildDifference, ...]:
    """What ``write`` would change in ``out``, in path order; writes nothing.

    Raises:
        BuildError: a file cannot be read, or the directory holds a manifest that is not ours.
    """
    found = {path: "is no longer generated" for path in _previous(out) - set(made) if (out / path).is_file()}
    for path, content in made.items():
        try:
            if (out / path).read_bytes() != content:
                found[path] = "differs from what is generated"
        except FileNotFoundError:
            found[path] = "is missing"
        except OSError as error:
            fix = "Free it, or choose another --out"
            raise BuildError(out / path, error.strerror or str(error), fix) from error
    return tuple(BuildDifference(path, found[path]) for path in sorted(found))


def _prometheus(
    workspace: OpenWorkspace, environment: str, router: RouterAddress | None, *, sloth_names: bool
) -> Iterator[tuple[str, bytes]]:
    catalogue = workspace.catalogue
    ruled = slo_prometheus.rule_files(catalogue, environment, sloth_names=sloth_names)
    for name, document in ruled.items():
        yield f"prometheus/{name}", _yaml(document)
    for name, document in slo_prometheus.rule_tests(catalogue, environment).items():
        yield f"prometheus/tests/{name}", _yaml(document)
    resources = slo_prometheus.prometheus_rule_resources(catalogue, environment, sloth_names=sloth_names)
    for name, document in resources.items():
        yield f"prometheus/crd/{name}", _yaml(document)
    heartbeat = router is not None and router.heartbeat_url is not None
    own = indicator_rules.rule_file(workspace.watched, environment, heartbeat)
    yield f"prometheus/{indicator_rules.FILE_NAME}", _yaml(own)


def _boards(workspace: OpenWorkspace, where: Deployment) -> Iterator[tuple[str, bytes]]:
    made = workspace.boards(where.environment)
    yield PARITY, report(parity(made, where)).encode()
    for board in made:
        for language in LANGUAGES:
            document = dashboard_bytes(board, where.environment, language, where.console)
            yield f"grafana/{board_path(board.name, language)}", document
            name = cloudwatch_name(where.environment, board.name, language)
            yield f"cloudwatch/dashboards/{name}.json", body_bytes(board, where, language)
    for path, text in provisioning().items():
        yield f"grafana/{path}", text


def _cloudwatch(
    workspace: OpenWorkspace, environment: str, topics: Mapping[str, str]
) -> Iterator[tuple[str, bytes]]:
    catalogue, watched = workspace.catalogue, workspace.watched
    yield "cloudwatch/alarms.json", _json(every_alarm(catalogue, watched, environment, topics))
    yield "cloudwatch/log-groups.json", _json(logs.log_groups(watched, environment))
    yield "cloudwatch/metric-filters.json", _json(logs.metric_filters(watched, environment))
    yield (
        f"cloudwatch/{alarm_template.FILE_NAME}",
        _json(alarm_template.template(catalogue, watched, environment)),
    )
    for name, document in slo_cloudwatch.templates(catalogue, environment).items():
        yield f"cloudwatch/{name}.json", _json(document)


def _manifest(
    catalogue: Catalogue, policy: RoutingPolicy, where: Deployment, made: Mapping[str, bytes]
) -> bytes:
    """What was built, from what, by sha256."""
    return _json(
        {
            "format": FORMAT,
            "deployment": asdict(where),
            "policy": policy.id,
            "sources": dict(sorted(catalogue.sources.items())),
            "files": {path: hashlib.sha256(content).hexdigest() for path, content in sorted(made.items())},
        }
    )


def _yaml(document: Mapping[str, object]) -> bytes:
    return slo_prometheus.render_yaml(document).encode()


def _json(document: object) -> bytes:
    return json_bytes(document)


def _previous(out: Path) -> set[str]:
    """Files that the last build wrote here; none when there was none."""
    manifest = out / MANIFEST
    if not manifest.is_file():
        return set()
    try:
        document = json.loads(manifest.read_bytes())
        files = document["files"]
        if document["format"] != FORMAT or not all(_is_inside(path) for path in files):
            raise ValueError("its format is unknown")
        return set(files)
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
        fix = "Remove it, or choose another --out, so that Mirante does not overwrite files of others"
        raise BuildError(manifest, f"is not a manifest of this build ({error})", fix) from error


def _is_inside(path: str) -> bool:
    pure = PurePosixPath(path)
    return not pure.is_absolute() and ".." not in pure.parts and bool(pure.parts)


def _put(target: Path, content: bytes) -> bool:
    """Whether the file had to be written: one that has these bytes already is left alone."""
    if target.is_file() and target.read_bytes() == content:
        return False
    _replace(target, content)
    return True


def _replace(target: Path, content: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=target.parent, prefix=".", suffix=".tmp", delete=False) as temporary:
        try:
            temporary.write(content)
            temporary.flush()
            os.fsync(temporary.fileno())
            os.chmod(temporary.name, 0o644)
            os.replace(temporary.name, target)
        except BaseException:
            Path(temporary.name).unlink(missing_ok=True)
            raise


def _remove(out: Path, path: str) -> bool:
    """Remove a file of the previous build, and folders that it leaves empty."""
    target = out / path
    if not target.is_file():
        return False
    target.unlink()
    for folder in target.relative_to(out).parents:
        if folder == Path() or any((out / folder).iterdir()):
            break
        (out / folder).rmdir()
    return True
