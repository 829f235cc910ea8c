"""What an update of a pack changes, entry by entry, in words for whoever signs it."""

from collections.abc import Iterator
from dataclasses import fields

from bot.language.pack import Entry, Pack, Source

_WORDS = {
    "question": "标准问法",
    "wordings": "问法",
    "answer": "回答",
    "spoken": "念法",
    "source": "出处",
    "verdict": "真假",
    "must": "必有的词",
    "or_must": "另几套词",
    "not_words": "不能有的词",
    "relation": "关系",
    "confused_with": "易混的条目",
    "facts": "事实",
    "valid_from": "从哪天起",
    "valid_to": "到哪天止",
    "heard": "听来的问法",
}
_HEAD = {
    "title": "包名",
    "valid_from": "整包从哪天起",
    "valid_to": "整包到哪天止",
    "bar_group": "群里的把握",
    "bar_private": "私聊的把握",
    "signed_by": "编写和复核",
    "owner": "包的主人",
    "lexicon": "同义词和词组",
    "unasked": "没有在问的话",
}
_LONGEST = 60


def changes(old: Pack | None, new: Pack) -> list[str]:
    """One line a change: what is new, what goes, what is said or asked for otherwise."""
    if old is None:
        return [f"＋ {entry.id}：{entry.question}" for entry in new.entries]
    before = {entry.id: entry for entry in old.entries}
    after = {entry.id: entry for entry in new.entries}
    lines = list(_head(old, new))
    lines += [f"－ {entry.id}：{entry.question}" for i, entry in before.items() if i not in after]
    lines += [f"＋ {entry.id}：{entry.question}" for i, entry in after.items() if i not in before]
    for key in (key for key in after if key in before):
        lines += _entry(before[key], after[key])
    return lines


def _head(old: Pack, new: Pack) -> Iterator[str]:
    for name, words in _HEAD.items():
        was, now = getattr(old, name), getattr(new, name)
        if was != now:
            more = "" if name in ("lexicon", "unasked") else f"：{_shown(was)} → {_shown(now)}"
            yield f"改 {words}{more}"


def _entry(old: Entry, new: Entry) -> Iterator[str]:
    for field in fields(Entry):
        was, now = getattr(old, field.name), getattr(new, field.name)
        if was == now:
            continue
        words = f"改 {new.id} {_WORDS[field.name]}"
        if field.name in ("wordings", "heard", "facts", "not_words", "confused_with"):
            come = "、".join(word for word in now if word not in was)
            gone = "、".join(word for word in was if word not in now)
            yield words + (f"：加 {come}" if come else "") + (f"：减 {gone}" if gone else "")
        elif field.name in ("must", "or_must"):
            yield words
        else:
            yield f"{words}：{_shown(was)} → {_shown(now)}"


def _shown(value: object) -> str:
    if value is None or value in ("", ()):
        return "（没有）"
    if isinstance(value, Source):
        return value.readable()
    if isinstance(value, tuple):
        return "、".join(map(str, value))
    words = str(value)
    return words if len(words) <= _LONGEST * 2 else f"{words[:_LONGEST]}……"
