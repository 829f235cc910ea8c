"""The words it obeys, from a line of chat to a command; who may is not asked here."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Verb(StrEnum):
    """What somebody wants done."""

    TAKE = "take"  # 接 [NAME]
    OUTCOME = "outcome"  # 复测 37.1 · 转诊 [to] · 观察 · 排除
    MISSING = "missing"  # 还有谁没报
    TODAY = "today"  # 今天该找谁
    ROSTER = "roster"  # 名单
    CURVE = "curve"  # 曲线 NAME
    LOOK_UP = "look_up"  # 查 NAME
    SUMMARY = "summary"  # 汇总
    TABLE = "table"  # 要 TABLE
    CHANGE = "change"  # 改 NAME 早 36.9
    PROXY = "proxy"  # 代报 NAME 36.5
    NOTICE = "notice"  # 发通知 SCOPE TEXT 有效到 DAY
    CORRECT_NOTICE = "correct_notice"  # 更正 NO TEXT
    CANCEL_NOTICE = "cancel_notice"  # 取消 NO
    DELIVERY = "delivery"  # 送达 NO
    CHASE = "chase"  # 催 NO
    RECEIPT = "receipt"  # 收到
    LOUDSPEAKER = "loudspeaker"  # 喇叭 NO
    ANSWER = "answer"  # 答 NO TEXT
    HAND_ON = "hand_on"  # 转 NO NAME
    OPEN_QUESTIONS = "open_questions"  # 待答
    KEEP = "keep"  # 收录 [NO 出处 …]
    RETIRE = "retire"  # 下架 NO
    RUMOURS = "rumours"  # 谣言
    REBUT = "rebut"  # 回应 [NO] TEXT 出处 …
    MUTE_BOT = "mute_bot"  # 小守闭嘴 2小时
    UNMUTE_BOT = "unmute_bot"  # 小守说话
    OPT_OUT = "opt_out"  # 别再发了
    OPT_IN = "opt_in"  # 再发吧
    HELP = "help"  # 帮助
    CODE = "code"  # four digits


@dataclass(frozen=True, slots=True)
class Command:
    """A verb with its arguments; missing ones are "" or absent."""

    verb: Verb
    args: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str) -> str:
        """One argument, "" where it was not said."""
        return self.args.get(name, "")


_SPACE = r"[\s　,，:：、]*"
_SPACE_ONE = r"[\s　,，:：、]+"
_NAME = r"(?P<name>[^\s，,。:：]{1,12}?)"
_NUMBER = r"(?:第|编号|[Nn][Oo]\.?)?\s*(?P<number>\d{1,6})\s*(?:号|条)?"
_END = r"[。.!！~～\s]*"

# In order: the first that fits the whole line wins.
_FORMS: tuple[tuple[Verb, str], ...] = (
    (Verb.CODE, rf"(?P<code>\d{{4}}){_END}"),
    (Verb.MUTE_BOT, rf"(?:小守|守望)?{_SPACE}(?:闭嘴|别说话|安静)(?:点|一下)?{_SPACE}(?P<span>.*)"),
    (Verb.UNMUTE_BOT, rf"(?:小守|守望)?{_SPACE}(?:说话|可以说话了|说话吧){_END}"),
    (Verb.TAKE, rf"(?:我)?接(?:了|手|下)?(?:{_SPACE}{_NAME})?{_END}"),
    (Verb.OUTCOME, r"(?P<what>复测|重测)(?P<note>.*)"),
    (Verb.OUTCOME, r"(?P<what>转诊|送医|送医院)(?P<note>.*)"),
    (Verb.OUTCOME, r"(?P<what>观察|在家观察)(?P<note>.{0,30})"),
    (Verb.OUTCOME, r"(?P<what>排除|误报)(?P<note>.{0,30})"),
    (
        Verb.MISSING,
        r"(?:今天|现在|早上|晚上|这会儿)?(?:还有谁|谁还|还有哪些人|都谁|谁)(?:还)?没(?:有)?(?:报|量|填)"
        r"(?:体温)?(?:呢|啊|了|呀|吗)?[?？。!！\s]*",
    ),
    (Verb.MISSING, r"(?:未报|没报)(?:名单|的人)?[?？。!！\s]*"),
    (Verb.TODAY, rf"今(?:天|日)(?:我)?(?:该|要|得)找谁[?？]?{_END}"),
    (Verb.ROSTER, rf"(?:看)?(?:花)?名单{_END}"),
    (Verb.CURVE, rf"(?:体温)?曲线{_SPACE}{_NAME}{_END}"),
    (Verb.LOOK_UP, rf"查(?:一下|下)?{_SPACE}{_NAME}{_END}"),
    (Verb.SUMMARY, rf"(?:今日|今天)?汇总{_END}"),
    (Verb.TABLE, rf"要{_SPACE}(?P<table>\S{{0,12}}(?:表|日报)){_END}"),
    (
        Verb.CHANGE,
        rf"改{_SPACE}{_NAME}{_SPACE}(?P<day>昨|今)?(?P<slot>[早晚])?[上晨间]?{_SPACE}"
        rf"(?P<value>\d[\d.。．·点度]{{1,5}})(?P<reason>.*)",
    ),
    (Verb.PROXY, rf"代报{_SPACE}{_NAME}{_SPACE}(?P<value>\d[\d.。．·点度]{{1,5}}){_END}"),
    (Verb.NOTICE, r"发通知[\s　:：,，]+(?P<rest>.+)"),
    (Verb.CORRECT_NOTICE, rf"更正{_SPACE}(?:通知)?{_NUMBER}{_SPACE}(?P<text>.+)"),
    (
        Verb.CORRECT_NOTICE,
        rf"更正{_SPACE}(?P<title>[^\s，,:：]{{1,20}}(?:通知)?)[\s，,:：]+(?P<text>.+)",
    ),
    (Verb.CANCEL_NOTICE, rf"(?:取消|撤销)(?:通知)?{_SPACE}{_NUMBER}(?:通知)?{_END}"),
    (Verb.DELIVERY, rf"送达{_SPACE}(?:{_NUMBER})?{_END}"),
    (Verb.CHASE, rf"催(?:一下|收)?{_SPACE}(?:{_NUMBER})?{_END}"),
    (Verb.RECEIPT, rf"收到(?:了)?(?:{_SPACE}{_NUMBER})?{_END}"),
    (Verb.LOUDSPEAKER, rf"(?:大)?喇叭(?:稿)?(?:{_SPACE}{_NUMBER})?{_END}"),
    (Verb.ANSWER, rf"(?:答|回答){_SPACE}{_NUMBER}{_SPACE}(?P<text>\S.*)"),
    (Verb.HAND_ON, rf"转{_SPACE}{_NUMBER}{_SPACE}(?:给)?{_NAME}{_END}"),
    (Verb.OPEN_QUESTIONS, rf"待答(?:的)?(?:问题)?{_END}"),
    (Verb.KEEP, rf"收录(?:{_SPACE}{_NUMBER}(?=[\s,，:：、]|$)(?P<text>.*))?{_END}"),
    (Verb.RETIRE, rf"下架{_SPACE}(?:条目)?{_SPACE}{_NUMBER}{_END}"),
    (Verb.RUMOURS, rf"(?:看)?谣言(?:图|线索)?{_END}"),
    (
        Verb.REBUT,
        rf"(?:回应|辟谣)(?:{_SPACE}{_NUMBER}(?=[\s,，:：、]|$))?(?P<text>(?:{_SPACE_ONE}.*)?)",
    ),
    (
        Verb.OPT_OUT,
        r"(?:你|求你|能不能)?(?:别|不要|别老|甭)(?:再|老)?(?:给我|给俺|跟我)?(?:再|老)?发(?:了|消息了?|通知了?)?"
        r"(?:烦死了|烦人|行不|吧|啊|哈)?[。!！~\s]*",
    ),
    (Verb.OPT_IN, rf"(?:再发吧|接着发|恢复通知|还是发吧|继续发吧?){_END}"),
    (Verb.HELP, rf"(?:帮助|帮忙说明|怎么用|咋用|功能|help|HELP|Help)[?？]?{_END}"),
)
_COMPILED = tuple((verb, re.compile(form, re.DOTALL)) for verb, form in _FORMS)

# What is quick to see that no command begins here: ordinary talk leaves at the first character.
_STARTS = frozenset(
    "0123456789小守闭别安说可我接复重转送观在排误今现早晚这还都谁未没看花名体曲查汇要改代发通更取撤催收大喇答回待下谣辟"
    "你求能不甭再恢继帮怎咋功hH"
)
_CHECKS: Mapping[Verb, Callable[[Mapping[str, str]], bool]] = {
    Verb.LOOK_UP: lambda a: not re.search(r"[吗么呢?？的了]", a["name"]),
    Verb.TAKE: lambda a: not re.search(r"[的你他她它们吗呢吧孩电快去来着走]", a.get("name", "")),
    Verb.OUTCOME: lambda a: len(a.get("note", "")) <= 60,
}


def command(text: str) -> Command | None:
    """The command that a line is, or None. The bot's own name in front is expected to be cut off.

    Args:
        text: one message, trimmed.
    """
    text = text.strip()
    if not text or text[0] not in _STARTS or len(text) > 2000:
        return None
    for verb, form in _COMPILED:
        match = form.fullmatch(text)
        if match is None:
            continue
        args = {k: v.strip() for k, v in match.groupdict().items() if v}
        check = _CHECKS.get(verb)
        if check is None or check(args):
            return Command(verb, args)
    return None


_AT = re.compile(r"@\s*(?:小守|守望)(?:\s|$|(?=[^\w]))\s*")
_NAMED = re.compile(r"^[\s　]*@?(?:小守|守望)(?:[\s　,，:：、!！。]+|(?=\S))")
_ASKS = re.compile(r"[吗么呢?？]|咋|怎|啥|什么|能不|可不可|多少|几|谁|哪|帮|闭嘴|说话|请问|告诉")
_SPEAKS_OF = re.compile(
    r"^[\s　]*(?:小守|守望)(?:着|相助|者|它|这|那|说的|刚|昨|真|还|又|也|都|咋还|不)"
)


def addressed(text: str) -> tuple[str, bool]:
    """Cut the bot's name off; whether it was called by name or @, not only spoken of.

    A name that runs on without a pause (小守口罩能洗吗) calls it only where something is asked.
    """
    rest = _AT.sub("", text)
    if rest != text:
        return rest.strip(), True
    match = _NAMED.match(text)
    if match is None or _SPEAKS_OF.match(text):
        return text, False
    rest = text[match.end() :].strip()
    has_pause = match.group(0)[-1] in " \t\n　,，:：、!！。" or not rest
    return (rest, True) if has_pause or _ASKS.search(rest) else (text, False)
