"""From a workspace to everything generated: made part by part, written to a folder, or as bytes by path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from alarms.generate.router_address import RouterAddress
from app.build.errors import BuildError
from app.build.folder import MANIFEST, BuildDifference, Compared, NotMade, OutputFolder, Written, made_by, manifest, sha256
from app.build.parts import PARITY, BuildOptions, all_parts
from dashboards.model.addresses import Deployment

if TYPE_CHECKING:
    from app.workspace import OpenWorkspace


@dataclass(frozen=True, slots=True)
class Tried:
    """How many files can be made, and what cannot."""

    files: int
    failed: tuple[NotMade, ...]


__all__ = [
    "MANIFEST",
    "PARITY",
    "BuildDifference",
    "BuildError",
    "Compared",
    "NotMade",
    "BuildOptions",
    "Tried",
    "Written",
    "artifacts",
    "build_into",
    "differences",
    "tried",
]


def artifacts(
    workspace: OpenWorkspace,
    environment: str,
    *,
    deployment: Deployment | None = None,
    router: RouterAddress | None = None,
    topics: Mapping[str, str] | None = None,
    sloth_names: bool = False,
    pyrra_names: bool = False,
) -> dict[str, bytes]:
    """Every generated file by its path below the output directory, in path order.

    Raises:
        BoardInvalid, BodyInvalid, BoardUntrue: a board breaks its own rules or a limit of CloudWatch, or lies.
        DefinitionErrors: a Python file of the workspace's boards fails.
    """
    where = deployment or Deployment(environment)
    options = BuildOptions(where, router or RouterAddress(), topics or {}, sloth_names, pyrra_names=pyrra_names)
    made = {path: content for part in all_parts(workspace, options) for path, content in part.make()}
    hashes = {path: sha256(content) for path, content in made.items()}
    made[MANIFEST] = manifest(_described(workspace, options), hashes)
    return dict(sorted(made.items()))


def build_into(workspace: OpenWorkspace, options: BuildOptions, out: Path) -> Written:
    """Write what has changed since the last build, one part after another; what fails is told, not raised.

    Raises:
        BuildError: a path cannot be written, or the directory holds a manifest that is not ours.
    """
    return OutputFolder(out, options.only).write(all_parts(workspace, options), _described(workspace, options))


def differences(workspace: OpenWorkspace, options: BuildOptions, out: Path) -> Compared:
    """What ``build_into`` would change in ``out``, in path order; writes nothing.

    Raises:
        BuildError: a file cannot be read, or the directory holds a manifest that is not ours.
    """
    return OutputFolder(out, options.only).differences(all_parts(workspace, options), _described(workspace, options))


def tried(workspace: OpenWorkspace, options: BuildOptions) -> Tried:
    """Makes everything, and keeps nothing."""
    files, failed = 1, list[NotMade]()  # the manifest is one
    for part in all_parts(workspace, options):
        files += len(made_by(part, failed) or ())
    return Tried(files, tuple(failed))


def _described(workspace: OpenWorkspace, options: BuildOptions) -> dict[str, object]:
    """What it was built from, for the manifest."""
    return {
        "deployment": asdict(options.deployment),
        "policy": workspace.alarms.policy.id,
        "sources": dict(sorted(workspace.catalogue.sources.items())),
    }
