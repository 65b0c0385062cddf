"""Why two rule sets page differently. ``docs/migration.md`` says which are shown, which read from data."""

from __future__ import annotations

from enum import StrEnum

from foundation.bilingual import Text


class ChangeReason(StrEnum):
    LOW_TRAFFIC = "low traffic"
    WINDOWS = "windows"
    LOW_TRAFFIC_AND_WINDOWS = "low traffic and windows"
    GROUP = "group"
    NO_ALERTS = "no alerts"
    NO_DATA = "no data"
    MINUTE_AVERAGE = "minute average"
    MISSING_SERIES = "missing series"
    MEAN_OF_RATIOS = "mean of ratios"
    UNEXPLAINED = "unexplained"

    @property
    def text(self) -> Text:
        return _TEXTS[self]


_TEXTS = {
    ChangeReason.LOW_TRAFFIC: Text(
        "too few events in the window for a page: `min-events` lowers or withholds it; without it both agree",
        "eventos de menos na janela: `min-events` rebaixa ou retém a página; sem isso os dois coincidem",
    ),
    ChangeReason.WINDOWS: Text(
        "windows, factors or waiting times differ; with those of the other tool both agree",
        "janelas, fatores ou esperas diferem; com os da outra ferramenta os dois coincidem",
    ),
    ChangeReason.LOW_TRAFFIC_AND_WINDOWS: Text(
        "both of them together; with the other tool's windows and without `min-events` both agree",
        "as duas causas juntas; com as janelas da outra ferramenta e sem `min-events` os dois coincidem",
    ),
    ChangeReason.GROUP: Text(
        "the labels kept differ: one judges this label set by itself, the other only as a part of all",
        "os rótulos mantidos diferem: um julga este conjunto de rótulos sozinho, o outro só dentro do todo",
    ),
    ChangeReason.NO_ALERTS: Text(
        "one of the two generates no alert of this kind",
        "um dos dois não gera alertas deste tipo",
    ),
    ChangeReason.NO_DATA: Text(
        "an alert about metrics that are gone, which the two define differently",
        "um alerta sobre métricas que sumiram, que os dois definem de modo diferente",
    ),
    ChangeReason.MINUTE_AVERAGE: Text(
        "a ready-made ratio holds no counts: we average its minutes, the other asks it for the whole window",
        "uma razão pronta não traz contagens: fazemos a média dos minutos, a outra pergunta a janela inteira",
    ),
    ChangeReason.MISSING_SERIES: Text(
        "a series was missing: no failures where failures are counted, no data where good ones are; "
        "the other tool has no ratio at all",
        "faltou uma série: zero falhas onde se contam falhas, sem dados onde se contam acertos; "
        "a outra ferramenta fica sem razão alguma",
    ),
    ChangeReason.MEAN_OF_RATIOS: Text(
        "the other tool averages five-minute ratios, each weighing the same at any traffic; we weigh events",
        "a outra ferramenta faz a média de razões de cinco minutos, de mesmo peso; nós pesamos eventos",
    ),
    ChangeReason.UNEXPLAINED: Text(
        "no reason known: look at it before you switch", "sem razão conhecida: examine antes de migrar"
    ),
}
