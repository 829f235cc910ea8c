"""Records in, records out: what `shouwang ask` prints for a line that it was given."""

from collections.abc import Mapping, Sequence
from datetime import date

from bot.language.faq import Action, Engine, Hit
from bot.language.items import Item, ItemEngine
from bot.language.pack import Pack


def _asked(record: Mapping[str, object]) -> tuple[object, str]:
    key = record.get("id")
    if not isinstance(key, str | int) or isinstance(key, bool) or key == "":
        raise ValueError("缺 id：每行要有 id（文字或数字）")
    text = record.get("text")
    if not isinstance(text, str):
        raise ValueError(f"{key}：缺 text，或不是文字")
    return key, text


def _said(hit: Hit) -> dict[str, object]:
    entry = hit.entry
    return {
        "entry": entry.id,
        "question": entry.question,
        "verdict": entry.verdict.value if entry.verdict else None,
        "confidence": hit.confidence,
        "text": entry.answer,
        "source": entry.source.readable() if entry.source else "",
    }


def answer_record(engine: Engine, record: Mapping[str, object], on: date) -> dict[str, object]:
    """What is said to a resident who asks in private, as `shouwang ask` prints it.

    Raises:
        ValueError: the record has no usable `id` or `text`; the message is Chinese.
    """
    key, text = _asked(record)
    asked = engine.ask(text, on=on, addressed=True, in_group=False)
    said = asked.hits if asked.action is Action.ANSWER else ()
    return {"id": key, "action": asked.action.value, "answers": [_said(hit) for hit in said]}


def item_record(engine: ItemEngine, record: Mapping[str, object]) -> dict[str, object]:
    """What `shouwang ask --items` prints.

    Raises:
        ValueError: the record has no usable `id` or `text`; the message is Chinese.
    """
    key, text = _asked(record)
    found = engine.ask(text)
    answers = [{"entry": entry, "confidence": sure} for entry, sure in found.answers]
    return {"id": key, "action": found.action, "answers": answers, "best": found.best}


def item_from_record(record: Mapping[str, object]) -> Item:
    """One line of a foreign list.

    Raises:
        ValueError: no usable `id` or `title`; the message is Chinese.
    """
    key, title, body = record.get("id"), record.get("title"), record.get("body")
    if not isinstance(key, str | int) or isinstance(key, bool) or key == "":
        raise ValueError("条目缺 id")
    if not isinstance(title, str) or not title.strip():
        raise ValueError(f"条目 {key}：缺 title，或不是文字")
    if body is not None and not isinstance(body, str):
        raise ValueError(f"条目 {key}：body 不是文字")
    return Item(str(key), title, body or "")


def best_day(packs: Sequence[Pack], today: date) -> date:
    """The day to ask for when nobody named one: today where most entries may be said today,
    else the last of the days on which most may be said, so that a pack of 2020 can be tried at all.
    """
    days = {today}
    for pack in packs:
        for entry in pack.entries:
            for ends in (pack.valid_to, entry.valid_to):
                days.add(ends or today)
            for starts in (pack.valid_from, entry.valid_from):
                days.add(starts or today)
    said = {day: sum(p.is_current(e, day) for p in packs for e in p.entries) for day in days}
    if said[today] * 2 > sum(len(pack.entries) for pack in packs):
        return today
    return max(days, key=lambda day: (said[day], day <= today, day))
