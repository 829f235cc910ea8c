"""One labelled-set object in, one out: the glue for JSONL tools."""

from datetime import datetime
from typing import Any

from bot.language.meaning import Report, Site, SpokenReading, Utterance
from bot.language.readings import read

CHATS = ("group", "single")
LABELLED_SITES = frozenset(Site) - {Site.RECTAL}  # the set has no word for it


def utterance_of(record: dict[str, object]) -> Utterance:
    """The utterance of one object; ValueError names the field that is wrong."""
    fields: dict[str, str] = {}
    for name in ("id", "chat", "sender", "sent_at", "text"):
        value = record.get(name)
        if name not in record:
            raise ValueError(f"缺少字段 {name}")
        if not isinstance(value, str):
            raise ValueError(f"字段 {name} 应是文字")
        fields[name] = value
    if fields["chat"] not in CHATS:
        raise ValueError("字段 chat 只能是 group 或 single")
    try:
        sent_at = datetime.fromisoformat(fields["sent_at"])
    except ValueError as error:
        raise ValueError("字段 sent_at 不是时间") from error
    return Utterance(
        text=fields["text"],
        sender=fields["sender"],
        is_group=fields["chat"] == "group",
        sent_on=sent_at.date(),
        sent_minute=sent_at.hour * 60 + sent_at.minute,
    )


def parse_record(record: dict[str, object]) -> dict[str, object]:
    """What `read` found, in the shape of the labelled set."""
    said = utterance_of(record)
    return {"id": record["id"], **_labels(read(said))}


def _labels(report: Report) -> dict[str, object]:
    return {
        "intent": report.intent.value,
        "readings": [_reading(r) for r in report.readings],
        "clarify": [c.number for c in report.clarify],
        "correction": report.correction,
        "symptoms": [{"who": s.who, "name": s.name} for s in report.symptoms],
    }


def _reading(reading: SpokenReading) -> dict[str, Any]:
    labels: dict[str, Any] = {
        "who": reading.who,
        "celsius": float(reading.celsius),
        "approx": reading.approx,
        "day": reading.day,
        "period": reading.period.value if reading.period else None,
        "site": reading.site.value if reading.site and reading.site in LABELLED_SITES else None,
    }
    if reading.count is not None:
        labels["count"] = reading.count
    return labels
