"""Short words about what was just answered: 那孩子呢, 谢谢, 不对, 这是真的吗."""

import re
from dataclasses import dataclass

from bot.language.lexicon import plain

_LONGEST = 16
_END = r"[啊呀哦哈嘛了的吧呢么 ,。!?~、]*"
_THANKS = re.compile(
    rf"(?:好的?|嗯+|哦+|行|知道了|明白了|收到)?[,。!~ ]*(?:太|真|非常|十分)?"
    r"(?:多谢+|谢+|感谢|有劳|辛苦)+"
    rf"(?:您|你|了|啦|你们|小守|守望|大夫|医生|哈|啊|告诉我|提醒)*{_END}|3q|thx|thanks?"
)
_DOUBT = re.compile(
    r"^(?:(?:你|小守|这|这个|这条|这话|刚才|刚才那个|上面|那个)?(?:说|答|讲|回)?(?:的|得)?"
    r"(?:这个|也)?(?:好像|是不是|恐怕|怕是|怕)?(?:不对(?:吧|啊|呀|哦|头)?|不准(?:吧|啊)?|有误|不是这样(?:的|吧)?"
    r"|搞错了(?:吧)?|弄错了(?:吧)?|错了(?:吧|啊)?|说错了(?:吧)?|答错了(?:吧)?|过时了(?:吧)?|不是这么回事))"
    r"(?P<why>(?:[ ,。!?~、]+.{0,200})?)$"
)
_LEAD = r"(?:那么|那要是|那如果|要是|如果|万一|还有|换成|那)"
_TAIL = (
    r"(?:呢|也一样吗?|也是吗|也行吗|也这样吗|也要吗|也算吗|也能吗|一样吗|一样不|也得吗|也可以吗"
    r"|也中不)"
)
# 要是发烧了怎么办 is a whole question too.
_WHOLE = r"(?P<whole>怎么办|咋办|怎么弄|咋弄|行不行|行吗|可以吗|能行不|要不要)"
_FOLLOW = re.compile(
    rf"^(?:{_LEAD}(?P<a>.{{1,10}}?)(?:{_TAIL}|{_WHOLE}|(?=[?]))|(?P<b>.{{1,8}}?)(?:呢|也一样吗|也是吗|也这样吗|一样吗|也行吗|也要吗))"
    r"[?。!~ ]*$"
)
_TALK = re.compile(r"^(?:行|好|可以|就|太|还是|算|没|谢|成|中|啥|谁|什么|怎么|哪|多|人$|你)")
_DELICATE = re.compile(r"孕|怀着|哺乳|喂奶|月子|产妇|婴|新生儿|月大|个月|没满月|奶娃|宝宝")
_PERSON = re.compile(
    r"孩|娃|儿童|幼儿|学生|老人|老头|老太|老的|岁|大人|男的|女的|病人|患者|医生|大夫|司机|干部|村民|邻居|亲戚|家人"
    r"|爸|妈|爹|娘|爷|奶|姥|公公|婆婆|媳妇|老伴|老公|老婆|儿子|闺女|女儿|孙|哥|姐|弟|妹|叔|婶|姨|舅|我|俺|咱|他|她"
    r"|糖尿病|高血压|慢性病|过敏|残疾|的人$|得过的|没得过的"
)
_BARE = re.compile(
    r"[@ ]*(?:小守|守望)?[ ,]*(?:请问|帮我?看看|看看|帮忙看下|问一?下)?[ ,]*"
    r"(?:这|这个|这条|这话|这事|这消息|上面|他说的|群里这个|这说的|说的)?(?:说的)?"
    r"(?:是|可|能)?(?:真的假的|真的还是假的|真的|真假|真|谣言|假的|不是真的|靠谱|可信|准|对|信)"
    rf"(?:吗|不|么|没|不真|不对|谱不|是假)?{_END}"
)


def is_thanks(text: str) -> bool:
    """谢谢, 好的谢谢您, 辛苦了, and nothing else."""
    return len(text) <= _LONGEST and bool(_THANKS.fullmatch(plain(text)))


def doubt(text: str) -> str | None:
    """What somebody says against an answer, "" where they only say 不对; None: they do not."""
    match = _DOUBT.match(plain(text))
    return match["why"].strip(" ,。!?~、") if match else None


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Of whom or what the last question is asked again; is_whole: it may stand alone as well."""

    what: str
    is_whole: bool = False


def follow_up(text: str) -> FollowUp | None:
    """孩子 of 那孩子呢; None where nothing is asked on."""
    folded = plain(text)
    match = _FOLLOW.match(folded) if len(folded) <= _LONGEST else None
    if match is None:
        return None
    what = (match["a"] or match["b"]).strip(" ,")
    return None if not what or _TALK.match(what) else FollowUp(what, match["whole"] is not None)


def is_person(what: str) -> bool:
    """Whether 那孩子呢 asks of somebody, whom a question takes in, or of another thing."""
    return bool(_PERSON.search(what) or _DELICATE.search(what))


def is_delicate(what: str) -> bool:
    """Who is with child, nurses or is an infant: where no entry speaks of them, the doctor does."""
    return bool(_DELICATE.search(what))


def is_bare_doubt(text: str) -> bool:
    """这是真的吗, 靠谱不: asks whether something is true that stands elsewhere."""
    folded = plain(text)
    return len(folded) <= _LONGEST and bool(_BARE.fullmatch(folded))
