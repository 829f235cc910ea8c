"""认领 claiming: reads what is said back to 是哪位: numbers, a name, who was measured, 是, 不是."""

import re
from collections.abc import Sequence

from bot.domain.prompts import Prompt
from bot.domain.registry import Resident, path_words, village_of
from bot.hearing import Asked, Ear, people_of
from bot.router import Turn
from bot.spoken import whom
from handlers.assigning import Asks
from handlers.claims import ask_again, choices_of, claim, claim_all, claim_members, give_up
from handlers.whose import CHOICES, waiting_for

_DIGITS = {sign: n for n, sign in enumerate("一二三四五六七八九", 1)}
_ONE = r"(?:\d{1,3}|[一二三四五六七八九])(?:\s*[号个])?"
_BETWEEN = r"[\s,，、;；和跟/]+"
_NUMBERS = re.compile(rf"(?:选|是|第)?\s*({_ONE}(?:{_BETWEEN}{_ONE})*)[。.!！]*")
_YES = re.compile(
    r"(?:是|是的|对|对的|嗯+|没错|就是|ok|OK|👌|👍|\[OK\]|\[强\])(?:他|她|啊|呀|的)?[。.!！~]*"
)
_NONE = re.compile(
    r"(?P<word>.{0,12}?)(?:都)?(?:不是|不认识|不认得|没这个?人|没有这个?人|查无此人)"
    r"(?:咱|俺|我|本)?(?:们)?(?:村|组)?(?:的)?(?:人)?[。.!！~]*"
    r"|(?:外村|别村|邻村|外地)(?:的|人|的人)?[。.!！~]*"
)
_ALL_NONE = re.compile(r"^都|都不")
_NAMED = re.compile(
    r"(?:(?P<word>.{1,20}?)(?:就是|是|=|＝|→|:|：|\s))?(?:他|她)?(?:就?是)?\s*(?P<name>[\u4e00-\u9fff]{1,12})[。.!！~]*"
)
_EVERYBODY = re.compile(
    r"(?:我们|俺们|咱们|一家|全家)?(?:都|全)(?:是|有|量|测|报|在)?(?:了|的|过)*[。.!！~]*|全部|所有人|全家"
)
_BUT = re.compile(
    r"(?:除了?|不算|不包括|少|没有|没量的?是?)(?P<a>.+?)(?:以?外|都.*)?"
    r"|(?P<b>.+?)(?:没有?(?:量|测|报|在家?)|不在家?|没算|不算)(?:了)?"
)


def answer_who(turn: Turn, text: str) -> bool:
    """An answer to 是哪位: numbers, a name, where they live, 是, 不是."""
    open_ones = turn.prompts
    prompts = [p for p in open_ones if p.kind in CHOICES]
    if not prompts or turn.said.command is not None:
        return False
    match = _NUMBERS.fullmatch(text)
    if match is not None:
        signs = re.findall(r"\d+|[一二三四五六七八九]", match[1])
        return _by_numbers(turn, prompts, [_DIGITS.get(s) or int(s) for s in signs])
    latest = prompts[0]
    if open_ones[0] is latest and _of_members(
        turn, latest, text, is_alone=_is_alone(latest, prompts)
    ):
        return True
    if open_ones[0] is latest and _YES.fullmatch(text) and _is_alone(latest, prompts):
        choices = choices_of(turn, latest)
        if len(choices) == 1:
            return claim(turn, latest, choices[0])
    refused = _NONE.fullmatch(text)
    if refused is not None and _refuse(turn, prompts, text, refused["word"] or ""):
        return True
    return _by_name(turn, prompts, text)


def _is_alone(prompt: Prompt, prompts: Sequence[Prompt]) -> bool:
    """Whether its message asked only this, of what is still open."""
    return sum(p.asked_at == prompt.asked_at and p.kind == prompt.kind for p in prompts) == 1


def _by_numbers(turn: Turn, prompts: Sequence[Prompt], numbers: Sequence[int]) -> bool:
    """Each number is a choice of one question; who was measured may be several."""
    chosen: dict[int, tuple[Prompt, list[Resident]]] = {}
    for number in numbers:
        for prompt in prompts:
            people, at = choices_of(turn, prompt), number - prompt.values.get("first", 1)
            if 0 <= at < len(people):
                chosen.setdefault(prompt.id or 0, (prompt, []))[1].append(people[at])
                break
        else:
            return False
    houses = [pair for pair in chosen.values() if _asks(pair[0]) is Asks.MEMBERS]
    others = [pair for pair in chosen.values() if _asks(pair[0]) is not Asks.MEMBERS]
    if any(len(people) > 1 for _, people in others):
        return False
    for prompt, members in houses:
        claim_members(turn, prompt, members)
    return not others or claim_all(turn, [(prompt, people[0]) for prompt, people in others])


def _asks(prompt: Prompt) -> Asks:
    return Asks(prompt.values.get("asks", Asks.PERSON))


def _of_members(turn: Turn, prompt: Prompt, text: str, *, is_alone: bool) -> bool:
    """都量了, 小明没量, 大勇和王梅: who of a house was measured.

    One bare name, where whose a fever is was asked beside, answers that.
    """
    if _asks(prompt) is not Asks.MEMBERS or turn.said.report.readings:
        return False
    home = choices_of(turn, prompt)
    if _EVERYBODY.fullmatch(text):
        return claim_members(turn, prompt, home)
    but = _BUT.fullmatch(text.strip(" 。.!！~"))
    named = _named_of(turn, home, (but["a"] or but["b"]) if but else text)
    if but is None and len(named) == 1 and not is_alone:
        return False
    people = [p for p in home if (p in named) is (but is None)]
    return bool(named and people) and claim_members(turn, prompt, people)


def _named_of(turn: Turn, home: Sequence[Resident], text: str) -> list[Resident]:
    """Members named one after another; none where a word is nobody of the house."""
    ear = Ear(turn.work.db, turn.account, turn.speaker, turn.place_id)
    found: list[Resident] = []
    for word in filter(None, re.split(r"[\s,，、;；和跟还有。.]+", text)):
        fitting = [p for p in home if word in (p.name, p.name[1:])]
        if not fitting:
            own = "self" if word in ("我", "俺", "我自己", "自己") else word
            one = whom(ear, Asked(own)).one
            fitting = [p for p in home if one is not None and p.id == one.id]
        if len(fitting) != 1:
            return []
        found += fitting
    return found


def _refuse(turn: Turn, prompts: Sequence[Prompt], text: str, word: str) -> bool:
    """不是; 老孙头不是; 都不是: of several asked at once it must be said who."""
    latest = prompts[0]
    asked = [p for p in prompts if p.asked_at == latest.asked_at and p.kind == latest.kind]
    word = re.sub(r"(?:都|他|她|也)+$", "", word).strip()
    if word:
        about = [p for p in prompts if word in p.values["spoken"]]
        if len(about) == 1:
            give_up(turn, about)
        return len(about) == 1
    if len(asked) == 1 or _ALL_NONE.search(text):
        give_up(turn, asked)
        return True
    spoken = [p.values["spoken"] for p in asked]
    who = "、".join(spoken[:6])
    said = turn.work.phrase("temperature.claim_none_which", who=who, example=spoken[0])
    turn.reply(said, why="几个问题都开着，问清是哪个")
    return True


def _by_name(turn: Turn, prompts: Sequence[Prompt], text: str) -> bool:
    """The name of a choice, or where they live; for the grid worker any name of the village."""
    match = _NAMED.fullmatch(text.strip())
    if match is None or turn.said.report.readings:
        return False
    word, name = (match["word"] or "").strip('“”" '), match["name"]
    about = [p for p in prompts if word in p.values["spoken"] and _asks(p) is not Asks.MEMBERS]
    hits = [
        (prompt, person)
        for prompt in about
        for person in choices_of(turn, prompt)
        if _fits(turn, person, name)
    ]
    if len(hits) == 1:
        return claim(turn, *hits[0])
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
        return claim(turn, about[0], people[0])
    else:
        ask_again(turn, about[0], people)
    return True


def _say_which(turn: Turn, about: Sequence[Prompt], name: str) -> None:
    """Several questions are open, and the name could answer more than one."""
    spoken = list(dict.fromkeys(p.values["spoken"] for p in about))
    who = "、".join(spoken[:6])
    text = turn.work.phrase("temperature.claim_which", who=who, example=spoken[0], name=name)
    turn.reply(text, why="几个问题都开着，问清是哪个")


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
