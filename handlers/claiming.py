"""认领 claiming: reads what is said back to 是哪位: a number, a name, 是, 不是."""

import re
from collections.abc import Sequence

from bot.domain.prompts import Prompt, waiting
from bot.domain.registry import Resident, path_words, village_of
from bot.hearing import people_of
from bot.router import Turn
from handlers.assigning import CHOICES, waiting_for
from handlers.claims import ask_again, claim, give_up

_NUMBER = re.compile(r"(?:选|是|第)?\s*(\d{1,2}|[一二三四五六七八九])\s*(?:号|个)?[。.!！]*")
_DIGITS = {sign: n for n, sign in enumerate("一二三四五六七八九", 1)}
_YES = re.compile(
    r"(?:是|是的|对|对的|嗯+|没错|就是|ok|OK|👌|👍|\[OK\]|\[强\])(?:他|她|啊|呀|的)?[。.!！~]*"
)
_NONE = re.compile(
    r"(?:都)?(?:不是|不认识|不认得|没这个?人|没有这个?人|查无此人)"
    r"(?:咱|俺|我|本)?(?:们)?(?:村|组)?(?:的)?(?:人)?[。.!！~]*"
    r"|(?:外村|别村|邻村|外地)(?:的|人|的人)?[。.!！~]*"
)
_NAMED = re.compile(
    r"(?:(?P<word>.{1,20}?)(?:就是|是|=|＝|→|:|：|\s))?(?:他|她)?(?:就?是)?\s*(?P<name>[\u4e00-\u9fff]{1,12})[。.!！~]*"
)


def answer_who(turn: Turn, text: str) -> bool:
    """An answer to 是哪位: a number, a name, where they live, 是, 不是."""
    open_ones = waiting(turn.work.db, turn.account.id or 0, turn.work.now)
    prompts = [p for p in open_ones if p.kind in CHOICES]
    if not prompts or turn.said.command is not None:
        return False
    match = _NUMBER.fullmatch(text)
    if match is not None:
        number = int(match[1]) if match[1].isdigit() else _DIGITS[match[1]]
        return _by_number(turn, prompts, number)
    latest = prompts[0]
    if _YES.fullmatch(text) and open_ones[0] is latest and len(latest.values["resident_ids"]) == 1:
        return claim(turn, latest, latest.values["resident_ids"][0])
    if _NONE.fullmatch(text) and open_ones[0] is latest:
        give_up(turn, latest)
        return True
    return _by_name(turn, prompts, text)


def _by_number(turn: Turn, prompts: Sequence[Prompt], number: int) -> bool:
    for prompt in prompts:
        values = prompt.values
        at = number - values.get("first", 1)
        if 0 <= at < len(values["resident_ids"]):
            return claim(turn, prompt, values["resident_ids"][at])
    return False


def _by_name(turn: Turn, prompts: Sequence[Prompt], text: str) -> bool:
    """The name of a choice, or where they live; for the grid worker any name of the village."""
    match = _NAMED.fullmatch(text.strip())
    if match is None or turn.said.report.readings:
        return False
    word, name = (match["word"] or "").strip('“”" '), match["name"]
    about = [p for p in prompts if word in p.values["spoken"]]
    hits = [
        (prompt, person)
        for prompt in about
        for person in _choices(turn, prompt)
        if _fits(turn, person, name)
    ]
    if len(hits) == 1:
        return claim(turn, hits[0][0], hits[0][1].id or 0)
    if not hits:
        return _by_village_name(turn, [p for p in about if p.kind == "assign"], name, word)
    if len({prompt.id for prompt, _ in hits}) > 1:
        _say_which(turn, about, name)
        return True
    return False


def _by_village_name(turn: Turn, about: Sequence[Prompt], name: str, word: str) -> bool:
    """Somebody whom we had not thought of."""
    people = _bearing(turn, about[0], name) if about else []
    if not people:
        if not word or not about:
            return False
        turn.reply(turn.work.phrase("temperature.claim_nobody", name=name), why="花名册里没有")
    elif len(about) > 1:
        _say_which(turn, about, name)
    elif len(people) == 1:
        return claim(turn, about[0], people[0].id or 0)
    else:
        ask_again(turn, about[0], people)
    return True


def _say_which(turn: Turn, about: Sequence[Prompt], name: str) -> None:
    """Several questions are open, and the name could answer more than one."""
    spoken = list(dict.fromkeys(p.values["spoken"] for p in about))
    who = "、".join(spoken[:6])
    text = turn.work.phrase("temperature.claim_which", who=who, example=spoken[0], name=name)
    turn.reply(text, why="几个问题都开着，问清是哪个")


def _choices(turn: Turn, prompt: Prompt) -> list[Resident]:
    found = (turn.work.db.get(Resident, i) for i in prompt.values["resident_ids"])
    return [person for person in found if person is not None]


def _fits(turn: Turn, person: Resident, said: str) -> bool:
    work = turn.work
    where = person.mark or path_words(work.db, person.place_id)
    bare = re.sub(r"(?:那个|那位|的)$", "", said)
    given = person.name[1:] if len(person.name) > 2 else person.name
    if bare in (person.name, given, where, where + person.name, f"{where}的{person.name}"):
        return True
    place = bare.removesuffix(person.name).removesuffix("的")
    return len(place) > 1 and place in where


def _bearing(turn: Turn, prompt: Prompt, name: str) -> list[Resident]:
    """People of a name in the village where the word was said."""
    pendings = waiting_for(turn.work, prompt)
    place_id = pendings[0].place_id if pendings else turn.place_id
    if place_id is None:
        return []
    village = village_of(turn.work.db, place_id)
    return [p for p, _ in people_of(turn.work.db, (village.id or place_id,), name)]
