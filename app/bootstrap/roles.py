"""Roles by name: which process serves them, and on which port."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from app.bootstrap.control_side import build_control
from app.bootstrap.data_side import build_data
from app.bootstrap.names import CONTROL_ROLES, DATA_ROLES, OF_PLATFORM
from app.serving.server import Process
from app.settings import Settings, SettingsError


@dataclass(frozen=True, slots=True)
class RoleSpec:
    """``members`` are the roles that one process serves together; ``port_setting`` names its port."""

    members: frozenset[str]
    port_setting: str
    build: Callable[[Settings, frozenset[str]], Awaitable[Process]]

    def port(self, settings: Settings) -> tuple[int, str]:
        """The port and the setting that chose it."""
        value: int = getattr(settings, self.port_setting)
        return value, self.port_setting


ROLES = {
    "data": RoleSpec(DATA_ROLES, "api_port", build_data),
    "control": RoleSpec(CONTROL_ROLES, "control_port", build_control),
    **{name: RoleSpec(frozenset({name}), "api_port", build_data) for name in DATA_ROLES},
    **{name: RoleSpec(frozenset({name}), "control_port", build_control) for name in CONTROL_ROLES},
}


def sides(settings: Settings) -> tuple[str, ...]:
    """What `mirante up` serves, each as its own process."""
    return ("data", "control") if settings.folders.is_shipped else ("control",)


async def build_process(settings: Settings, role: str) -> Process:
    """Open what the role needs, on the event loop that will serve it.

    Raises:
        SettingsError: the role is of the decision platform, and the workspace has none.
    """
    spec = ROLES[role]
    members = spec.members if settings.folders.is_shipped else spec.members - OF_PLATFORM
    if not members:
        problem = f"{settings.folders.root} has no decision platform, and {role!r} is part of one"
        raise SettingsError("workspace", problem, "Serve `control` or its roles instead")
    return await spec.build(settings, members)
