"""Payloads as the senders make them, and an SNS whose key and certificate the test made itself."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from alarms.intake.sns_message import signed_text
from tests.support.alerts import MONDAY_10

TOPIC = "arn:aws:sns:sa-east-1:123456789012:alarms"
CERTIFICATE_URL = "https://sns.sa-east-1.amazonaws.com/SimpleNotificationService-0123.pem"


def alertmanager(*alerts: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "version": "4",
        "groupKey": '{}:{alertname="x"}',
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "mirante",
        "groupLabels": {},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager",
        "alerts": list(alerts),
        **more,
    }


def alert(
    name: str = "DiskFull",
    status: str = "firing",
    starts: datetime = MONDAY_10,
    ends: datetime | None = None,
    annotations: dict[str, str] | None = None,
    **labels: str,
) -> dict[str, Any]:
    return {
        "status": status,
        "labels": {"alertname": name, **labels},
        "annotations": annotations or {"summary": f"{name} fires"},
        "startsAt": starts.isoformat().replace("+00:00", "Z"),
        "endsAt": "0001-01-01T00:00:00Z" if ends is None else ends.isoformat().replace("+00:00", "Z"),
        "generatorURL": "http://prometheus/graph",
        "fingerprint": "0123456789abcdef",
    }


def grafana(*alerts: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "receiver": "mirante",
        "status": "firing",
        "state": "alerting",
        "orgId": 1,
        "groupLabels": {"alertname": "x"},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "https://grafana.example/",
        "version": "1",
        "groupKey": '{}/{}:{alertname="x"}',
        "truncatedAlerts": 0,
        "title": "[FIRING:1] x",
        "message": "**Firing**",
        "alerts": list(alerts),
        **more,
    }


def grafana_alert(name: str = "QueueLong", status: str = "firing", **more: Any) -> dict[str, Any]:
    """``labels`` among ``more`` are further ones; anything else replaces what is there."""
    labels = more.pop("labels", {})
    return {
        "status": status,
        "labels": {"alertname": name, "grafana_folder": "Payments", **labels},
        "annotations": {
            "summary": f"{name}: over its limit",
            "runbook_url": "https://runbooks.example/queue",
        },
        "startsAt": "2026-03-02T14:58:30.157076+01:00",
        "endsAt": "0001-01-01T00:00:00Z" if status == "firing" else "2026-03-02T15:30:00+01:00",
        "generatorURL": "https://grafana.example/alerting/grafana/abc/view?orgId=1",
        "fingerprint": "c6eadffa33fcdf37",
        "silenceURL": "https://grafana.example/alerting/silence/new?alertmanager=grafana",
        "dashboardURL": "https://grafana.example/d/pay?orgId=1",
        "panelURL": "https://grafana.example/d/pay?orgId=1&viewPanel=4",
        "values": {"B": 44.23943737541908, "C": 1},
        "valueString": "[ var='B' labels={} value=44.23943737541908 ]",
        **more,
    }


def pagerduty(action: str = "trigger", key: str | None = "db1/disk", **more: Any) -> dict[str, Any]:
    """``payload`` among ``more`` are changes to it; anything else replaces what is there."""
    payload = more.pop("payload", {})
    return {
        "routing_key": "token-of-the-shop",
        "event_action": action,
        **({} if key is None else {"dedup_key": key}),
        "client": "Shop monitor",
        "client_url": "https://monitor.example/events/7",
        "links": [{"href": "https://wiki.example/disk", "text": "What to do"}],
        "images": [{"src": "https://charts.example/disk.png", "alt": "Disk"}],
        "payload": {
            "summary": "Disk of db1 is 97 % full",
            "source": "db1.example",
            "severity": "critical",
            "timestamp": "2026-03-02T12:55:00.000+0000",
            "component": "aurora",
            "group": "payments",
            "class": "disk",
            "custom_details": {"used": "97 %", "free_bytes": 1234},
            **payload,
        },
        **more,
    }


def cloudwatch_alarm(
    name: str = "cpu-high", state: str = "ALARM", at: datetime = MONDAY_10, **more: Any
) -> dict[str, Any]:
    return {
        "AlarmName": name,
        "AlarmDescription": None,
        "AWSAccountId": "123456789012",
        "NewStateValue": state,
        "NewStateReason": "Threshold Crossed: 1 datapoint was greater than the threshold",
        "StateChangeTime": at.strftime("%Y-%m-%dT%H:%M:%S.000+0000"),
        "Region": "South America (Sao Paulo)",
        "AlarmArn": f"arn:aws:cloudwatch:sa-east-1:123456789012:alarm:{name}",
        "OldStateValue": "OK",
        "Trigger": {"MetricName": "CPU", "Dimensions": [{"value": "aurora", "name": "component"}]},
        **more,
    }


def eventbridge_event(
    name: str = "cpu-high", state: str = "ALARM", at: datetime = MONDAY_10
) -> dict[str, Any]:
    return {
        "version": "0",
        "id": "c4c1c1c9-6542-e61b-6ef0-8c4d36933a92",
        "detail-type": "CloudWatch Alarm State Change",
        "source": "aws.cloudwatch",
        "account": "123456789012",
        "time": at.isoformat().replace("+00:00", "Z"),
        "region": "sa-east-1",
        "resources": [f"arn:aws:cloudwatch:sa-east-1:123456789012:alarm:{name}"],
        "detail": {
            "alarmName": name,
            "state": {
                "value": state,
                "reason": "Threshold Crossed",
                "timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.000+0000"),
            },
            "previousState": {"value": "OK"},
            "configuration": {
                "metrics": [
                    {
                        "id": "m",
                        "metricStat": {"metric": {"name": "CPU", "dimensions": {"component": "aurora"}}},
                    }
                ]
            },
        },
    }


@lru_cache(maxsize=4)
def rsa_key(number: int = 0) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, start: datetime, end: datetime) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


@dataclass
class MadeSns:
    """Signs as SNS does, and serves its certificate; ``fetched`` tells every address that was asked for."""

    number: int = 0
    start: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    end: datetime = datetime(2027, 1, 1, tzinfo=UTC)
    fetched: list[str] = field(default_factory=list)

    def fetch(self, url: str) -> bytes:
        self.fetched.append(url)
        return certificate(rsa_key(self.number), self.start, self.end)

    def message(
        self,
        message: str | None = None,
        *,
        kind: str = "Notification",
        topic: str = TOPIC,
        at: datetime = MONDAY_10,
        version: str = "2",
        url: str = CERTIFICATE_URL,
        message_id: str = "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        subject: str | None = "ALARM",
        **changed: str,
    ) -> bytes:
        """Signed, then ``changed`` is put over it (a forgery, if anything is)."""
        fields = {
            "Type": kind,
            "MessageId": message_id,
            "TopicArn": topic,
            **({} if subject is None else {"Subject": subject}),
            "Message": json.dumps(cloudwatch_alarm()) if message is None else message,
            "Timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "SignatureVersion": version,
            "SigningCertURL": url,
        }
        if kind != "Notification":
            fields |= {
                "Token": "token",
                "SubscribeURL": "https://sns.sa-east-1.amazonaws.com/?Action=Confirm",
            }
        fields |= {key: value for key, value in changed.items() if key in ("SubscribeURL",)}
        algorithm = hashes.SHA256() if version == "2" else hashes.SHA1()
        signature = rsa_key(self.number).sign(signed_text(fields, kind), padding.PKCS1v15(), algorithm)
        fields["Signature"] = base64.b64encode(signature).decode()
        return json.dumps({**fields, **changed}).encode()


HOUR = timedelta(hours=1)
