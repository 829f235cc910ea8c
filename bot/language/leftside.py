"""Walks left from a number over the words that may stand between it and its person."""

from bot.language.drafts import QUIET
from bot.language.meaning import SELF
from bot.language.numerals import Form
from bot.language.people import Kind, Mention, is_sender
from bot.language.relay import FOREIGN
from bot.language.state import LineState
from bot.language.subjects import SKIP, Left
from bot.language.tokens import Token
from bot.language.words import BIT, mask, word_set

SPEAKS = word_set(
    "说 讲 让 叫 问 告诉 喊 催 看 让我 叫我 说我 非说 非让 帮 帮我 给我 替我 "
    "教 教我 嫌 笑 笑我 送 寄 买 拿 吓"
)
PASSING = word_set("岁 周岁 回 次 遍 下 分钟 小时 个小时 会 天 个 刻钟 片 粒")


class LeftSide(LineState):
    """The left walk."""

    def _left(self, place: int) -> Left:
        """Walks left from a number over words that may stand between it and its person."""
        left = Left()
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
                if mention.kind is Kind.YOU and not left.bits & mask("temp verb"):
                    left.you = True
                reflexive = token.text == "自己" and at and self.line[at - 1].text.endswith("说")
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
                left.near = token.bits
                first = False
            bits = token.bits
            if token.kind in QUIET or token.kind in ("clock", "date", "group"):
                at -= 1
                continue
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
            if bits & BIT["place"] and left.bits & mask("verb temp"):
                at -= 1
                continue  # 室外测的34.9: where a person stood
            if bits & FOREIGN:
                left.foreign = token.text
                break
            if left.bits & mask("medicine now"):
                break  # 吃了布洛芬这会儿38.1: what stands before is another matter
            if colon:
                self._labelled(left, at)
            else:
                self._unknown(left, at)
            break
        return left

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
        if mention.first and self.line[mention.first - 1].text in ("不是", "并不是", "又不是"):
            return True
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
                t.bits & BIT["and"] or t.text in ("、", ",", "和") or t.kind == "space"
                for t in glue
            )
            linked = any(t.bits & BIT["and"] or t.text == "、" for t in glue)
            if not joined or not (linked or left.all) or other.kind in (Kind.YOU, Kind.OFFICE):
                break
            if not linked and other.kind is Kind.SELF and glue and mention.kind is Kind.SELF:
                break
            if other.kind in (Kind.HOUSEHOLD, Kind.OTHERS) and len(group) >= 1:
                break
            group.insert(0, other)
            at = other.first - 1
        left.mentions = group

    def _labelled(self, left: Left, at: int) -> None:
        """迎儿：36.7 is a person, 第三天居家隔离：晨36.3 is none."""
        self._unknown(left, at)
        if not left.mentions:
            left.unknown, left.unknown_at = "", -1

    def _unknown(self, left: Left, at: int) -> None:
        """The run of unknown words that ends here; a nickname becomes a mention."""
        run: list[Token] = []
        end = at
        while at >= self.bound and len(run) < 6:
            token = self.line[at]
            if (
                self.covered[at]
                or token.kind not in ("char", "word", "name")
                or (token.bits & SKIP and run and not token.bits & BIT["common"])
            ):
                break
            run.insert(0, token)
            at -= 1
        text = "".join(t.text for t in run)
        left.unknown, left.unknown_at = text, end
        if not run:
            left.unknown = self.line[end].text
            return
        fresh = (
            at < 0
            or self.line[at].kind in (*QUIET, "comma", "stop", "group", "num", "clock", "date")
            or (self.line[at].bits & mask("day period now and slip") != 0)
        )
        if self._nickname(text, run, fresh, left):
            mention = Mention(Kind.NAME, (text,), at + 1, end)
            kind = Kind.SELF if is_sender(text, self.message.own) else Kind.NAME
            left.mentions = [
                Mention(kind, (SELF,) if kind is Kind.SELF else (text,), mention.first, end)
            ]
            left.unknown = ""

    def _nickname(self, text: str, run: list[Token], fresh: bool, left: Left) -> bool:
        if not fresh or not 2 <= len(text) <= 4 or not all("\u4e00" <= c <= "\u9fff" for c in text):
            return False
        listed = self.message.shape.is_list
        if any(
            t.bits & ~mask("common kin namehead nametail title") and len(t.text) > 1 for t in run
        ):
            return False
        if len(run) == 1 and run[0].bits & BIT["common"]:
            if any(m.kind is Kind.NAME for m in self.mentions) and not left.bits:
                listed = True
            return listed and text[0] in self.lexicon.surnames and self.message.plausible >= 2
        shaped = len(text) == 2 and (
            text[0] in "小大老阿二三" or text[0] == text[1] or text[-1] in "娃蛋妞丫柱锁栓妮"
        )
        others = any(m.kind in (Kind.NAME, Kind.KIN, Kind.SELF) for m in self.mentions)
        known = listed or (not left.bits and self.message.plausible >= 2 and others)
        return bool(shaped or known) and not any(
            t.bits & BIT["common"] for t in run if len(run) > 1 and len(t.text) > 1
        )
