"""The topics that ``mirante apply aws`` makes, made by hand."""

from __future__ import annotations

from typing import Any

from alarms.model.severity import Severity
from alarms.notify.sns_topics import topic_name


def ensure_topics(client: Any, environment: str) -> dict[Severity, str]:
    """ARN by severity. Making a topic that exists gives the one there is."""
    return {
        severity: str(client.create_topic(Name=topic_name(environment, severity))["TopicArn"])
        for severity in Severity
    }
