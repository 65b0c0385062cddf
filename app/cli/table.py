"""Every command that lies in a module of its own: its name, where it is, and what it does in one line.

The line is the first sentence of the command's own help; a listing shows it without loading the command.
"""

from __future__ import annotations

from app.cli.lazy import Later

ROOT = [
    Later(
        "alerts",
        "app.cli.alerts:alerts",
        "Incidents: what is open, why, who was told, and what a person does about it.",
    ),
    Later("apply", "app.cli.deploy:apply", "Bring what is deployed to what is generated."),
    Later(
        "audit",
        "app.cli.audit:audit",
        "The audit trail: an append-only hash chain, anchored outside its database.",
    ),
    Later("build", "app.cli.definitions:build", "Write everything generated: same input, same bytes."),
    Later(
        "check",
        "app.cli.definitions:check",
        "Validate and lint everything people write; the exit status is the answer.",
    ),
    Later(
        "consistency", "app.cli.consistency:consistency", "Do the stores say the same as the source of truth?"
    ),
    Later("console-link", "app.cli.serve:console_link", "Print a new one-time sign-in link of the console."),
    Later("dashboards", "app.cli.dashboards:dashboards", "Look at the boards without Grafana."),
    Later("decide", "app.cli.decide:decide", "Decide every row of a CSV file by the credit policy."),
    Later(
        "demo",
        "app.cli.demo:demo",
        "Real loans through the API, a fault, the burn, the page, the recovery; ends with a report.",
    ),
    Later(
        "export",
        "app.cli.export:export",
        "Write every wide row to gzip files of JSON lines with a manifest, for analysis elsewhere.",
    ),
    Later(
        "import",
        "app.cli.definitions:import_",
        "Sloth or OpenSLO in, our definitions (OpenSLO v1 with annotations) out.",
    ),
    Later("ingest", "app.cli.ingest:ingest", "Records onto the ingestion stream and into the stores."),
    Later(
        "init", "app.cli.init:init", "Make a workspace in DIR, from what a Prometheus has or as an example."
    ),
    Later("keys", "app.cli.keys:keys", "API keys: create, list, revoke."),
    Later(
        "plan",
        "app.cli.deploy:plan",
        "Say how what is deployed differs from what is generated; change nothing.",
    ),
    Later(
        "sagas",
        "app.cli.sagas:sagas",
        "Disbursements and other work that spans stores: under way, ended, or stuck.",
    ),
    Later(
        "serve", "app.cli.serve:serve", "Serve one ROLE as its own process: this is how Mirante is deployed."
    ),
    Later(
        "settings",
        "app.cli.settings:settings",
        "Show every setting in force: flags over MIRANTE_* over mirante.toml over defaults.",
    ),
    Later(
        "simulate",
        "app.cli.simulate:simulate_",
        "When each alert of SLO_ID fires and resets, and how much budget is spent by then.",
    ),
    Later("slo", "app.cli.slo:slo", "Service levels: status and detail."),
    Later(
        "stack",
        "app.cli.stack:stack",
        "Real servers on this machine: MariaDB, Redis, Cassandra, AWS (emulated), Prometheus, Alertmanager.",
    ),
    Later(
        "up",
        "app.cli.serve:up",
        "Serve everything on this machine: decision API, ingestion, console, evaluator, router, exporters.",
    ),
]
ALERTS = [
    Later(
        "ack",
        "app.cli.alerts:ack",
        "Acknowledge: stops the acknowledgement clock, never the resolution clock.",
    ),
    Later(
        "calibrate",
        "app.cli.alert_calibration:calibrate_",
        "What threshold the record of an INDICATOR suggests, and the false pages a month it would cost.",
    ),
    Later(
        "channels",
        "app.cli.alert_channels:channels",
        "What carries messages, to which teams, and whether its secret is set.",
    ),
    Later(
        "explain",
        "app.cli.alerts:explain",
        "Every decision the router took about an incident, and what comes next if nobody acts.",
    ),
    Later("list", "app.cli.alerts:list_", "Open incidents, most severe first."),
    Later(
        "note",
        "app.cli.alert_actions:note",
        "Write into the timeline; whoever is told next reads it under what was tried.",
    ),
    Later(
        "postmortem",
        "app.cli.alert_reports:postmortem_",
        "The incident as a Markdown document: facts, arithmetic, timeline, and room for what was learnt.",
    ),
    Later(
        "quarantine",
        "app.cli.alert_reports:quarantine",
        "What known senders sent and nobody could read: kept apart, in bounded space.",
    ),
    Later(
        "reassign",
        "app.cli.alert_actions:reassign",
        "Hand an incident to a team, or TEAM:PERSON; they are told and have the whole time to acknowledge.",
    ),
    Later(
        "report",
        "app.cli.alert_reports:report",
        "How good each alert rule is: acted on, gone by itself, flapping, paging out of hours.",
    ),
    Later(
        "resolve", "app.cli.alerts:resolve", "Resolve by hand; an alert that goes on firing opens it again."
    ),
    Later("show", "app.cli.alerts:show", "One incident: summary, arithmetic, timeline, notifications."),
    Later(
        "silence",
        "app.cli.alert_actions:silence",
        "Keep and show alerts that match, and tell nobody meanwhile: 'slo=\"credit/decision-latency\"'.",
    ),
    Later("silences", "app.cli.alert_actions:silences", "Silences that have not ended."),
    Later(
        "simulate",
        "app.cli.alert_reports:simulate_",
        "Who would have been told what, when, if nobody did anything.",
    ),
    Later(
        "snooze", "app.cli.alert_actions:snooze", "Let clocks that would run out before then run out then."
    ),
    Later(
        "subscribe",
        "app.cli.alert_channels:subscribe",
        "Let an SQS queue hear a channel's topics: WHO is a team, or `router`.",
    ),
    Later(
        "try",
        "app.cli.alert_channels:try_",
        "Send one message by a channel, now; no incident is opened and nobody has to act.",
    ),
    Later("unsilence", "app.cli.alert_actions:unsilence", "End a silence now; what it held back is paged."),
]
INGEST = [
    Later(
        "dead-letters",
        "app.cli.backlog:dead_letters",
        "Records set aside, with the reason; their content stays sealed.",
    ),
    Later("status", "app.cli.backlog:status", "What waits, what was set aside and the newest batches."),
]
