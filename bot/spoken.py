"""Whom a spoken word means: a name, a nickname, a relative, a neighbour; sure, to ask, or guesses.

home by name ─► relative ─► learnt ─► name ─► nickname, given name ─► alike by ear ─► guesses
                the first that finds somebody decides; more than one is asked about
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from sqlmodel import Session

from bot.domain.kin_words import kins_of
from bot.domain.kinship import Member, guessed, looks_male, meant
from bot.domain.registry import Account, Place, Resident, household_members, learnt
from bot.hearing import Asked, Ear, Found, fits, people_of
from bot.likeness import dull, is_name, pet_sign, score, sound, tones, without_title

_MOST_GUESSES = 3
_LEAST = 50
_MOST_ALIKE = 4


def find(
    db: Session,
    account: Account,
    speaker: Resident | None,
    place_id: int | None,
    who: str,
    owner: str = "",
) -> Found:
    """Find whom a speaker means by `who`: self, a name, or a kinship word (of `owner`)."""
    return whom(Ear(db, account, speaker, place_id), Asked(who, owner))


def whom(ear: Ear, asked: Asked) -> Found:
    """Find whom a speaker means by a word and what was said around it."""
    if asked.who == "self":
        return Found((ear.speaker,) if ear.speaker else ())
    if asked.owner:
        return _of_owner(ear, asked)
    home = ear.home
    same = [m for m in home if asked.who in (m.name, m.name[1:]) and len(asked.who) > 1]
    if same and not asked.mark:
        return Found(tuple(same))
    related = kin(home, ear.speaker, asked.who)
    if related and not asked.mark:
        learnt = _learnt(ear, asked) if len(related) > 1 else None
        return learnt if learnt and learnt.one in related else Found(tuple(related))
    found = _learnt(ear, asked) or _beside_home(ear, asked, _named(ear, asked))
    if found is not None:
        return found
    unsure = _unsure_kin(home, ear.speaker, asked.who) or _petted(ear, asked)
    if unsure:
        return Found(tuple(unsure), is_sure=False)
    return _alike(ear, asked) or Found((), guesses=_guesses(ear, asked))


def house(ear: Ear, asked: Asked) -> Found:
    """The people of a house, or the couple of it, of whom something is said together.

    Where it is not clear whose house it is, nobody; its holder may be among the guesses.
    """
    holder = ear.speaker
    own = f"{ear.account.display_name}家"
    learnt = _learnt(ear, asked if holder or asked.who != "household" else Asked(own))
    if learnt is not None:
        holder = learnt.one
    elif asked.who != "household":
        found = whom(ear, Asked(asked.who.removesuffix("家"), mark=asked.mark))
        holder = found.one
        if holder is None:
            return Found((), guesses=found.people or found.guesses)
    return Found(tuple(members_of(ear.db, holder, asked.couple))) if holder else Found(())


def members_of(db: Session, holder: Resident, couple: str = "") -> list[Resident]:
    """Who lives with somebody, themselves too; of a couple (两口子, 老两口) the two, if sure."""
    if holder.household_id is None:
        return [holder]
    home = household_members(db, holder.household_id)
    if not couple:
        return home
    pairs = [[holder, *kin(home, holder, "爱人")]]
    if couple.startswith("老"):  # said by a child of the house it is the parents
        pairs.insert(0, [p for word in ("爸", "妈") for p in kin(home, holder, word)])
    return next((pair for pair in pairs if len({p.id for p in pair}) == 2), home)


def several(ear: Ear, asked: Asked) -> tuple[Resident, ...]:
    """Those of the speaker's house whom a kinship word may mean, where they are more than one."""
    related = () if asked.owner or asked.mark else kin(ear.home, ear.speaker, asked.who)
    return tuple(related) if len(related) > 1 else ()


def kin(home: Sequence[Resident], speaker: Resident | None, word: str) -> list[Resident]:
    """Members of a house whom a word means, said by one of them."""
    return _members(home, speaker, word, meant)


def _unsure_kin(home: Sequence[Resident], speaker: Resident | None, word: str) -> list[Resident]:
    return _members(home, speaker, word, guessed)


def _members(
    home: Sequence[Resident],
    speaker: Resident | None,
    word: str,
    choose: Callable[[list[Member], int, str], Sequence[Member]],
) -> list[Resident]:
    if speaker is None:
        return []
    members = [Member(r.id or 0, r.name, r.called) for r in home]
    ids = {m.id for m in choose(members, speaker.id or 0, word)}
    return [r for r in home if r.id in ids]


def _of_owner(ear: Ear, asked: Asked) -> Found:
    """马强媳妇, 小宝妈, 老王家的: somebody's relative, from that one's own place in the house."""
    known = _learnt(ear, asked)
    if known is not None:
        return known
    word = re.sub(r"^[的她他]*(?:家的?|家里)?", "", asked.who.removeprefix(asked.owner))
    bare = replace(asked, owner="", who=asked.owner)
    if len(asked.owner) == 1:  # 孙 + 奶奶 is a name, not somebody's grandmother
        return whom(ear, replace(bare, who=asked.owner + word))
    found = whom(ear, bare)
    if found.one is None or found.one.household_id is None:
        near = found.people or found.guesses
        return Found((), guesses=tuple(_relatives(ear.db, near, word))[:_MOST_GUESSES])
    related = kin(household_members(ear.db, found.one.household_id), found.one, word)
    if related:
        return Found(tuple(related))
    return Found((), guesses=tuple(_relatives(ear.db, (found.one,), word))[:_MOST_GUESSES])


def _relatives(db: Session, owners: Sequence[Resident], word: str) -> list[Resident]:
    """Of each owner's house whom the word may mean, else the others of that house."""
    out: list[Resident] = []
    for owner in owners:
        home = household_members(db, owner.household_id) if owner.household_id else []
        others = [m for m in home if m.id != owner.id]
        out += _unsure_kin(home, owner, word) or others
    return out or list(owners)


def _learnt(ear: Ear, asked: Asked) -> Found | None:
    """What this speaker was asked about before."""
    known = learnt(ear.db, ear.account.id or 0, asked.key)
    if known is None:
        return None
    person = ear.db.get_one(Resident, known.resident_id)
    return None if person.gone else Found((person,))


def _named(ear: Ear, asked: Asked) -> Found | None:
    """By the whole name, with the mark that tells two of it apart; by a nickname; by a given name.

    A given name or nickname counts where it is just one person's of the village.
    """
    own = people_of(ear.db, ear.villages, asked.who)
    if not own and not kins_of(asked.who):
        own = _marked(ear, asked.who) or _nicknamed(ear, asked.who) or _given(ear, asked.who)
        bare = without_title(asked.who)
        if not own and bare:  # 秀英婶
            own = people_of(ear.db, ear.villages, bare) or _given(ear, bare)
    if not own:
        return None
    found = _narrowed(own, asked.mark)
    if asked.is_voice and len(own) == 1 and is_name(asked.who) and not asked.mark:
        by_ear = tuple(p for p, _ in ear.everybody if sound(p.name) == sound(asked.who))
        return Found(by_ear) if found.people[0] in by_ear else found
    return found


def _marked(ear: Ear, who: str) -> list[tuple[Resident, Place]]:
    """东头王伟: the mark that tells two of one name apart, said with the name."""
    return [
        (p, place)
        for p, place in ear.everybody
        if who.endswith(p.name) and len(who) > len(p.name) and fits(who[: -len(p.name)], p, place)
    ]


def _given(ear: Ear, who: str) -> list[tuple[Resident, Place]]:
    """大勇 for 李大勇."""
    if len(who) != 2 or ear.calls(who) is not None:
        return []
    return [(p, place) for p, place in ear.everybody if len(p.name) > 2 and p.name[1:] == who]


def _nicknamed(ear: Ear, who: str) -> list[tuple[Resident, Place]]:
    """Whose account shows this name."""
    ids = ear.nicknames.get(who, set())
    return [(p, place) for p, place in ear.everybody if p.id in ids] if ids else []


def _narrowed(own: Sequence[tuple[Resident, Place]], mark: str) -> Found:
    """Those who live where was said; where nobody of the name does, they are asked about."""
    people = tuple({p.id: p for p, _ in own}.values())
    if not mark:
        return Found(people)
    there = tuple({p.id: p for p, place in own if fits(mark, p, place)}.values())
    if there:
        return Found(there)
    # A mark that no place of theirs could bear (隔壁, 后院) says nothing against them.
    is_place = any(_is_like_place(mark, place.name) or p.mark for p, place in own)
    return Found(people, is_sure=not is_place)


def _is_like_place(mark: str, name: str) -> bool:
    """Whether the two name places of one sort: 二组 and 三组, 东头 and 西头."""
    return mark[-1:] == name[-1:]


def _beside_home(ear: Ear, asked: Asked, found: Found | None) -> Found | None:
    """小宝, a given name in the village and perhaps the speaker's own 二宝: they are asked."""
    if found is None or any(p.name == asked.who for p in found.people):
        return found
    by_id = {p.id: p for p in (*_petted(ear, asked), *found.people)}
    return found if len(by_id) == len(found.people) else Found(tuple(by_id.values()), is_sure=False)


def _petted(ear: Ear, asked: Asked) -> list[Resident]:
    """虎子, 小虎, 虎虎 for 赵小虎 of the speaker's own house, who is the one to ask."""
    if asked.mark or kins_of(asked.who) or len(asked.who) != 2:
        return []
    sign = pet_sign(asked.who)
    others = [m for m in ear.home if ear.speaker is None or m.id != ear.speaker.id]
    return [m for m in others if sign and sign in m.name[1:]]


def _alike(ear: Ear, asked: Asked) -> Found | None:
    """王贵枝 for 王桂芝, where nobody bears the name as written.

    Sure: dictated, or three signs with the same tones. Else the speaker is asked.
    """
    who = asked.who
    if not is_name(who) or kins_of(who) or ear.calls(who) is not None:
        return None
    everybody = ear.everybody
    heard = [(p, place) for p, place in everybody if sound(p.name) == sound(who)]
    if heard:
        found = _narrowed(heard, asked.mark)
        is_plain = asked.is_voice or (
            len(who) > 2 and all(tones(p.name) == tones(who) for p in found.people)
        )
        return replace(found, is_sure=found.is_sure and is_plain)
    near = tuple(p for p, _ in everybody if len(p.name) > 2 and dull(p.name) == dull(who))
    return Found(near, is_sure=False) if 0 < len(near) <= _MOST_ALIKE else None


def _guesses(ear: Ear, asked: Asked) -> tuple[Resident, ...]:
    """The best few of the village for what was said, for somebody who knows it."""
    who = asked.who
    shape = ear.calls(who)
    scored: list[tuple[int, int, Resident]] = []
    for person, place in ear.everybody:
        points = score(who, person.name)
        if shape is not None and person.name[:1] == shape[0]:
            points = max(points, 60) + _sex_points(person, shape[1])
        if points < _LEAST:
            continue
        points += 15 * bool(asked.mark and fits(asked.mark, person, place))
        points += 3 * (person.household_id is not None)
        points += 5 * (person.place_id == (ear.speaker.place_id if ear.speaker else ear.place_id))
        scored.append((-points, person.id or 0, person))
    speaker_id = ear.speaker.id if ear.speaker else None
    ranked = [p for *_, p in sorted(scored, key=lambda row: row[:2]) if p.id != speaker_id]
    return tuple(ranked[:_MOST_GUESSES])


def _sex_points(person: Resident, is_man: bool | None) -> int:
    if is_man is None:
        return 0
    home = Member(person.id or 0, person.name, person.called)
    told = looks_male(home)
    return -30 if told is not None and told is not is_man else 0
