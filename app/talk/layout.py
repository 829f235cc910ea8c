"""Set-up lines of a talk: places, people, groups and duties there before anybody speaks."""

import re
from datetime import date

from app.talk.errors import TalkError
from app.talk.names import NAME, ChatName, PersonName, Place, Places, split_names
from app.talk.steps import (
    CadreDef,
    CareRole,
    ChatDef,
    ChatWord,
    HouseholdDef,
    Member,
    NoPrivateDef,
    ObservationDef,
    OwesDef,
    PlaceDef,
    RenameDef,
    RoleWord,
    Rules,
    Step,
    TeamDef,
    TeamMember,
)

COLON = re.compile("[：:]")
SLOTS = {"早": (True, False), "晚": (False, True), "早晚": (True, True)}


def rules(at: Step, rest: str, places: Places) -> Step:
    """`规则 cn-2020-01`."""
    (pack,) = words(at, rest, 1, "规则 规则包的名字")
    return Rules(at.line, at.end, at.raw, pack)


def place(at: Step, rest: str, places: Places) -> Step:
    """`地点 朝阳县/柳树沟镇/柳树沟村/三组`."""
    path = tuple(word.strip() for word in re.split("[/／]", rest))
    if not all(re.fullmatch(NAME, word) for word in path):
        raise TalkError(at.line, "要写成“地点 县/镇/村/组”")
    places.add(path)
    return PlaceDef(at.line, at.end, at.raw, path)


def household(at: Step, rest: str, places: Places) -> Step:
    """`户 三组：张桂芳、王德福（老伴）、李奶奶（无手机）`."""
    where, people = halves(at, rest, "户 地点：户主、家里人（称呼）")
    members = tuple(member(word, at.line) for word in bracketed(people))
    if not members:
        raise TalkError(at.line, "这一户没写人")
    return HouseholdDef(at.line, at.end, at.raw, places.find(where, at.line), members)


def cadre(at: Step, rest: str, places: Places) -> Step:
    """`干部 李书记 村支书 柳树沟村`."""
    name, role, where = words(at, rest, 3, "干部 姓名 职务 地点")
    if role not in list(RoleWord):
        raise TalkError(at.line, f"没有“{role}”这种职务，只有 {'、'.join(RoleWord)}")
    person = places.person(name, at.line)
    return CadreDef(at.line, at.end, at.raw, person, RoleWord(role), places.find(where, at.line))


def observation(at: Step, rest: str, places: Places) -> Step:
    """`隔离 王海 三组 湖北 2020-01-24`."""
    name, where, origin, day = words(at, rest, 4, "隔离 姓名 地点 从哪来 到达日期")
    person = places.person(name, at.line)
    arrived_on = day_of(day, at.line)
    return ObservationDef(
        at.line, at.end, at.raw, person, places.find(where, at.line), origin, arrived_on
    )


def care_team(at: Step, rest: str, places: Places) -> Step:
    """`包保 王海：赵敏（主）、张大夫（副）、刘树林`."""
    name, people = halves(at, rest, "包保 姓名：干部（主）、干部（副）、干部")
    members = []
    for word in bracketed(people):
        who, flags = name_and_flags(word, at.line)
        if len(flags) > 1 or any(flag not in list(CareRole) for flag in flags):
            raise TalkError(at.line, f"“{word}”的括号里只写“主”或“副”")
        role = CareRole(flags[0]) if flags else CareRole.MEMBER
        members.append(TeamMember(places.person(who, at.line), role))
    if not members:
        raise TalkError(at.line, "包保组没写人")
    return TeamDef(at.line, at.end, at.raw, places.person(name, at.line), tuple(members))


def owes(at: Step, rest: str, places: Places) -> Step:
    """`应报 三组 早晚`, or names in place of the place."""
    *who, slots = split_names(rest) or [""]
    if not who or slots not in SLOTS:
        raise TalkError(at.line, "要写成“应报 地点或姓名 早晚”")
    where: list[Place] = []
    people: list[PersonName] = []
    for word in who:
        if places.seek(word):
            where.append(places.find(word, at.line))
        else:
            people.append(places.person(word, at.line))
    return OwesDef(at.line, at.end, at.raw, tuple(where), tuple(people), *SLOTS[slots])


def chat(at: Step, rest: str, places: Places) -> Step:
    """`群 三组群 三组 村民`."""
    name, where, kind = words(at, rest, 3, "群 群名 地点 村民")
    if kind not in list(ChatWord):
        raise TalkError(at.line, f"没有“{kind}”这种群，只有 {'、'.join(ChatWord)}")
    found = places.find(where, at.line)
    return ChatDef(at.line, at.end, at.raw, ChatName(name), found, ChatWord(kind))


def no_private(at: Step, rest: str, places: Places) -> Step:
    """`无私聊 马强`."""
    people = named(at, rest, places)
    return NoPrivateDef(at.line, at.end, at.raw, people)


def rename(at: Step, rest: str, places: Places) -> Step:
    """`改名 李大勇 勇敢牛牛`."""
    old, new = words(at, rest, 2, "改名 原来的名字 现在的名字")
    if not re.fullmatch(NAME, new):
        raise TalkError(at.line, f"“{new}”不像一个群昵称")
    return RenameDef(at.line, at.end, at.raw, places.person(old, at.line), new)


def named(at: Step, rest: str, places: Places) -> tuple[PersonName, ...]:
    """One or more people."""
    people = tuple(places.person(word, at.line) for word in split_names(rest))
    if not people:
        raise TalkError(at.line, "后面要写姓名")
    return people


def words(at: Step, rest: str, count: int, form: str) -> list[str]:
    """Exactly so many words."""
    found = rest.split()
    if len(found) != count:
        raise TalkError(at.line, f"要写成“{form}”")
    return found


def halves(at: Step, rest: str, form: str) -> tuple[str, str]:
    """What stands before and behind the first colon."""
    head, *tail = COLON.split(rest, maxsplit=1)
    if not tail or not head.strip():
        raise TalkError(at.line, f"要写成“{form}”")
    return head.strip(), tail[0].strip()


def bracketed(people: str) -> list[str]:
    """People of a list; separators inside brackets do not part them."""
    return [word for word in re.split(r"[\s、，,]+(?![^（(]*[）)])", people) if word]


def member(word: str, line: int) -> Member:
    """`王小宝（孙子，无手机）`."""
    name, flags = name_and_flags(word, line)
    if not re.fullmatch(NAME, name):
        raise TalkError(line, f"“{name}”不像一个人名")
    kin = [flag for flag in flags if flag not in ("无手机", "独居")]
    if len(kin) > 1:
        raise TalkError(line, f"“{name}”写了几个称呼：{'、'.join(kin)}")
    return Member(name, kin[0] if kin else "", "无手机" not in flags, "独居" in flags)


def name_and_flags(word: str, line: int) -> tuple[str, list[str]]:
    """A name and what stands in brackets behind it."""
    found = re.fullmatch(r"([^（()）]+)(?:[（(]([^）)]*)[）)])?", word)
    if not found:
        raise TalkError(line, f"“{word}”的括号不成对")
    return found[1], split_names(found[2] or "")


def day_of(text: str, line: int) -> date:
    """`2020-01-24`."""
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        raise TalkError(line, f"日期要写成 2020-01-24，不是“{text}”")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise TalkError(line, f"没有“{text}”这一天") from None
