"""Settings: flags over ``MIRANTE_*`` over ``mirante.toml`` over the workspace's own over defaults, one typed
object.

This is the only module that reads the environment.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from foundation.clock import parse_clock
from foundation.errors import WHOLE_FILE, DefinitionError, MiranteError, shortened
from foundation.exit_status import ExitStatus
from foundation.workspace import CONFIG_FILE, SHIPPED, Workspace

ENV_PREFIX = "MIRANTE_"
MASK = "********"
TEST_NAMES = ("proof", "test_")  # MIRANTE_PROOF and MIRANTE_TEST_* belong to the test suite
EMBEDDED = "embedded"
PROFILES = (EMBEDDED, "local")
CHOICES = {
    "profile": PROFILES,
    "count_source": ("auto", "journals", "prometheus", "cloudwatch"),
    "tracing": ("off", "console", "otlp"),
    "cloudwatch_metrics": ("off", "emf", "put"),
    "log_level": ("DEBUG", "INFO", "WARNING", "ERROR"),
}
KINDS = {bool: "yes or no", int: "whole number", float: "number"}  # as a person calls them
POSITIVE = (
    "max_concurrent_decisions",
    "rate_limit_per_minute",
    "evaluate_every",
    "probe_every",
    "probe_timeout",
    "consistency_every",
    "consistency_sample",
    "settle",
    "heartbeat_every",
)
SECONDS = (0.001, 31_622_400)  # a year; of every length of time among them
COUNTS = (1, 1_000_000_000)
WORKSPACE = "workspace"
CHANNEL_SECRET = "channel_secret_"  # noqa: S105 - MIRANTE_CHANNEL_SECRET_OPS_CHAT is the one of "ops-chat"


class SettingsError(MiranteError):
    """A setting that cannot be used: says where it came from, what was expected and how to fix it."""

    exit_status = ExitStatus.USAGE

    def __init__(self, place: str, problem: str, fix: str) -> None:
        self.place, self.problem, self.fix = place, problem, fix
        super().__init__(f"{place}: {problem}. {fix}")


class NoWorkspace(SettingsError):
    """The workspace is not a folder that is there."""

    exit_status = ExitStatus.ENVIRONMENT


def _setting(default: object, text: str, *, secret: bool = False, address: bool = False) -> Any:
    """A secret is not shown at all, an address without its password."""
    return field(default=default, metadata={"help": text, "secret": secret, "address": address})


@dataclass(frozen=True, slots=True)
class ChannelSecrets:
    """What ``alarms/channels.yaml`` must not say, by the channel's name."""

    by_channel: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return ", ".join(f"{name} {MASK}" for name in sorted(self.by_channel))

    def variables(self) -> dict[str, str]:
        """As a child process reads them."""
        return {channel_variable(name): secret for name, secret in self.by_channel.items()}


def channel_variable(channel: str) -> str:
    """The environment variable that holds a channel's secret."""
    return ENV_PREFIX + (CHANNEL_SECRET + channel.replace("-", "_")).upper()


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting of every role. Seconds are clock seconds unless the text says real."""

    data_dir: Path = _setting(
        Path("mirante-data"), "folder where the embedded stores and journals keep their files"
    )
    environment: str = _setting(
        "local", "name of the environment; every metric, alert and resource carries it"
    )
    profile: str = _setting(EMBEDDED, "which stores to use: embedded (files) or local (servers)")
    host: str = _setting("127.0.0.1", "address that every server binds to")
    api_port: int = _setting(8600, "port of the data side (decision API)")
    control_port: int = _setting(8601, "port of the control side (console, router, metrics)")
    clock: str = _setting("system", "system, or scaled:FACTOR@ISO-INSTANT")
    workspace: Path | None = _setting(
        None,
        "folder laid out like the repository, used whole: slo/definitions, slo/windows, alarms, "
        "dashboards/boards, mirante.toml; unset: the shipped one, of the credit platform",
    )
    definitions: Path | None = _setting(None, "folder of SLO definitions; unset: the workspace's")
    policies: Path | None = _setting(None, "folder of credit policies; unset: the shipped ones")
    policy: str = _setting(
        "personal-credit", "credit policy to decide by, unless an application names another"
    )
    alarm_policy: Path | None = _setting(
        None,
        "folder whose policy.yaml, channels.yaml, schedules.yaml, raci.yaml, indicators.yaml and runbooks/ "
        "take the place of the workspace's; unset: none",
    )
    count_source: str = _setting(
        "auto",
        "where SLO counts come from: journals (written by Mirante's own processes), prometheus, cloudwatch "
        "(for SLOs that name CloudWatch metrics), or auto (Prometheus if its URL is set, else the journals)",
    )
    prometheus: str = _setting("", "Prometheus URL; SLOs are counted from it unless count_source is journals")
    prometheus_dir: Path | None = _setting(None, "folder where `mirante apply prometheus` writes rule files")
    alertmanager: str = _setting("", "Alertmanager URL; it is reloaded after its file changes")
    alertmanager_dir: Path | None = _setting(
        None, "folder where `mirante apply alertmanager` writes alertmanager.yml"
    )
    grafana: str = _setting("", "Grafana URL; `mirante apply grafana` writes boards there")
    grafana_token: str = _setting("", "service account token for Grafana", secret=True)
    log_level: str = _setting("INFO", "DEBUG, INFO, WARNING or ERROR")
    cloudwatch_metrics: str = _setting(
        "off",
        "how metrics and SLO counts are sent to CloudWatch: off, emf (lines on standard output) or "
        "put (API calls)",
    )
    tracing: str = _setting("off", "where traces go: off, console or otlp")
    otlp_endpoint: str = _setting("http://127.0.0.1:4318", "OTLP/HTTP collector that receives traces")
    faults: bool = _setting(False, "enable the fault-injection endpoints (drills and the demo only)")
    max_concurrent_decisions: int = _setting(256, "concurrent decisions before the API answers 503")
    rate_limit_per_minute: int = _setting(600_000, "requests that one API key may send per real minute")
    evaluate_every: float = _setting(15.0, "seconds between burn evaluations")
    probe_every: float = _setting(10.0, "seconds between probes of the decision API")
    probe_timeout: float = _setting(2.0, "real seconds before a probe times out")
    consistency_every: float = _setting(60.0, "seconds between consistency checks")
    consistency_sample: int = _setting(500, "records compared per check of a pair of stores")
    settle: float = _setting(30.0, "seconds that a difference must last before it counts")
    relational_writer: str = _setting(
        "", "writer of the relational store: mysql://user:password@host:port/database", address=True
    )
    relational_reader: str = _setting(
        "", "reader of the relational store, in the same form; unset: the writer", address=True
    )
    wide_hosts: str = _setting("", "Cassandra or Amazon Keyspaces hosts: host:port,...")
    wide_region: str = _setting(
        "", "AWS region of Keyspaces, which signs in through IAM; unset: the hosts are Apache Cassandra"
    )
    cache: str = _setting("", "cache: redis://host:port/number", address=True)
    stream: str = _setting("credit-records", "name of the Kinesis stream")
    aws_endpoint: str = _setting("", "URL used for every AWS service, such as an emulator; unset: AWS itself")
    router_store: str = _setting(
        "",
        "database of the router: mysql://user:password@host:port/database; unset: a file in data_dir",
        address=True,
    )
    router_url: str = _setting(
        "", "URL of the running router that `mirante alerts` talks to; unset: it reads the router's store"
    )
    hook_token: str = _setting(
        "", "bearer token for /hooks and /v1/alerts; unset: generated at first start", secret=True
    )
    hook_key: str = _setting(
        "",
        "HMAC key for senders that sign the body instead of sending the token; unset: signatures are refused",
        secret=True,
    )
    alarm_topics: tuple[str, ...] = _setting(
        (), "ARNs of the SNS topics that /hooks/sns accepts; unset: none"
    )
    alarm_queue: str = _setting("", "URL of the SQS queue to read alarms from; unset: no queue")
    sns_topic_prefix: str = _setting(
        "", "ARN prefix of the SNS topics that generated CloudWatch alarms notify; unset: they notify nobody"
    )
    channel_secrets: ChannelSecrets = _setting(
        ChannelSecrets(), "secrets of the channels in channels.yaml, one variable per channel"
    )
    console_url: str = _setting("", "console URL to put in messages; unset: the address of the control side")
    heartbeat_url: str = _setting(
        "",
        "dead man's switch: URL to call while notifications go out; its service pages when calls "
        "stop; unset: off",
        secret=True,
    )
    heartbeat_every: float = _setting(60.0, "real seconds between calls to heartbeat_url")

    @property
    def folders(self) -> Workspace:
        """Where everything that people write is found."""
        return Workspace(self.workspace or SHIPPED.root, self.definitions, self.alarm_policy)

    def masked(self) -> Mapping[str, str]:
        """Names and values as a person may see them."""
        shown = {}
        for spec in fields(self):
            value = _text(getattr(self, spec.name))
            value = without_password(value) if spec.metadata["address"] else value
            shown[spec.name] = MASK if spec.metadata["secret"] and value else value
        return shown

    def child_environment(self) -> dict[str, str]:
        """This process's environment with these settings on top, for a child process."""
        default = Settings()
        ours = {
            ENV_PREFIX + spec.name.upper(): _text(getattr(self, spec.name))
            for spec in fields(self)
            if getattr(self, spec.name) != getattr(default, spec.name) and spec.name != "channel_secrets"
        }
        return {**os.environ, **ours, **self.channel_secrets.variables()}


def without_password(address: str) -> str:
    """``scheme://user:********@host/...``; all of it is hidden where that cannot be told apart."""
    scheme, mark, rest = address.rpartition("://")
    credentials, at, place = rest.rpartition("@")
    if not at:
        return address
    user, colon, _ = credentials.partition(":")
    return f"{scheme}{mark}{user}{colon}{MASK if colon else ''}@{place}" if mark else MASK


def _text(value: object) -> str:
    return ",".join(value) if isinstance(value, tuple) else str(value)


def load_settings(
    flags: Mapping[str, object] | None = None,
    environment: Mapping[str, str] | None = None,
    directory: Path | None = None,
) -> Settings:
    """Merge the five sources; relative paths in a workspace's own file begin in that workspace.

    Raises:
        SettingsError: an unknown name, or a value of the wrong kind, with the place it stands in.
        DefinitionError: a file cannot be read, or is not TOML.
    """
    env = os.environ if environment is None else environment
    config = (directory or Path.cwd()) / CONFIG_FILE
    from_file = _read_toml(config) if config.is_file() else {}
    from_env = {
        name[len(ENV_PREFIX) :].lower(): value for name, value in env.items() if name.startswith(ENV_PREFIX)
    }
    from_env = {name: value for name, value in from_env.items() if not name.startswith(TEST_NAMES)}
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    chosen = given.get(WORKSPACE) or from_env.get(WORKSPACE) or from_file.get(WORKSPACE)
    settings = Settings() if chosen is None else _of_workspace(Path(str(chosen)))
    settings = _merge(settings, from_file, str(config))
    settings = _with_secrets(settings, from_env)
    settings = _merge(settings, from_env, "environment", ENV_PREFIX)
    return _checked(_merge(settings, given, "command line"))


def _of_workspace(root: Path) -> Settings:
    """The defaults, and what the workspace's own file says.

    Raises:
        SettingsError: there is no such folder, or its file names another workspace.
    """
    if not root.is_dir():
        problem = f"{root} is not a folder" if root.exists() else f"there is no folder {root}"
        raise NoWorkspace(WORKSPACE, problem, "Name one; `mirante init` makes one")
    config = Workspace(root).config
    if not config.is_file():
        return Settings()
    written = _read_toml(config)
    if WORKSPACE in written:
        raise SettingsError(f"{config}: {WORKSPACE}", "is the workspace this file is in", "Take it out")
    settings = _merge(Settings(), written, str(config))
    values = {name: getattr(settings, name) for name in written}
    placed: dict[str, Any] = {name: root / at for name, at in values.items() if isinstance(at, Path)}
    return replace(settings, **placed)


def _with_secrets(settings: Settings, from_env: dict[str, str]) -> Settings:
    """Those of the environment over those of the file; they are taken out of ``from_env``."""
    names = [name for name in from_env if name.startswith(CHANNEL_SECRET)]
    found = {name.removeprefix(CHANNEL_SECRET).replace("_", "-"): from_env.pop(name) for name in names}
    secrets = ChannelSecrets({**settings.channel_secrets.by_channel, **found})
    return replace(settings, channel_secrets=secrets) if found else settings


def _checked(settings: Settings) -> Settings:
    for name, allowed in CHOICES.items():
        value = getattr(settings, name)
        if value not in allowed:
            raise SettingsError(
                name, f"{value!r} is not one of the choices", f"Choose one of: {', '.join(allowed)}"
            )
    for name in ("api_port", "control_port"):
        if not 0 < getattr(settings, name) < 65_536:
            problem = f"{shortened(str(getattr(settings, name)))} is not a port"
            raise SettingsError(name, problem, "Give 1 to 65535")
    for name in POSITIVE:
        value = getattr(settings, name)
        if not value > 0:
            raise SettingsError(name, f"{value} is not above zero", "Give more than zero")
        least, most = SECONDS if isinstance(value, float) else COUNTS
        if not least <= value <= most:
            fix = f"Give {least:g} to {most:,}"
            raise SettingsError(name, f"{shortened(str(value))} is out of range", fix)
    if settings.api_port == settings.control_port and settings.folders.is_shipped:  # others have no API
        problem = f"{settings.control_port} is the api_port, too"
        raise SettingsError("control_port", problem, "Give each side a port of its own")
    parse_clock(settings.clock)
    return settings


def _read_toml(path: Path) -> Mapping[str, object]:
    import tomllib  # here, for most folders hold no such file and every command reads the settings

    from foundation.files import read_text

    text = read_text(path)
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a number of thousands of digits is no TOMLDecodeError
        found = re.search(r"line (\d+)", str(error))
        line = int(found[1]) if found else None
        raise DefinitionError(str(path), WHOLE_FILE, f"is not TOML: {error}", "Fix it there.", line) from None


def _merge(settings: Settings, values: Mapping[str, object], place: str, prefix: str = "") -> Settings:
    known = {spec.name: spec for spec in fields(Settings)}
    parsed = {}
    for name, value in values.items():
        if name not in known:
            shown = prefix + name.upper() if prefix else name
            raise SettingsError(place, f"there is no setting {shown!r}", "`mirante settings` lists the names")
        default = known[name].default
        assert default is not MISSING
        parsed[name] = _parse(value, default, f"{place}: {prefix}{name.upper() if prefix else name}")
    return replace(settings, **parsed)


def _parse(value: object, default: object, place: str) -> Any:
    try:
        if isinstance(default, bool):
            return _boolean(value)
        if isinstance(default, int):
            return int(str(value))
        if isinstance(default, float):
            return float(str(value))
    except ValueError as error:
        kind = KINDS[type(default)]
        raise SettingsError(
            place, f"{shortened(repr(value))} is not a {kind}", f"Give a {kind}, such as {default}"
        ) from error
    if default is None or isinstance(default, Path):
        return Path(str(value))
    if isinstance(default, tuple):
        return tuple(str(item) for item in value) if isinstance(value, list) else _listed(str(value))
    if isinstance(default, ChannelSecrets):
        return _channel_secrets(value, place)
    return str(value)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _channel_secrets(value: object, place: str) -> ChannelSecrets:
    if isinstance(value, Mapping) and all(isinstance(secret, str) for secret in value.values()):
        return ChannelSecrets(dict(value))
    fix = f"Write a [channel_secrets] table, or set {channel_variable('<name>')}"
    raise SettingsError(place, "is not a table with one text per channel", fix)


def _boolean(value: object) -> bool:
    text = str(value).lower()
    if text in {"1", "true", "yes", "on"}:
        return True
    if text in {"0", "false", "no", "off", ""}:
        return False
    raise ValueError(text)
