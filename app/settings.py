"""Settings: flags over ``MIRANTE_*`` over ``mirante.toml`` over the workspace's own over defaults, one typed
object.

This is the only module that reads the environment.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

from foundation.clock import parse_clock
from foundation.errors import MiranteError, shortened
from foundation.exit_status import ExitStatus
from foundation.paths import is_absent
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
    "watch_every",
    "page_unsent_after",
    "close_unreported_after",
    "page_source_after",
)
SECONDS = (0.001, 31_622_400)  # a year; of every length of time among them
COUNTS = (1, 1_000_000_000)
PORTS = ("api_port", "control_port")
WORKSPACE = "workspace"
DATA_FOLDER = "mirante-data"
Wrong = Callable[[str, str], MiranteError]  # the error of one setting: problem, fix
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
        Path(DATA_FOLDER),
        "folder where the embedded stores and journals keep their files; unset: mirante-data in the "
        "workspace, or in this folder with the shipped one",
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
        "folder whose policy.yaml, channels.yaml, schedules.yaml, people.yaml, raci.yaml, indicators.yaml "
        "and runbooks/ take the place of the workspace's; unset: none",
    )
    count_source: str = _setting(
        "auto",
        "where SLO counts come from: journals (written by Mirante's own processes), prometheus, cloudwatch "
        "(for SLOs that name CloudWatch metrics), or auto (Prometheus if its URL is set, else the journals)",
    )
    prometheus: str = _setting(
        "",
        "Prometheus URL; it is asked what fires, and counts SLOs unless count_source is journals",
    )
    prometheus_dir: Path | None = _setting(None, "folder where `mirante apply prometheus` writes rule files")
    alertmanager: str = _setting(
        "", "Alertmanager URL; it is asked what fires, and reloaded after its file changes"
    )
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
    slack_signing_secret: str = _setting(
        "", "signing secret of the Slack app whose buttons /hooks/slack takes; unset: none are", secret=True
    )
    telegram_hook_token: str = _setting(
        "", "secret token of the Telegram webhook that /hooks/telegram takes; unset: none is", secret=True
    )
    acknowledge_key: str = _setting(
        "",
        "key that signs the acknowledge links of messages, the same on every machine that shares a "
        "router_store; unset: generated at first use",
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
    watched_sources: tuple[str, ...] = _setting(
        ("auto",),
        "who is asked what fires, so that no alert is lost on its way: alertmanager, prometheus, cloudwatch; "
        "auto: those whose URL is set, and CloudWatch if alarm_queue is; none",
    )
    alertmanager_receivers: tuple[str, ...] = _setting(
        (),
        "Alertmanager receivers whose alerts are expected here; unset: those that send to a hook of Mirante, "
        "or where it does not show addresses, all that send anywhere",
    )
    watch_every: float = _setting(30.0, "seconds between two questions to each watched source")
    page_unsent_after: float = _setting(
        120.0, "seconds that an alert fires at its source without having come here before it is paged"
    )
    close_unreported_after: float = _setting(
        300.0, "seconds that a source no longer reports what is open here before it is closed as that"
    )
    page_source_after: float = _setting(
        300.0, "seconds that a watched source cannot tell what fires before that is paged"
    )

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
        """This process's environment with these settings on top, for a child process: all of them, for what
        is the default here may not be what the workspace's file says."""
        ours = {
            ENV_PREFIX + spec.name.upper(): _text(getattr(self, spec.name))
            for spec in fields(self)
            if getattr(self, spec.name) is not None and spec.name != "channel_secrets"
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
        SettingsError: an unknown name, or a value that cannot be used, given by flag or environment.
        DefinitionError: the same in a file, with its line; or the file cannot be read, or is not TOML.
    """
    env = os.environ if environment is None else environment
    config = (directory or Path.cwd()) / CONFIG_FILE
    from_file = _from_file(config)
    from_env = {
        name[len(ENV_PREFIX) :].lower(): value for name, value in env.items() if name.startswith(ENV_PREFIX)
    }
    from_env = {name: value for name, value in from_env.items() if not name.startswith(TEST_NAMES)}
    secrets = _taken_secrets(from_env)
    flags = {name: value for name, value in (flags or {}).items() if value is not None}
    sources = [from_file, _given("environment", from_env, ENV_PREFIX), _given("command line", flags)]
    chosen = next((source for source in reversed(sources) if source.values.get(WORKSPACE)), None)
    settings = Settings() if chosen is None else _of_workspace(chosen)
    settings = _merge(settings, from_file)
    settings = _with_secrets(settings, secrets)
    for source in sources[1:]:
        settings = _merge(settings, source)
    return _checked(settings)


@dataclass(frozen=True, slots=True)
class _Source:
    """Settings from one place. ``wrong`` makes the error of one: name, problem, fix."""

    values: Mapping[str, object]
    wrong: Callable[[str, str, str], MiranteError]
    prefix: str = ""

    def written(self, name: str) -> str:
        """As a person writes the name there."""
        return self.prefix + name.upper() if self.prefix else name


def _given(place: str, values: Mapping[str, object], prefix: str = "") -> _Source:
    return _Source(values, lambda name, *told: SettingsError(f"{place}: {name}", *told), prefix)


def _from_file(path: Path) -> _Source:
    """Nothing, where no such file is.

    Raises:
        DefinitionError: it cannot be read, or is not TOML.
    """
    if is_absent(path):
        return _given(str(path), {})
    from app.settings_file import read_settings_file  # here, for most folders hold none

    file = read_settings_file(path)
    return _Source(file.values, file.wrong)


def _of_workspace(chosen: _Source) -> Settings:
    """The defaults, and what the file of the workspace says that ``chosen`` names.

    Raises:
        MiranteError: there is no such folder, or its file names another workspace.
    """
    root = Path(str(chosen.values[WORKSPACE]))
    if not root.is_dir():
        problem = f"there is no folder {root}" if is_absent(root) else f"{root} is not a folder"
        raise NoWorkspace(WORKSPACE, problem, "Name one; `mirante init` makes one")
    own = _from_file(Workspace(root).config)
    if WORKSPACE in own.values:
        raise own.wrong(WORKSPACE, "is the workspace this file is in", "Take it out")
    settings = _merge(Settings(), own)
    values = {name: getattr(settings, name) for name in own.values}
    if not Workspace(root).is_shipped:
        values.setdefault("data_dir", settings.data_dir)
    placed: dict[str, Any] = {name: root / at for name, at in values.items() if isinstance(at, Path)}
    return replace(settings, **placed)


def _taken_secrets(from_env: dict[str, str]) -> dict[str, str]:
    """Of channels, by their names; they are taken out of ``from_env``."""
    names = [name for name in from_env if name.startswith(CHANNEL_SECRET)]
    return {name.removeprefix(CHANNEL_SECRET).replace("_", "-"): from_env.pop(name) for name in names}


def _with_secrets(settings: Settings, found: Mapping[str, str]) -> Settings:
    """Those of the environment over those of the file."""
    secrets = ChannelSecrets({**settings.channel_secrets.by_channel, **found})
    return replace(settings, channel_secrets=secrets) if found else settings


def _checked(settings: Settings) -> Settings:
    """What one value alone cannot say."""
    if settings.api_port == settings.control_port and settings.folders.is_shipped:  # others have no API
        problem = f"{settings.control_port} is the api_port, too"
        raise SettingsError("control_port", problem, "Give each side a port of its own")
    parse_clock(settings.clock)
    return settings


def _merge(settings: Settings, source: _Source) -> Settings:
    """
    Raises:
        MiranteError: an unknown name, or a value that cannot be used, as the source tells it.
    """
    known = {spec.name: spec for spec in fields(Settings)}
    parsed = {}
    for name, value in source.values.items():
        written = source.written(name)
        if name not in known:
            problem = f"there is no setting {written!r}"
            raise source.wrong(written, problem, "`mirante settings` lists the names")
        default = known[name].default
        assert default is not MISSING
        wrong = partial(source.wrong, written)
        parsed[name] = _parse(value, default, wrong)
        _refuse_unusable(name, parsed[name], wrong)
    return replace(settings, **parsed)


def _refuse_unusable(name: str, value: Any, wrong: Wrong) -> None:
    allowed = CHOICES.get(name)
    if allowed is not None and value not in allowed:
        raise wrong(
            f"{shortened(repr(value))} is not one of the choices", f"Choose one of: {', '.join(allowed)}"
        )
    if name in PORTS and not 0 < value < 65_536:
        raise wrong(f"{shortened(repr(value))} is not a port", "Give 1 to 65535")
    if name in POSITIVE:
        if not value > 0:
            raise wrong(f"{value} is not above zero", "Give more than zero")
        least, most = SECONDS if isinstance(value, float) else COUNTS
        if not least <= value <= most:
            raise wrong(f"{shortened(str(value))} is out of range", f"Give {least:g} to {most:,}")


def _parse(value: object, default: object, wrong: Wrong) -> Any:
    try:
        text = str(value)
    except (ValueError, RecursionError):
        raise wrong("is too long or too deep for a setting", "Give one short value") from None
    if isinstance(default, ChannelSecrets):
        return _channel_secrets(value, wrong)
    if isinstance(default, tuple):
        return tuple(str(item) for item in value) if isinstance(value, list) else _listed(text)
    if isinstance(value, Mapping | list):
        raise wrong("is a table or a list", "Give one value")
    if default is None or isinstance(default, Path):
        return Path(text)
    try:
        if isinstance(default, bool):
            return _boolean(text)
        if isinstance(default, int | float):
            return type(default)(text)
    except ValueError:
        kind = KINDS[type(default)]
        problem = f"{shortened(repr(value))} is not a {kind}"
        raise wrong(problem, f"Give a {kind}, such as {default}") from None
    return text


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _channel_secrets(value: object, wrong: Wrong) -> ChannelSecrets:
    if isinstance(value, Mapping) and all(isinstance(secret, str) for secret in value.values()):
        return ChannelSecrets(dict(value))
    fix = f"Write a [channel_secrets] table, or set {channel_variable('<name>')}"
    raise wrong("is not a table with one text per channel", fix)


def _boolean(written: str) -> bool:
    text = written.lower()
    if text in {"1", "true", "yes", "on"}:
        return True
    if text in {"0", "false", "no", "off", ""}:
        return False
    raise ValueError(text)
