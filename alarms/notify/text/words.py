"""What every message says in the same words, in both languages."""

from __future__ import annotations

from alarms.model.incident import TransitionKind
from alarms.model.notification import NotifyStep
from foundation.bilingual import Text

WHY = {
    TransitionKind.OPENED: Text("new incident", "novo incidente"),
    TransitionKind.REOPENED: Text("the problem is back", "o problema voltou"),
    TransitionKind.SEVERITY_RAISED: Text("severity raised", "severidade elevada"),
    TransitionKind.RELEASED: Text("no longer held back", "não está mais retido"),
    TransitionKind.ACK_MISSED: Text("not acknowledged in time", "não assumido no prazo"),
    TransitionKind.ESCALATED: Text("not resolved in time", "não resolvido no prazo"),
    TransitionKind.REPEATED: Text("still not acknowledged", "ainda não assumido"),
    TransitionKind.REASSIGNED: Text("assigned to you", "atribuído a você"),
    TransitionKind.REMEDIATION_ASKED: Text("remediation requested", "remediação solicitada"),
    TransitionKind.REPAIRED: Text("a missing page was found", "um aviso que faltava foi encontrado"),
    TransitionKind.UNDELIVERABLE: Text(
        "another team could not be reached", "outra equipe não pôde ser avisada"
    ),
    TransitionKind.FAILED_OPEN: Text("a part of the router failed", "uma parte do roteador falhou"),
    TransitionKind.MORE_ALERTS: Text("more alerts joined", "mais alertas se juntaram"),
    TransitionKind.ACKNOWLEDGED: Text("acknowledged", "assumido"),
    TransitionKind.RESOLVED: Text("resolved", "resolvido"),
}
ROLE = {
    NotifyStep.FIRST: Text("You are the first responder.", "Você é o primeiro a atender."),
    NotifyStep.BACKUP: Text("You are the backup. Please act now.", "Você é o backup. Por favor, aja agora."),
    NotifyStep.ESCALATION: Text(
        "This was escalated to you. Please act now.", "Isto foi escalado para você. Por favor, aja agora."
    ),
    NotifyStep.REMINDER: Text("Reminder: this incident is yours.", "Lembrete: este incidente é seu."),
    NotifyStep.INFORM: Text(
        "For your information; you do not have to do anything.",
        "Para seu conhecimento; não é preciso fazer nada.",
    ),
    NotifyStep.REMEDIATION: Text(
        "Automatic remediation was requested.", "Uma remediação automática foi solicitada."
    ),
}
TRIED = {
    TransitionKind.ACKNOWLEDGED: Text("acknowledged by {who}", "assumido por {who}"),
    TransitionKind.ACK_MISSED: Text("nobody acknowledged in time", "ninguém assumiu no prazo"),
    TransitionKind.ESCALATED: Text("not resolved in time, escalated", "não resolvido no prazo, escalado"),
    TransitionKind.REASSIGNED: Text("reassigned by {who} to {to}", "reatribuído por {who} a {to}"),
    TransitionKind.NOTED: Text("noted by {who}", "anotado por {who}"),
    TransitionKind.REMEDIATION_ASKED: Text("remediation requested", "remediação solicitada"),
    TransitionKind.UNDELIVERABLE: Text("{target} could not be reached", "{target} não pôde ser avisado"),
}
