"""Who hears a spoken word: the account that spoke, the village around it, and what is looked up."""

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property

from sqlmodel import Session, col, select

from bot.domain.registry import (
    Account,
    Place,
    PlaceAbove,
    Resident,
    household_members,
    village_of,
)
from bot.likeness import called

_NO_HOUSES = frozenset({"亲家", "老人家", "人家", "大家"})
_DIGITS = str.maketrans("0123456789", "〇一二三四五六七八九")


@dataclass(frozen=True, slots=True)
class Found:
    """Whom a spoken word means: one person is sure; several must be asked; none is unknown.

    is_sure: False where there is one who may be meant and who must still be asked about.
    guesses: best first, for somebody who knows the village; only where nobody was found.
    """

    people: tuple[Resident, ...]
    is_sure: bool = True
    guesses: tuple[Resident, ...] = ()

    @property
    def one(self) -> Resident | None:
        """The person, where it is sure."""
        return self.people[0] if len(self.people) == 1 and self.is_sure else None


@dataclass(frozen=True, slots=True)
class Asked:
    """A spoken word and what was said around it.

    owner: whose relative it is, where not the speaker's. mark: where the person lives, as said
    (东头, 二组). phrase: all of it, as it is learnt and shown. is_all: 都, or 俩 and how many: each
    of those whom the word means. couple: 两口子, 老两口 as said: of a house these two.
    """

    who: str
    owner: str = ""
    mark: str = ""
    phrase: str = ""
    is_all: bool = False
    count: int | None = None
    is_voice: bool = False
    couple: str = ""

    @property
    def key(self) -> str:
        """By which it is learnt."""
        return self.phrase or self.who

    @property
    def is_house(self) -> bool:
        """Whether several people who live together are meant; 老王家的 is one of them."""
        is_named = len(self.who) > 1 and self.who.endswith("家") and self.who not in _NO_HOUSES
        return self.who == "household" or (is_named and not self.phrase.endswith("的"))


@dataclass
class Ear:
    """Who hears a word: the account that spoke, the person behind it, and the place.

    What it has looked up it keeps: one is made for one message.
    """

    db: Session
    account: Account
    speaker: Resident | None
    place_id: int | None
    _surnames: dict[str, bool] = field(default_factory=dict, repr=False)

    @cached_property
    def villages(self) -> tuple[int, ...]:
        """The village in which it was said, and the speaker's own."""
        places = [self.place_id, self.speaker.place_id if self.speaker else None]
        found = [village_of(self.db, p).id or p for p in dict.fromkeys(places) if p is not None]
        return tuple(dict.fromkeys(found))

    @cached_property
    def home(self) -> list[Resident]:
        """The speaker's house."""
        speaker = self.speaker
        if speaker is None or speaker.household_id is None:
            return []
        return household_members(self.db, speaker.household_id)

    @cached_property
    def everybody(self) -> list[tuple[Resident, Place]]:
        """The people of those villages, each with the place where they live: asked for last."""
        return people_of(self.db, self.villages)

    @cached_property
    def nicknames(self) -> dict[str, set[int | None]]:
        """What the accounts of those villages show as their names."""
        if not self.villages:
            return {}
        query = (
            select(Account.display_name, Account.resident_id)
            .join(Resident, col(Resident.id) == Account.resident_id)
            .join(PlaceAbove, col(PlaceAbove.place_id) == Resident.place_id)
            .where(col(PlaceAbove.ancestor_id).in_(self.villages))
        )
        shown: dict[str, set[int | None]] = {}
        for name, resident_id in self.db.exec(query).all():
            shown.setdefault(name, set()).add(resident_id)
        return shown

    def is_surname(self, sign: str) -> bool:
        """Whether somebody's name there begins with it."""
        if not self.villages:
            return False
        if sign not in self._surnames:
            query = (
                select(Resident.id)
                .join(PlaceAbove, col(PlaceAbove.place_id) == Resident.place_id)
                .where(
                    col(PlaceAbove.ancestor_id).in_(self.villages),
                    Resident.name >= sign,
                    Resident.name < chr(ord(sign) + 1),
                )
                .limit(1)
            )
            self._surnames[sign] = self.db.exec(query).first() is not None
        return self._surnames[sign]

    def knows(self, names: Collection[str]) -> list[str]:
        """Those of some words that are somebody's name there, as written or as an account shows."""
        if not names or not self.villages:
            return []
        query = (
            select(Resident.name)
            .join(PlaceAbove, col(PlaceAbove.place_id) == Resident.place_id)
            .where(col(PlaceAbove.ancestor_id).in_(self.villages), col(Resident.name).in_(names))
        )
        known = set(self.db.exec(query).all())
        return [name for name in names if name in known]

    def calls(self, text: str) -> tuple[str, bool | None] | None:
        """老孙头, 孙奶奶: the surname, if people there have it, and the sex; 小宝 is no surname."""
        shape = called(text)
        return shape if shape is not None and self.is_surname(shape[0]) else None


def people_of(
    db: Session, place_ids: Collection[int], name: str = ""
) -> list[tuple[Resident, Place]]:
    """Everybody (of a name) who lives below some places, each with the leaf place."""
    if not place_ids:
        return []
    query = (
        select(Resident, Place)
        .join(PlaceAbove, col(PlaceAbove.place_id) == Resident.place_id)
        .join(Place, col(Place.id) == Resident.place_id)
        .where(col(PlaceAbove.ancestor_id).in_(place_ids), Resident.gone == "")
        .order_by(col(Resident.id))
    )
    if name:
        query = query.where(Resident.name == name)
    return list({r.id: (r, place) for r, place in db.exec(query).all()}.values())


def fits(mark: str, person: Resident, place: Place) -> bool:
    wanted = mark.translate(_DIGITS)
    return any(
        own and (own.translate(_DIGITS) in wanted or wanted in own.translate(_DIGITS))
        for own in (person.mark, place.name)
    )


def lives_where(db: Session, person: Resident, words: str) -> bool:
    """Whether words around somebody's name tell their place: 3组王桂芝, 王伟（东头）."""
    place = db.get_one(Place, person.place_id)
    said = words.translate(_DIGITS)
    return any(own and own.translate(_DIGITS) in said for own in (person.mark, place.name))
