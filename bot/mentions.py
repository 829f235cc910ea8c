"""What stands around a spoken name: where the person lives, whose relative it is, who else.

A reading's `who` is one word. 东头王伟, 小宝妈, 后街张婶 and 二组老王家的 say more: who hears only
妈 takes somebody else's mother for the speaker's. What is not understood is left alone.
"""

import re
from dataclasses import replace

from bot.domain.kin_words import kins_of
from bot.hearing import Asked, Ear
from bot.language.meaning import Report
from bot.language.numerals import DIGIT, SEVERAL
from bot.likeness import called

_NOISE = re.compile(
    r"(?:我们?|俺们?|咱们?|本人|自己|替|帮忙?|给|代|报(?:一?下|个)?|今[天早晚日儿]?|昨[天晚日]?|早[上晨起]?"
    r"|晚[上饭]?|中午|上午|下午|刚[才刚]?|现在|量(?:了|的|过)?|测(?:了|的)?|体温|和|跟|还有|另外|以及|然后"
    r"|那个?|这个?|就是|是|的|家里?|人|都|也|说|了|在|好|一下|我的|度|点|还|再|又)+"
)
_PLACE = (
    r"(?:\d{1,2}|[一二三四五六七八九十]{1,3})(?:组|队|社|屯|号楼|栋|单元)"
    r"|[东西南北前后上下村街][头院街屋边沟庄坡坝场]"
)
_NEAR = r"隔壁|对门|邻居|街坊|楼上|楼下"
_MARK = re.compile(rf"(?P<mark>{_PLACE}|{_NEAR})的?[\s　]*$")
_MARK_FIRST = re.compile(rf"(?P<mark>{_PLACE}|{_NEAR})的?[\s　]*")
_BRACKETED = re.compile(r"^[\s　]*[（(](?P<mark>[^（()）]{1,6})[)）]")
_RUN = re.compile(r"[\u4e00-\u9fff\d]+$")
_OTHERS = re.compile(r"(?P<owner>[\u4e00-\u9fff]{2,3})(?:家)?[他她]$")
_TITLE_WORDS = "婶 婶子 嫂 嫂子 哥 姐 叔 伯 姨 姑 大爷 大娘 大叔 大婶 大哥 大姐"
_TITLES = frozenset(_TITLE_WORDS.split())
_PET_ENDS = frozenset("娃妮丫蛋儿")
_SIZED = re.compile(  # 小的37.1: a child of the house
    r"(?:^|[\s，,。;；、])(?P<who>[大小二三]的|老[大二三四幺])(?:体温|今[早天晚]|是|量)*[\s:：]*$"
)
_HAN = re.compile(r"[\u4e00-\u9fff]+")
_LONG = 12  # signs in a row that are no longer a name with a few words
_COUNTS = SEVERAL | DIGIT
_SEVERAL = re.compile(r"(?P<n>[俩仨]|[两三四五](?=个))个?")
_COUNTED = re.compile(r"(?P<n>[俩仨]|[两三四五](?=个))个?$")
_COUPLE = re.compile(r"[老小]?[两俩]口子?|夫妻[俩二]?人?|夫妇俩?")
_NO_TITLE = re.compile(r"家|头[疼痛晕昏]")
_HOUSE = re.compile(rf"{_COUPLE.pattern}|[一全]家|家")
_WHOLE_HOUSE = re.compile(r"(?P<owner>.{2,}?)(?:一大家子?|一家子?|一家人|全家人?)")
_ME = re.compile(r"[我俺咱]|本人|自己")
_AFTER = re.compile(r"家的|家里的|家")
_PAUSE = re.compile(r"[，,、:：!！。;；]\s*$")
_TOLD = r"(?:体温|今[早天晚]|早上|晚上|昨[晚天]|量|测|是|的|说|在|报|也|有|[\s　]|$)"
_NAMED_SO = re.compile(
    r"(?P<who>(?:[老小](?P<a>[\u4e00-\u9fff])头?|(?P<b>[\u4e00-\u9fff])(?:奶奶|爷爷"
    r"|大爷|大娘|大妈|大叔|大婶|婶子|婶|嫂子|嫂|叔|伯|姨|姑|哥|姐|老师|老汉|老太太?)"
    r"|(?P<c>[\u4e00-\u9fff])子))" + f"(?={_TOLD})"
)


def words_before(report: Report, text: str, at: int) -> str:
    """What is said before a number: since the number before it, on its own line."""
    ends = [r.span[1] for r in report.readings] + [c.span[1] for c in report.clarify]
    since = max((end for end in ends if end <= at), default=0)
    return text[since:at].rsplit("\n", 1)[-1]


def asked_of(ear: Ear, segment: str, who: str, owner: str = "", *, is_voice: bool = False) -> Asked:
    """A reading's `who` with what stands around it.

    Args:
        ear: who hears it.
        segment: the words from the number before this one to this one.
        who: as the language parts found it.
        owner: whose relative, as they found it.
        is_voice: dictated: signs may be wrong, sounds are right.
    """
    asked = Asked(who, owner, is_voice=is_voice)
    if who == "self":
        return _somebody_else(ear, segment, asked)
    couple = _COUPLE.search(segment)
    if couple is not None:
        asked = replace(asked, couple=couple[0])
    if who == "household" or (couple is not None and who.endswith(couple[0])):
        return _whose_house(ear, segment, asked)
    if _WHOLE_HOUSE.fullmatch(who):
        return _named_house(segment, asked)
    several = _SEVERAL.match(who)
    if several is not None and kins_of(who[several.end() :]):  # 俩娃都36.5
        who, count = who[several.end() :], several["n"]
        asked = replace(asked, who=who, count=_COUNTS[count], is_all=True)
    who = _with_title(ear, segment, who)
    asked, at = replace(asked, who=who), segment.rfind(who)
    if at < 0:
        return asked
    before, after = segment[:at], segment[at + len(who) :]
    asked = _with_count(_with_mark(asked, before, after), before, after)
    before = _COUNTED.sub("", before)
    lead = _lead(before)
    if not owner and lead and (longer := _longer(ear, before, who)):
        asked = replace(asked, who=longer)
    elif kins_of(who) and not owner:
        asked = _with_owner(ear, asked, lead)
    elif owner:
        asked = _split_owner(asked)
    said = f"{asked.mark}{asked.owner}{asked.who.removeprefix(asked.owner)}"
    return replace(asked, phrase=said + (_of_house(who, after) if not kins_of(asked.who) else ""))


def _with_title(ear: Ear, segment: str, who: str) -> str:
    """老孙头36.8, of which only 老孙 was taken for the name."""
    rest = segment.rpartition(who)[2]
    if who not in segment or who.endswith("家") or kins_of(who) or _NO_TITLE.match(rest):
        return who
    named = (who + rest[:size] for size in (2, 1) if len(rest) >= size)
    return next((name for name in named if ear.calls(name)), who)


def _home_after(after: str) -> str:
    match = _AFTER.match(after)
    return match[0] if match else ""


def _of_house(who: str, after: str) -> str:
    """老王家 + 的: his wife, not the house."""
    return "的" if who.endswith("家") and after.startswith("的") else _home_after(after)


def _lead(before: str) -> str:
    """Signs right before the word, without what says nothing of a person."""
    run = _RUN.search(before)
    if run is None:
        return ""
    lead = run[0]
    noise = _NOISE.match(lead)
    return lead[noise.end() :] if noise else lead


def _longer(ear: Ear, before: str, who: str) -> str:
    """老孙头, of which only 孙头 was taken for the name, and 勇敢牛牛: the whole name."""
    run = _RUN.search(before)
    lead = run[0] if run else ""
    for size in range(min(3, len(lead)), 0, -1):
        name = lead[-size:] + who
        if ear.knows([name]) or name in ear.nicknames:
            return name
    named = lead[-1:] + who
    shape = called(named) if lead[-1:] in ("老", "小") and not kins_of(who) else None
    return named if shape is not None and ear.is_surname(shape[0]) else ""


def _with_mark(asked: Asked, before: str, after: str) -> Asked:
    """东头王伟, 王伟（东头）, 三组的王伟."""
    match = _MARK.search(before) or _BRACKETED.match(after)
    return replace(asked, mark=match["mark"]) if match else asked


def _with_count(asked: Asked, before: str, after: str) -> Asked:
    """三个孩子都36.5: each of them."""
    told = _COUNTED.search(before)
    count = _COUNTS[told["n"]] if told else asked.count
    return replace(asked, count=count, is_all=asked.is_all or told is not None or "都" in after)


def _split_owner(asked: Asked) -> Asked:
    """东院孙 of 东院孙奶奶 is a place and a surname."""
    match = _MARK_FIRST.match(asked.owner)
    if match is None or match.end() == len(asked.owner):
        return asked
    rest = asked.owner[match.end() :]
    word = asked.who.removeprefix(asked.owner)
    return replace(asked, owner=rest, who=rest + word, mark=match["mark"])


def _with_owner(ear: Ear, asked: Asked, lead: str) -> Asked:
    """小宝妈, 小翠她爸, 张婶, 老李家闺女, 他爸: whose relative, or what name, they are."""
    if lead in ("他", "她") or lead.endswith(("孩子", "孩子他", "娃他", "娃")):
        child = "他" if lead in ("他", "她") else re.sub(r".*?((?:孩子|娃)他?)$", r"\1", lead)
        return replace(asked, who=child + asked.who)
    others = _OTHERS.search(lead)
    if others is not None:
        return _owned(asked, others["owner"])
    place = _MARK_FIRST.match(lead)
    mark, rest = (place["mark"], lead[place.end() :]) if place else (asked.mark, lead)
    if not rest:
        return replace(asked, mark=mark)
    plain = re.sub(r"(?:家|的)+$", "", rest)
    if len(plain) == 1 and ear.is_surname(plain) and called(plain + asked.who) is not None:
        return replace(asked, who=plain + asked.who, mark=mark)
    if _is_known(ear, plain):
        if asked.who in _TITLES and plain == rest:  # 秀英婶 is 秀英 herself
            return replace(asked, who=plain, mark=mark)
        return replace(_owned(asked, plain), mark=mark)
    shape = called(plain)
    if shape is not None and ear.is_surname(shape[0]):
        return replace(_owned(asked, plain), mark=mark)
    if len(rest) == 1 and asked.who in _PET_ENDS:  # 黑娃 is somebody's nickname, no 娃 of the house
        return replace(asked, who=rest + asked.who, mark=mark)
    return asked


def _owned(asked: Asked, owner: str) -> Asked:
    return replace(asked, owner=owner, who=owner + asked.who)


def _is_known(ear: Ear, name: str) -> bool:
    """Whether somebody of the village bears it as a name or a given name."""
    if len(name) < 2:
        return False
    return any(name == p.name or (len(p.name) > 2 and name == p.name[1:]) for p, _ in ear.everybody)


def _somebody_else(ear: Ear, segment: str, asked: Asked) -> Asked:
    """隔壁老王体温36.7 is not the speaker's own, nor 强子体温36.6; 李姐，36.5 is said to 李姐."""
    rest = _NOISE.sub(" ", segment).strip()
    if not _HAN.search(rest) or _ME.search(segment):
        return asked
    sized = _SIZED.search(segment)
    if sized is not None and ear.home:
        return replace(asked, who=sized["who"], phrase=sized["who"])
    own = {ear.account.display_name, ear.speaker.name if ear.speaker else ""} - {""}
    is_told = _PAUSE.search(segment) is not None
    runs = [run for run in _HAN.findall(rest) if len(run) < _LONG]
    words = {run[i : i + n] for run in runs for n in (2, 3, 4) for i in range(len(run) - n + 1)}
    for name in ear.knows(sorted(words, key=len, reverse=True)):
        if not any(name in mine for mine in own) and (not is_told or _NAMED_SO.fullmatch(name)):
            return replace(asked, who=name, phrase=name)
    match = None if is_told else _NAMED_SO.search(segment)
    if match is None or any(match["who"] in mine or mine in match["who"] for mine in own):
        return asked
    sign = match["a"] or match["b"]
    if not (ear.is_surname(sign) if sign else _is_in_given(ear, match["c"])):
        return asked
    mark = _MARK.search(segment[: match.start()])
    where = mark["mark"] if mark else ""
    return replace(asked, who=match["who"], mark=where, phrase=where + match["who"])


def _named_house(segment: str, asked: Asked) -> Asked:
    """二组李大勇一家: as 二组李大勇家."""
    mark = _MARK.search(segment[: max(segment.rfind(asked.who), 0)])
    where = mark["mark"] if mark else ""
    owner = _WHOLE_HOUSE.sub(r"\g<owner>家", asked.who)
    return replace(asked, who=owner, mark=where, phrase=where + owner)


def _whose_house(ear: Ear, segment: str, asked: Asked) -> Asked:
    """李大勇两口子36.4 36.6: his house; where nobody is named before the word, the speaker's."""
    word = _HOUSE.search(segment)
    lead = re.sub(r"(?:家|的)+$", "", _lead(segment[: word.start()])) if word else ""
    own = {ear.account.display_name, ear.speaker.name if ear.speaker else ""}
    for size in range(min(4, len(lead)), 1, -1):
        name = lead[-size:]
        if name not in own and (_is_known(ear, name) or ear.calls(name) or name in ear.nicknames):
            place = _MARK.search(lead[:-size])
            mark = place["mark"] if place else ""
            return replace(asked, who=f"{name}家", mark=mark, phrase=f"{mark}{name}家")
    return asked


def _is_in_given(ear: Ear, sign: str) -> bool:
    return any(sign in p.name[1:] for p, _ in ear.everybody)
