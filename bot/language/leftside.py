"""Walks left from a number over the words that may stand between it and its person."""

from bot.language.drafts import QUIET
from bot.language.meaning import SELF
from bot.language.numerals import Form, Unit
from bot.language.people import Kind, Mention, is_sender
from bot.language.relay import FOREIGN, HEAD_WORDS
from bot.language.state import LineState
from bot.language.subjects import SKIP, Left
from bot.language.tokens import Token
from bot.language.words import BIT, mask, word_set

SPEAKS = word_set(
    "说 讲 让 叫 问 告诉 喊 催 看 让我 叫我 说我 非说 非让 帮 帮我 给我 替我 "
    "教 教我 嫌 笑 笑我 送 寄 买 拿 吓"
)
# A word of these endings is a place, a vessel or a machine and has a temperature of its own.
SAID = word_set("说 讲 念 说是 告诉 报")
INSIDE = frozenset(["里", "里头", "里面", "里边", "内"])
AIMED = word_set("对着 对准 冲着 朝着 照着 指着 打 测了测 量了量 对 朝 冲")
LOOKED = word_set("看 看是 一看 再看 瞅 一瞅 瞄着是 瞄着 瞅着是")
SHOWN = word_set("显示 显示的 显示是 读数 设 设定 调到 保持 保持在")
DONE = frozenset(["完", "了", "着", "过", "完了", "罢"])
THING_TAILS = frozenset(
    "池房室箱棚仓堆缸炉机器灯管床舱窖槽桶锅壶杯毯垫膜液油汤水酒肉苗圈舍塘垛杆费价钱票款壳胎秤"
)
DENYING = frozenset(["不是", "并不是", "又不是"])
CALLED = "哥姐嫂叔婶姨爷奶伯妈爸妹弟仔"  # 娟姐, 肥仔
NOT_LABEL = mask(
    "heat goods money day period night now temp verb fever site self wo household all others "
    "unmeasured device slip negation ordinal over under about high low fine greeting symptom "
    "question rule standard hypo story news joke hearsay"
)
PASSING = word_set("岁 周岁 回 次 遍 下 分钟 小时 个小时 会 天 个 刻钟 片 粒")


class LeftSide(LineState):
    """The left walk."""

    def _left(self, place: int) -> Left:
        """Walks left from a number over words that may stand between it and its person."""
        left = Left(minus=self._minus(place))
        at = place - 1
        first, colon = True, False
        while at >= self.bound:
            token = self.line[at]
            mention = self.by_last.get(at)
            if (
                mention is not None
                and mention.first >= self.bound
                and mention.first not in self.used
            ):
                if mention.first and self.line[mention.first - 1].text in DENYING:
                    left.near |= BIT["negation"]
                    break  # 不是我37.2，是俺婆婆37.2
                if mention.first and self.line[mention.first - 1].text in ("比", "较", "不如"):
                    at = mention.first - 2
                    continue  # 我比他低 36.2
                if mention.kind is Kind.SELF and self._asked_to(mention):
                    at = mention.first - 1
                    continue
                if mention.kind is Kind.YOU and not left.bits & mask("temp verb"):
                    left.you = True
                reflexive = token.text == "自己" and at and self.line[at - 1].text.endswith("说")
                if token.text == "师傅" and at == place - 1 and self.message.usual:
                    left.mentions = [Mention(Kind.NAME, ("师傅",), at, at)]
                    break  # 师傅36.6 押车的36.4
                if mention.kind in (Kind.OFFICE, Kind.YOU) or reflexive or self._speaker(mention):
                    at = mention.first - 1
                    continue
                if (
                    mention.kind is Kind.JOB
                    and left.bits & mask("verb")
                    and mention.first
                    and not self.message.shape.is_list
                ):
                    at = mention.first - 1
                    continue
                self._gather(left, mention)
                break
            if token.text == "不是我" and not left.bits & BIT["temp"]:
                left.near |= BIT["negation"]
                break  # 不是我37.2，是俺婆婆37.2
            if self.covered[at]:
                at -= 1
                continue
            if token.bits & BIT["again"] and not (at and self.covered[at - 1]):
                left.bits |= token.bits
                if first:
                    left.near = token.bits
                break
            if token.kind in ("comma", "emoji"):
                left.comma = True
                self._over_comma(left, at)
                break
            if token.kind == "stop" or token.text == "~":
                break
            if token.text == ":":
                colon = True
            if first and token.kind != "space":
                left.near, left.near_text = token.bits, token.text
                first = False
            bits = token.bits
            left.shown = left.shown or token.text in SHOWN
            if token.kind == "date":
                left.bits |= BIT["day"]
                left.near = left.near or BIT["day"]
                left.dated = True
            if token.kind in QUIET or token.kind in ("clock", "date", "group"):
                at -= 1
                continue
            on_place = token.text in ("上", "里") and at and self.line[at - 1].bits & BIT["place"]
            if on_place and not token.bits & FOREIGN:
                at -= 1
                continue  # 卡口上37.4
            if token.kind == "code" and self.message.shape.is_list:
                at -= 1
                continue
            if bits & SKIP:
                left.bits |= bits
                left.all = left.all or bool(bits & BIT["all"])
                at -= 1
                continue
            if bits & BIT["and"] and at == place - 1:
                at -= 1
                continue
            if token.kind == "num" and self._rejected(token):
                at -= 1
                continue
            if bits & mask("negation question"):
                left.bits |= bits
                at -= 1
                continue
            if (
                token.text in PASSING
                and at
                and (self.line[at - 1].number is not None or self.line[at - 1].text in "一两二三几")
            ):
                at -= 2
                continue
            bare = self.line[place].number
            plain = bare is not None and bare.unit is Unit.NONE and bare.form is Form.DECIMAL
            if bits & BIT["place"] and (left.bits & mask("verb temp") or plain):
                at -= 1
                continue  # 室外测的34.9: where a person stood
            if bits & FOREIGN:
                if not self._narrated(at, place):
                    left.foreign = token.text
                break
            if left.bits & mask("medicine now"):
                break  # 吃了布洛芬这会儿38.1: what stands before is another matter
            if colon:
                self._labelled(left, at)
            else:
                self._unknown(left, at)
            break
        nobody = not (left.mentions or left.foreign or self.used or self.topic)
        if self.message.shape.is_list and self.message.peopled and nobody:
            self._entry(place, left)
        if not left.foreign and not left.bits & mask("temp fever"):
            left.foreign = self._opened_by() if left.mentions else ""
        return left

    def _asked_to(self, mention: Mention) -> bool:
        """女婿守夜，托我报: who only passes the number on."""
        before = self.line[mention.first - 1] if mention.first else None
        nxt = self.line[mention.last + 1] if mention.last + 1 < len(self.line) else None
        return (
            before is not None
            and nxt is not None
            and before.text in ("托", "让", "叫", "请", "喊", "拜托", "委托")
            and nxt.text in ("报", "代报", "报的", "报个", "帮报", "报一下", "补报", "上报")
        )

    def _opened_by(self) -> str:
        """电费吕佳37.9 马翠兰40.5: the thing that a row of names and numbers is about."""
        first = next((t for t in self.line if t.kind not in ("space", "mark", "emoji")), None)
        if first is None or first.bits & mask("kin fine"):
            return ""
        thing = first.text in self.lexicon.things and first.text[-1] not in "况数据报表单果录"
        if not (thing or first.bits & BIT["goods"]):
            return ""
        if self.message.bits & mask("temp fever feverish symptom") or self.message.bodily:
            return ""
        behind = next(
            (
                p
                for p, t in enumerate(self.line)
                if p and t.kind not in ("space", "punct", "mark") and not t.bits & BIT["goods"]
            ),
            0,
        )
        named = self.by_first.get(behind)
        return first.text if named is not None and named.kind is Kind.NAME else ""

    def _minus(self, place: int) -> bool:
        """今天-34℃, but not 李桂兰-36.5."""
        if not place or self.line[place - 1].text != "-":
            return False
        if place == 1:
            return not self.message.shape.is_list
        return self.line[place - 2].kind in ("space", "comma", "stop") or bool(
            self.line[place - 2].bits & mask("day heat")
        )

    def _narrated(self, at: int, place: int) -> bool:
        """喝了两碗梨水 37.8: a thing somebody did something with, and then a blank."""
        if at and self.line[at - 1].text in AIMED:
            return False  # 体温枪对着西瓜打了37.1
        between = self.line[at + 1 : place]
        if not any(t.kind == "space" or t.text in LOOKED or t.bits & BIT["verb"] for t in between):
            return False
        start = at
        while start > self.bound and self.line[start - 1].kind not in ("comma", "stop", "space"):
            start -= 1
        return any(t.text[-1] in "了完着过" for t in self.line[start:at])

    def _entry(self, place: int, left: Left) -> None:
        """In a list what stands before the number names its person: 来福36.8, 押车的 36.4."""
        start = place
        while start > self.bound and self.line[start - 1].kind not in ("comma", "stop", "mark"):
            start -= 1
        shown = [
            t for t in self.line[start:place]
            if t.kind not in ("space", "punct", "open", "close", "group", "latin")
            and t.text not in ":-=|/"
        ]  # fmt: skip
        text = "".join(t.text for t in shown)
        if (
            text in HEAD_WORDS
            or not 2 <= len(text) <= 5
            or any(t.kind not in ("word", "char") or t.bits & NOT_LABEL for t in shown)
        ):
            return
        first = next(p for p in range(start, place) if self.line[p] is shown[0])
        left.mentions = [Mention(Kind.NAME, (text,), first, first)]
        left.unknown = ""

    def _rejected(self, token: Token) -> bool:
        return any(d.token is token and d.verdict.outcome == "no" for d in self.drafts[-3:]) or (
            token.number is not None
            and token.number.form is Form.PLAIN
            and self.message.shape.is_list
        )

    def _speaker(self, mention: Mention) -> bool:
        """我妈说…: who speaks or acts is not who was measured."""
        nxt = mention.last + 1
        if nxt >= len(self.line) or mention.kind not in (
            Kind.KIN,
            Kind.NAME,
            Kind.SELF,
            Kind.THIRD,
        ):
            return False
        text = self.line[nxt].text
        if mention.first and self.line[mention.first - 1].text in DENYING:
            return True
        if text == "给" or (mention.kind is Kind.SELF and self.line[nxt].bits & BIT["slip"]):
            return True  # 高速口给打了个35.8: who held the thermometer
        return text in SPEAKS and not (self.by_first.get(nxt) is not None)

    def _over_comma(self, left: Left, at: int) -> None:
        """李桂兰，36.4: the name stands right before the comma."""
        mention = self.by_last.get(at - 1)
        if (
            mention is not None
            and mention.first >= self.bound
            and mention.first not in self.used
            and not left.unknown
            and mention.kind not in (Kind.YOU, Kind.OFFICE, Kind.JOB)
            and not self._office_call(mention)
            and not self._speaker(mention)
            and not self._no_name(mention)
        ):
            self._gather(left, mention)

    def _gather(self, left: Left, mention: Mention) -> None:
        """This person, and those beside him: 我跟他妈, 爸、妈都."""
        group = [mention]
        at = mention.first - 1
        while at >= self.bound:
            glue: list[Token] = []
            while at >= self.bound and at not in self.by_last and len(glue) < 3:
                glue.append(self.line[at])
                at -= 1
            other = self.by_last.get(at) if at >= self.bound else None
            if other is None or other.first in self.used:
                break
            joined = all(
                t.bits & BIT["and"] or t.text in ("、", ",", "和", "/", "个") or t.kind == "space"
                for t in glue
            )
            linked = any(t.bits & BIT["and"] or t.text in ("、", "/") for t in glue)
            if not joined or not (linked or left.all) or other.kind in (Kind.YOU, Kind.OFFICE):
                break
            if not linked and other.kind is Kind.SELF and glue and mention.kind is Kind.SELF:
                break
            if Kind.HOUSEHOLD in (other.kind, mention.kind) or other.kind is Kind.OTHERS:
                break
            if other.kind is Kind.FLAT:
                break  # 303 骆红兵、骆小雨
            group.insert(0, other)
            at = other.first - 1
        left.mentions = group

    def _labelled(self, left: Left, at: int) -> None:
        """迎儿：36.7 is a person, 第三天居家隔离：晨36.3 is none."""
        self._unknown(left, at)
        if not left.mentions:
            left.unknown, left.unknown_at, left.thing = "", -1, False

    def _unknown(self, left: Left, at: int) -> None:
        """The run of unknown words that ends here; a nickname becomes a mention."""
        run: list[Token] = []
        end = at
        while at >= self.bound and len(run) < 6:
            token = self.line[at]
            if (
                self.covered[at]
                or token.text == "给"
                or token.kind not in ("char", "word", "name")
                or (token.bits & SKIP and run and not token.bits & BIT["common"])
            ):
                break
            run.insert(0, token)
            at -= 1
        text = "".join(t.text for t in run)
        if left.dated and not self.message.shape.is_list:
            return  # 欠了两天的一块补 2月8号36.5
        nxt = self.line[end + 1].text if end + 1 < len(self.line) else ""
        rises = nxt in ("到", "到了") and bool(run) and not self._is_thing(run, end)
        if rises and self._clause_before(end) & mask("day period night now"):
            return  # 昨晚折腾到37.8
        if nxt in SAID and not self.message.shape.is_list:
            return  # 来信儿说36.4: how it was told
        if nxt in LOOKED:
            return  # 戴上老花镜一看是36.9
        if run and is_sender(text, self.message.own) and len(text) > 1:
            left.mentions = [Mention(Kind.SELF, (SELF,), at + 1, end)]
            return  # 莲花36.4 said by 杨莲花
        left.unknown, left.unknown_at = text, end
        left.thing = bool(run) and self._is_thing(run, end)
        if not run:
            left.unknown = self.line[end].text
            return
        fresh = (
            at < 0
            or self.line[at].kind in (*QUIET, "comma", "stop", "group", "num", "clock", "date")
            or (self.line[at].bits & mask("day period now and slip") != 0)
            or (at in self.by_last and self.by_last[at].kind is Kind.JOB)
            or (self.line[at].text == ":" and any(m.kind is Kind.NAME for m in self.mentions))
        )
        behind = self.line[end + 1].text if end + 1 < len(self.line) else ""
        while len(run) > 2 and text[-2] in "小老阿" and run[0].text not in "小老阿":
            at += 1  # 鱼摊阿根36.3
            run = run[1:]
            text, fresh = "".join(t.text for t in run), True
        house = self.by_last.get(at)
        if house is not None and house.kind is Kind.HOUSEHOLD and len(text) == 2:
            fresh = text[0] in "小大老细"  # 我屋细毛38.2
            left.thing = left.thing and not fresh
        if self._nickname(text, run, fresh, left):
            if behind == "的" and len(text) == 2 and self.message.shape.is_list:
                text += behind  # 拉煤的 35.9
            mention = Mention(Kind.NAME, (text,), at + 1, end)
            kind = Kind.SELF if is_sender(text, self.message.own) else Kind.NAME
            left.mentions = [
                Mention(kind, (SELF,) if kind is Kind.SELF else (text,), mention.first, end)
            ]
            left.unknown = ""

    def _is_thing(self, run: list[Token], end: int) -> bool:
        """Whether a number behind these words would be of a thing or a place and not a person."""
        nxt = self.line[end + 1] if end + 1 < len(self.line) else None
        if nxt is not None and nxt.text in DONE:
            return False  # 值完夜班回来36.2
        if run[-1].text in self.lexicon.things or run[-1].text[-1] in THING_TAILS:
            return True
        if run[-1].text in INSIDE or (len(run[-1].text) > 1 and run[-1].text[-1] in "里内上下"):
            return True
        told = len(run[-1].text) > 1 and run[-1].text not in self.lexicon.things
        if nxt is not None and nxt.text in ("到", "到了") and told:
            return False  # 折腾到37.8
        if nxt is not None and nxt.text == "上" and not nxt.bits & BIT["site"]:
            return run[-1].kind == "char" or bool(run[-1].bits & BIT["common"])  # 戏台子上
        return nxt is not None and nxt.text in (*INSIDE, "到", "到了")

    def _nickname(self, text: str, run: list[Token], fresh: bool, left: Left) -> bool:
        if (
            text in HEAD_WORDS
            or not fresh
            or not 2 <= len(text) <= 4
            or not all("\u4e00" <= c <= "\u9fff" for c in text)
        ):
            return False
        listed = self.message.shape.is_list and self.message.peopled
        named = any(m.kind is Kind.NAME for m in self.mentions)
        row = named and (self.message.usual or (len(text) >= 3 and run[-1].text != text))
        if left.thing and (not (listed or row) or text[-1] in "里内屋房箱棚仓缸炉锅桶盆窖"):
            return False
        if any(
            t.bits & ~mask("common kin namehead nametail title") and len(t.text) > 1 for t in run
        ):
            return False
        if len(run) == 1 and run[0].bits & BIT["common"]:
            if named and not left.bits and self.message.usual:
                listed = True
            return listed and self.message.plausible >= 2
        size, last = len(text), text[-1]
        shaped = (
            (size == 2 and (text[0] in "小大老阿二三细" or text[0] == last))
            or (size == 2 and last in "娃蛋妞丫柱锁栓妮")
            or (size == 3 and text[0] in "老小阿" and last in "头子儿太")  # 老綦头
            or (size <= 3 and (last in CALLED or (last == "子" and not left.thing)))
        )
        others = any(m.kind in (Kind.NAME, Kind.KIN, Kind.SELF) for m in self.mentions)
        known = listed or (not left.bits & ~BIT["link"] and self.message.plausible >= 2 and others)
        if row and size == 3 and len(run) == 2 and len(run[0].text) == 1:
            return True  # 丘大力 in a row of names
        return bool(shaped or known) and not any(
            t.bits & BIT["common"] for t in run if len(run) > 1 and len(t.text) > 1
        )
