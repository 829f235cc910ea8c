"""Who and where in a talk: people, places by their last words, chats."""

import re
from dataclasses import dataclass, field

from app.talk.errors import TalkError

SEPARATORS = re.compile(r"[\s、，,]+")
NAME = r"[^\s：:（）()@|｜\[\]［］=＝&＆/／、，,]+"

Place = tuple[str, ...]  # the whole path, the widest place first


@dataclass(frozen=True, slots=True)
class PersonName:
    """A person as a talk names them; `place` only where two share the name (`王伟@三组`)."""

    name: str
    place: Place | None = None

    def __str__(self) -> str:
        """The way it stands in a talk."""
        return f"{self.name}@{self.place[-1]}" if self.place else self.name


@dataclass(frozen=True, slots=True)
class ChatName:
    """A chat of a talk: a group by its name, or one person's private chat with the bot."""

    name: str
    is_private: bool = False
    place: Place | None = None  # of the person, where two share the name

    @property
    def person(self) -> PersonName:
        """Whose private chat it is."""
        return PersonName(self.name, self.place)

    def __str__(self) -> str:
        """What stands between the brackets in a talk."""
        return f"私 {self.person}" if self.is_private else self.name


@dataclass(slots=True)
class Places:
    """All places that a talk has made so far."""

    _paths: dict[Place, None] = field(default_factory=dict)

    def add(self, path: Place) -> None:
        """Make the place and everything above it."""
        for depth in range(1, len(path) + 1):
            self._paths[path[:depth]] = None

    def seek(self, words: str) -> list[Place]:
        """Every place whose path ends in these words (`三组`, `柳树沟村/三组`, `柳树沟村三组`)."""
        wanted = words.replace("／", "/").replace("/", "")
        return [path for path in self._paths if wanted in tails(path)]

    def find(self, words: str, line: int) -> Place:
        """The one place that is meant.

        Raises:
            TalkError: none is, or more than one.
        """
        found = self.seek(words)
        if not found:
            raise TalkError(line, f"没有“{words}”这个地点，先用“地点 …”写出来")
        if len(found) > 1:
            example = "".join(found[0][-2:])
            raise TalkError(line, f"“{words}”有 {len(found)} 个，带上上一级，如“{example}”")
        return found[0]

    def person(self, words: str, line: int) -> PersonName:
        """`王伟` or `王伟@三组`."""
        name, at, place = words.partition("@")
        if not re.fullmatch(NAME, name) or (at and not place):
            raise TalkError(line, f"“{words}”不像一个人名")
        return PersonName(name, self.find(place, line) if at else None)


def tails(path: Place) -> set[str]:
    """Every ending of a path, its words run together."""
    return {"".join(path[start:]) for start in range(len(path))}


def split_names(words: str) -> list[str]:
    """Names set apart by 、 or a comma of either width, or by blanks."""
    return [word for word in SEPARATORS.split(words) if word]
