"""Whose a number is: the person before it, behind it, or the one the talk is about."""

from dataclasses import replace
from decimal import Decimal

from bot.language.drafts import Draft
from bot.language.meaning import HOUSEHOLD, SELF
from bot.language.numerals import Form
from bot.language.people import Kind, Mention
from bot.language.subjects import Left, Verdict
from bot.language.surroundings import Surroundings
from bot.language.words import BIT, mask, word_set

AGENT_BEFORE = word_set("让 叫 被 问 听 陪 跟 喊 求 找 看 去 到 送 带 接 在 从 把 用 借")

FEVER = Decimal("37.3")


class Whose(Surroundings):
    """Gives numbers their people."""

    def _meet(self, mention: Mention, first: Mention | None) -> Mention | None:
        """A person comes up: may become what the following is about."""
        if mention.kind in (Kind.YOU, Kind.OFFICE, Kind.JOB, Kind.FLAT):
            return first
        before = self.line[mention.first - 1] if mention.first else None
        serving = before is not None and before.text in ("给", "替", "帮", "代", "为", "是", "说")
        if before is not None and before.text in AGENT_BEFORE and first is not None:
            return first
        after = self.line[mention.last + 1].text if mention.last + 1 < len(self.line) else ""
        if (
            before is not None
            and before.text in ("让", "请", "叫", "求")
            and after in ("给", "帮", "帮着")
        ):
            return first  # 让小宝给看的: he only helped
        if (
            before is not None
            and before.bits & BIT["negation"]
            and before.text in ("不是", "并不是", "又不是")
        ):
            return first
        if mention.kind is Kind.THIRD:
            if (self.third is not None and first is None) or (self.third is not None and serving):
                self.topic = self.third
            return first or mention
        if mention.kind in (Kind.KIN, Kind.NAME, Kind.FAMILY):
            self.third = mention
        if first is None or serving:
            if not self._office_call(mention):
                self.topic = mention
            return mention
        return first

    def _who(self, draft: Draft, place: int, left: Left) -> None:
        group = left.mentions
        mine = bool(group) and group[0].kind is Kind.SELF and bool(left.bits & BIT["mine_before"])
        owner = self._named_behind(place) if not group or mine else None
        if owner is not None:
            self.used.add(owner.first)
            group = [owner]
            draft.renamed = True
            draft.far = any(t.kind == "comma" for t in self.line[place : owner.first])
        if group and group[0].kind is Kind.THIRD:
            group = [self.third] if self.third is not None else group
        if not group:
            after = self._behind(place)
            if after is not None and (
                self.topic is None or self.topic.kind is Kind.SELF or self._postposed()
            ):
                self.used.add(after.first)
                draft.renamed = True
                group = [after]
        if (
            not group
            and left.all
            and self.drafts[:-1]
            and any(t.text == "除了" for t in self.line[:place])
        ):
            group = [Mention(Kind.OTHERS, (HOUSEHOLD,), place, place)]
        ill = self.reader.last
        if not group and left.bits & BIT["now"] and self._still_ill(ill, draft):
            group = [ill.mention] if ill and ill.mention else []
        if not group and self.topic is not None:
            group = [
                self.topic if self.topic.kind is not Kind.THIRD else (self.third or self.topic)
            ]
        if not group:
            return
        draft.who = tuple(w for m in group for w in m.who)
        draft.mention = group[-1]
        draft.owner = group[-1].owner
        draft.count = (
            group[-1].count
            if group[-1].kind in (Kind.HOUSEHOLD, Kind.FAMILY, Kind.OTHERS)
            else None
        )
        if group[-1].kind is Kind.FLAT:
            draft.who = (group[-1].who[0],) if self.message.shape.is_list else (SELF,)

    def _still_ill(self, ill: Draft | None, draft: Draft) -> bool:
        """孙子38.4，我拿毛巾擦了擦，现在38.0 is the grandson's again."""
        if ill is None or ill.celsius is None or ill.mention is None or ill.line != draft.line:
            return False
        return ill.celsius >= FEVER and ill.mention.kind in (Kind.KIN, Kind.NAME)

    def _postposed(self) -> bool:
        """36.5我 36.8老伴: a person stands behind the last number too."""
        last = max(
            (
                p
                for p, t in enumerate(self.line)
                if t.number is not None and t.number.celsius is not None
            ),
            default=0,
        )
        return any(m.first > last for m in self.mentions[-2:])

    def _named_behind(self, place: int) -> Mention | None:
        """36.9那个是我妹夫: whose the number was is said behind it."""
        commas = 0
        for at in range(place + 1, min(len(self.line), place + 12)):
            token = self.line[at]
            if token.kind == "stop" or (
                token.number is not None and token.number.form is not Form.PLAIN
            ):
                return None
            if token.kind == "comma":
                commas += 1
                if commas > 1:
                    return None
            mention = self.by_first.get(at)
            if mention is None:
                continue
            if self.line[at - 1].text not in ("是", "这是", "那是", "就是"):
                return None
            nxt = mention.last + 1
            ends = (
                nxt >= len(self.line)
                or self.line[nxt].kind in ("comma", "stop", "space", "emoji")
                or (self.line[nxt].text in ("的", "量的", "那个", "啊", "哈"))
            )
            return (
                mention
                if ends and mention.kind in (Kind.KIN, Kind.NAME, Kind.SELF, Kind.FAMILY)
                else None
            )
        return None

    def _behind(self, place: int) -> Mention | None:
        """36.5我, 36.8老伴; 快39了，…，是我媳妇: the person stands behind the number."""
        at = place + 1
        while at < len(self.line) and (
            self.line[at].kind in ("space",)
            or (
                self.line[at].bits & mask("particle link loose over_after under_after")
                and at not in self.by_first
            )
        ):
            at += 1
        mention = self.by_first.get(at)
        if mention is not None and mention.kind in (
            Kind.SELF,
            Kind.KIN,
            Kind.NAME,
            Kind.HOUSEHOLD,
            Kind.FAMILY,
        ):
            nxt = mention.last + 1
            while nxt < len(self.line) and (
                self.line[nxt].kind in ("space", "comma", "stop", "emoji", "close")
                or self.line[nxt].text in ("的", "量的", "了", "吧", "呢")
            ):
                nxt += 1
            if nxt >= len(self.line) or (self.line[nxt].number is not None and self._postposed()):
                return mention
            gap = self.line[mention.last + 1] if mention.last + 1 < len(self.line) else None
            if gap is not None and gap.kind in ("comma", "stop"):
                return mention
        for later in self.mentions:
            if later.first <= place or later.kind not in (Kind.KIN, Kind.NAME, Kind.HOUSEHOLD):
                continue
            if any(
                t.number is not None and t.number.form is not Form.PLAIN
                for t in self.line[place + 1 : later.first]
            ):
                return None
            before = self.line[later.first - 1]
            nxt = later.last + 1
            ends = (
                nxt >= len(self.line)
                or self.line[nxt].kind in ("comma", "stop", "space")
                or self.line[nxt].text in ("的", "家的", "仨人的")
            )
            starts = before.kind in ("comma", "stop", "space") or before.text in (
                "是",
                "这是",
                "就是",
                "说的是",
                "那是",
            )
            after = next((t for t in self.line[nxt:] if t.kind != "space"), None)
            if starts and ends and (after is None or after.number is None):
                return later
            return None
        return None

    def _whole_family(self, good: list[Draft]) -> None:
        """36.5 36.4 36.7 我们家仨人的; …，是我那小孙子: said behind all of them."""
        last = good[-1]
        unnamed = [
            d
            for d in good
            if not d.left.mentions and (not d.renamed or d.far) and d.verdict.outcome == "reading"
        ]
        if len(unnamed) != len(good):
            return
        mention = last.mention
        if mention is None:
            mention = next((m for m in self.mentions if m.first > last.at), None)
            if (
                mention is None
                or mention.kind not in (Kind.HOUSEHOLD, Kind.FAMILY)
                or len(good) < 2
            ):
                return
        if mention.first < good[0].at:
            if mention.kind is Kind.HOUSEHOLD and len(good) >= 2 and not any(d.timed for d in good):
                for draft in good:
                    draft.count = None
            return
        for draft in good:
            draft.who, draft.mention, draft.owner = mention.who, mention, mention.owner
            draft.count = None if len(good) > 1 else mention.count

    def _ditto(self) -> None:
        """老伴也是, 老头同上: the number before is said of one more person."""
        for mention in self.mentions:
            at = mention.last + 1
            while at < len(self.line) and (
                self.line[at].kind == "space"
                or (self.line[at].bits & mask("temp all") and not self.line[at].bits & BIT["ditto"])
            ):
                at += 1
            if at >= len(self.line) or not self.line[at].bits & BIT["ditto"] or self.covered[at]:
                continue
            rest = self.line[at + 1 : at + 5]
            nxt = next((t for t in rest if t.kind != "space"), None)
            if (
                nxt is not None
                and (
                    nxt.number is not None
                    or (
                        not nxt.bits & mask("particle fine ditto")
                        and nxt.kind not in ("comma", "stop", "emoji", "close")
                    )
                )
                and nxt.text != "的"
            ):
                continue
            model = next(
                (
                    d
                    for d in reversed(self.drafts)
                    if d.at < mention.first and d.verdict.outcome == "reading"
                ),
                None,
            )
            if (
                model is None
                and self.number
                and self.reader.last is not None
                and self.message.shape.is_list
            ):
                model = self.reader.last
            if (
                model is None
                or mention.who == model.who
                or mention.kind in (Kind.YOU, Kind.OFFICE, Kind.THIRD)
            ):
                continue
            self.drafts.append(
                replace(
                    model,
                    who=mention.who,
                    mention=mention,
                    owner=mention.owner,
                    count=mention.count,
                    verdict=Verdict("reading", "说跟前面一样"),
                    left=Left(mentions=[mention]),
                    at=at,
                )
            )
