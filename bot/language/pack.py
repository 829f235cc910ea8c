"""A content pack as values: built from parsed TOML, or refused naming file and entry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import TypeAlias

from bot.language.lexicon import Lexicon

Groups: TypeAlias = tuple[tuple[str, ...], ...]


class Verdict(StrEnum):
    """What the sources say of a rumour."""

    FALSE = "false"
    PARTLY = "partly"
    TRUE = "true"
    OPEN = "open"


RELATIONS = frozenset(
    {
        "what",
        "spreads",
        "prevents",
        "treats",
        "kills",
        "harms",
        "how",
        "how_long",
        "how_much",
        "may",
        "must",
        "what_to_do",
        "where",
        "who",
        "who_pays",
        "why",
    }
)


@dataclass(frozen=True, slots=True)
class Source:
    """Where the facts of an answer come from."""

    title: str
    url: str
    on: date

    def readable(self) -> str:
        """One line for people: 标题 地址 日期."""
        return " ".join(part for part in (self.title, self.url, self.on.isoformat()) if part)


@dataclass(frozen=True, slots=True)
class Entry:
    """One approved answer, and the ways in which it is asked for.

    must: every group needs one of its words; or_must: other sets of groups that will do as well.
    heard: how people did ask for it; they weigh in beside the wordings, and nobody signs each.
    """

    id: str
    question: str
    wordings: tuple[str, ...]
    answer: str
    spoken: str
    source: Source | None
    verdict: Verdict | None = None
    must: Groups = ()
    or_must: tuple[Groups, ...] = ()
    not_words: tuple[str, ...] = ()
    relation: str = ""
    confused_with: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    valid_from: date | None = None
    valid_to: date | None = None
    heard: tuple[str, ...] = ()

    def signatures(self) -> tuple[Groups, ...]:
        """Every way to fire, none of them empty."""
        return tuple(groups for groups in (self.must, *self.or_must) if groups)

    def said_as(self) -> tuple[str, ...]:
        """The canonical question and all wordings."""
        return (self.question, *self.wordings)


@dataclass(frozen=True, slots=True)
class Pack:
    """Entries that are signed, valid and barred together."""

    id: str
    title: str
    entries: tuple[Entry, ...]
    lexicon: Lexicon = field(default_factory=Lexicon)
    language: str = "zh-CN"
    valid_from: date | None = None
    valid_to: date | None = None
    bar_group: float = 0.90
    bar_private: float = 0.70
    signed_by: tuple[str, ...] = ()
    owner: str = ""  # role word of whoever renews it (镇值班); "": the township's
    unasked: tuple[str, ...] = ()  # heard too, with the words of the pack, and asks for no entry

    def is_over(self, entry: Entry, on: date) -> bool:
        """Whether its last day, or the pack's, has passed."""
        ends = (self.valid_to, entry.valid_to)
        return any(day is not None and day < on for day in ends)

    def is_current(self, entry: Entry, on: date) -> bool:
        """Whether the entry may be said on that day: its own days and the pack's both count."""
        starts = (self.valid_from, entry.valid_from)
        ends = (self.valid_to, entry.valid_to)
        return all(day is None or day <= on for day in starts) and all(
            day is None or on <= day for day in ends
        )


_ENTRY_KEYS = frozenset(
    {
        "id",
        "question",
        "wordings",
        "verdict",
        "answer",
        "spoken",
        "must",
        "or_must",
        "not",
        "relation",
        "confused_with",
        "facts",
        "source",
        "valid_from",
        "valid_to",
    }
)


class _Table:
    """One TOML table read key by key; a wrong type names file and entry."""

    def __init__(self, values: object, place: str) -> None:
        if not isinstance(values, Mapping):
            raise ValueError(f"{place}: 应当是一张表")
        self.values = values
        self.place = place

    def text(self, key: str, *, needed: bool = False) -> str:
        value = self.values.get(key, "")
        if not isinstance(value, str) or (needed and not value.strip()):
            raise ValueError(f"{self.place}: {key} 应当是一段文字")
        return value.strip()

    def texts(self, key: str) -> tuple[str, ...]:
        return _texts(self.values.get(key, ()), f"{self.place}: {key}")

    def day(self, key: str) -> date | None:
        value = self.values.get(key)
        if value is None:
            return None
        if type(value) is not date:
            raise ValueError(f"{self.place}: {key} 应当是日期，如 2020-01-30")
        return value

    def share(self, key: str, default: float) -> float:
        value = self.values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
            raise ValueError(f"{self.place}: {key} 应当是 0 到 1 之间的数")
        return float(value)


def _texts(value: object, place: str) -> tuple[str, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise ValueError(f"{place} 应当是一列文字")
    if any(not isinstance(word, str) or not word.strip() for word in value):
        raise ValueError(f"{place} 里有一项不是文字")
    return tuple(word.strip() for word in value)


def _groups(value: object, place: str) -> Groups:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise ValueError(f"{place} 应当是几组词")
    groups = tuple(_texts(group, place) for group in value)
    if any(not group for group in groups):
        raise ValueError(f"{place} 里有一组是空的")
    return groups


def _source(value: object, place: str) -> Source | None:
    if value is None:
        return None
    table = _Table(value, f"{place}: source")
    on = table.day("on")
    if on is None:
        raise ValueError(f"{place}: source 缺日期 on")
    return Source(table.text("title", needed=True), table.text("url"), on)


def entry_from_toml(values: object, place: str) -> Entry:
    """Build one entry. A missing source is left to `check_pack`, which names all such at once.

    Raises:
        ValueError: file and entry are named in Chinese.
    """
    table = _Table(values, place)
    table = _Table(values, f"{place}: {table.text('id', needed=True)}")
    unknown = sorted(set(table.values) - _ENTRY_KEYS)
    if unknown:
        raise ValueError(f"{table.place}: 不认识的项 {'、'.join(map(str, unknown))}")
    verdict = table.text("verdict")
    if verdict and verdict not in set(Verdict):
        raise ValueError(f"{table.place}: verdict 只能是 false partly true open")
    relation = table.text("relation")
    if relation and relation not in RELATIONS:
        raise ValueError(f"{table.place}: 不认识的 relation {relation}")
    other = table.values.get("or_must", ())
    if not isinstance(other, Sequence) or isinstance(other, str):
        raise ValueError(f"{table.place}: or_must 应当是几套词组")
    return Entry(
        id=table.text("id", needed=True),
        question=table.text("question", needed=True),
        wordings=table.texts("wordings"),
        answer=table.text("answer", needed=True),
        spoken=table.text("spoken"),
        source=_source(table.values.get("source"), table.place),
        verdict=Verdict(verdict) if verdict else None,
        must=_groups(table.values.get("must", ()), f"{table.place}: must"),
        or_must=tuple(_groups(groups, f"{table.place}: or_must") for groups in other),
        not_words=table.texts("not"),
        relation=relation,
        confused_with=table.texts("confused_with"),
        facts=table.texts("facts"),
        valid_from=table.day("valid_from"),
        valid_to=table.day("valid_to"),
    )


def pack_from_toml(
    folder: str,
    head: Mapping[str, object],
    entry_files: Mapping[str, Mapping[str, object]],
    lexicon: Mapping[str, object] | None = None,
    heard: Mapping[str, object] | None = None,
) -> Pack:
    """Build a pack from the parsed files of one folder.

    Args:
        folder: named in what is raised.
        head: pack.toml.
        entry_files: file name to its parsed content: faq.toml, rumours.toml.
        lexicon: lexicon.toml, if there is one.
        heard: heard.toml, if there is one.

    Raises:
        ValueError: file and entry are named in Chinese.
    """
    table = _Table(head, f"{folder}/pack.toml")
    entries: list[Entry] = []
    for name, content in entry_files.items():
        rows = content.get("entry", ())
        if not isinstance(rows, Sequence) or isinstance(rows, str):
            raise ValueError(f"{folder}/{name}: 应当由 [[entry]] 组成")
        entries += [
            entry_from_toml(row, f"{folder}/{name}: 第 {number} 条")
            for number, row in enumerate(rows, 1)
        ]
    seen: set[str] = set()
    for entry in entries:
        if entry.id in seen:
            raise ValueError(f"{folder}: 有两条的 id 都是 {entry.id}")
        seen.add(entry.id)
    told = _Table(heard or {}, f"{folder}/heard.toml")
    asked = _Table(told.values.get("asked", {}), f"{told.place}: [asked]")
    if strange := sorted(set(asked.values) - seen):
        raise ValueError(f"{asked.place}: 没有这些条目 {'、'.join(map(str, strange))}")
    return Pack(
        id=table.text("id", needed=True),
        title=table.text("title", needed=True),
        entries=tuple(replace(entry, heard=asked.texts(entry.id)) for entry in entries),
        lexicon=Lexicon.from_toml(lexicon or {}, f"{folder}/lexicon.toml"),
        language=table.text("language") or "zh-CN",
        valid_from=table.day("valid_from"),
        valid_to=table.day("valid_to"),
        bar_group=table.share("bar_group", 0.90),
        bar_private=table.share("bar_private", 0.70),
        signed_by=table.texts("signed_by"),
        owner=table.text("owner"),
        unasked=told.texts("unasked"),
    )
