"""Every command that lies in a module of its own: its name, where it is, and what it does in one line.

The line is the first sentence of the command's own help; a listing shows it without loading the command.
"""

from __future__ import annotations

from app.cli.lazy import Later

ROOT = [
    Later(
        "alerts",
        "app.cli.alerts:alerts",
        "Incidents: what is open, why, who was notified, and what to do about it.",
    ),
    Later("apply", "app.cli.deploy:apply", "Deploy what is generated."),
    Later(
        "audit",
        "app.cli.audit:audit",
        "The audit trail: an append-only hash chain, anchored outside its database.",
    ),
    Later("build", "app.cli.definitions:build", "Generate everything; the same input gives the same bytes."),
    Later(
        "check",
        "app.cli.definitions:check",
        "Validate and lint everything people write; the exit status says whether it passed.",
    ),
    Later("consistency", "app.cli.consistency:consistency", "Compare the stores with the source of truth."),
    Later("console-link", "app.cli.serve:console_link", "Print a new one-time sign-in link of the console."),
    Later("dashboards", "app.cli.dashboards:dashboards", "Preview the boards without Grafana."),
    Later("decide", "app.cli.decide:decide", "Decide every row of a CSV file with the credit policy."),
    Later(
        "demo",
        "app.cli.demo:demo",
        "Run real loans through the API, a fault, the burn, the page and the recovery; ends with a report.",
    ),
    Later(
        "export",
        "app.cli.export:export",
        "Export every wide row to gzip files of JSON lines with a manifest, for analysis elsewhere.",
    ),
    Later(
        "import",
        "app.cli.definitions:import_",
        "Convert other tools' files to our definitions (OpenSLO v1 with annotations).",
    ),
    Later("ingest", "app.cli.ingest:ingest", "Send records through the ingestion stream into the stores."),
    Later(
        "init",
        "app.cli.init:init",
        "Create a workspace in DIR, from the metrics of a Prometheus or as an example.",
    ),
    Later("keys", "app.cli.keys:keys", "API keys: create, list, revoke."),
    Later(
        "plan",
        "app.cli.deploy:plan",
        "Show how the deployment differs from what is generated; changes nothing.",
    ),
    Later(
        "sagas",
        "app.cli.sagas:sagas",
        "Disbursements and other work that spans stores: in progress, ended, or stuck.",
    ),
    Later("serve", "app.cli.serve:serve", "Serve one ROLE as its own process, as in a deployment."),
    Later(
        "settings",
        "app.cli.settings:settings",
        "Show the effective settings: flags override MIRANTE_*, then mirante.toml, then defaults.",
    ),
    Later(
        "simulate",
        "app.cli.simulate:simulate_",
        "Show when each alert of SLO_ID fires and resets, and how much budget is spent by then.",
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
_PURPOSES = {
    "SLOs and boards": ("init", "check", "build", "slo", "simulate", "dashboards", "import", "plan", "apply"),
    "Alerts": ("alerts",),
    "Running": ("up", "serve", "console-link", "settings"),
    "The credit platform (the shipped workspace)": (
        *("demo", "decide", "ingest", "keys", "sagas"),
        *("consistency", "audit", "export", "stack"),
    ),
}
# As the help lists them.
BY_PURPOSE = {
    purpose: [next(one for one in ROOT if one.name == name) for name in names]
    for purpose, names in _PURPOSES.items()
}
ALERTS = [
    Later(
        "ack",
        "app.cli.alerts:ack",
        "Acknowledge an incident, which stops the acknowledgement deadline but not the resolution deadline.",
    ),
    Later(
        "calibrate",
        "app.cli.alert_calibration:calibrate_",
        "Suggest a threshold for an INDICATOR from its history, with the false pages per month "
        "it would cost.",
    ),
    Later(
        "channels",
        "app.cli.alert_channels:channels",
        "List the channels: whom they serve, whether their secrets are set, whether messages arrive.",
    ),
    Later(
        "duty",
        "app.cli.alert_duty:duty",
        "Show who is on duty, now and in the coming days, for each team.",
    ),
    Later(
        "explain",
        "app.cli.alerts:explain",
        "Show every routing decision about an incident, and what comes next if nobody acts.",
    ),
    Later(
        "heartbeats",
        "app.cli.alert_heartbeats:heartbeats",
        "List the sources that must not go quiet: when each was last heard from, and when it is due.",
    ),
    Later(
        "intake",
        "app.cli.alert_intake:intake",
        "What other systems send: `alarms/intakes.yaml` maps the JSON of those that are not known yet.",
    ),
    Later("list", "app.cli.alerts:list_", "Open incidents, most severe first."),
    Later(
        "maintenance",
        "app.cli.alert_maintenance:maintenance",
        "Recurring maintenance: list its windows.",
    ),
    Later(
        "note",
        "app.cli.alert_actions:note",
        "Add a note to the timeline; the next notifications show it.",
    ),
    Later(
        "postmortem",
        "app.cli.alert_reports:postmortem_",
        "Write the incident as a Markdown post-mortem: facts, arithmetic, timeline, and room for "
        "lessons learned.",
    ),
    Later(
        "quarantine",
        "app.cli.alert_reports:quarantine",
        "List payloads from known senders that could not be read.",
    ),
    Later(
        "reassign",
        "app.cli.alert_actions:reassign",
        "Hand an incident to a team or TEAM:PERSON, who are notified and get the full time to acknowledge.",
    ),
    Later(
        "reload",
        "app.cli.alert_actions:reload",
        "Have a running router read policy, schedules, people and channels anew.",
    ),
    Later(
        "replay",
        "app.cli.alert_replay:replay_",
        "Run the recorded alerts through a changed policy: pages added, removed, moved, and missed.",
    ),
    Later(
        "report",
        "app.cli.alert_reports:report",
        "Show how good each alert rule is: acted on, cleared by itself, flapping, paging out of hours.",
    ),
    Later(
        "resolve",
        "app.cli.alerts:resolve",
        "Resolve an incident by hand; if the alert keeps firing, it reopens.",
    ),
    Later("show", "app.cli.alerts:show", "Show one incident: summary, arithmetic, timeline, notifications."),
    Later(
        "silence",
        "app.cli.alert_actions:silence",
        "Silence matching alerts: they are stored and shown, but nobody is notified, as with "
        "'slo=\"credit/decision-latency\"'.",
    ),
    Later("silences", "app.cli.alert_actions:silences", "List silences that have not ended."),
    Later(
        "simulate",
        "app.cli.alert_reports:simulate_",
        "Show who would have been notified, and when, if nobody had acted.",
    ),
    Later(
        "snooze",
        "app.cli.alert_actions:snooze",
        "Snooze an incident: deadlines before that time move to that time.",
    ),
    Later(
        "sources",
        "app.cli.alert_sources:sources",
        "Show each source that is asked what fires: state, alerts firing there, heard and missing here.",
    ),
    Later(
        "subscribe",
        "app.cli.alert_channels:subscribe",
        "Subscribe an SQS queue to a channel's topics; WHO is a team, or `router`.",
    ),
    Later("token", "app.cli.alert_tokens:token", "Tokens of senders and tools: create, list, revoke."),
    Later(
        "try",
        "app.cli.alert_channels:try_",
        "Send a test message through a channel; no incident is opened.",
    ),
    Later(
        "unsilence",
        "app.cli.alert_actions:unsilence",
        "End a silence now; incidents that it held back are paged.",
    ),
]
INGEST = [
    Later(
        "dead-letters",
        "app.cli.backlog:dead_letters",
        "List records that were set aside, with the reason; their content stays encrypted.",
    ),
    Later(
        "status",
        "app.cli.backlog:status",
        "Show what is waiting, what was set aside, and the newest batches.",
    ),
]
