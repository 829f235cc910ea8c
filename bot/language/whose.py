"""Whose a number is: the person before it, behind it, or the one the talk is about."""

import re
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

from bot.language.drafts import QUIET, Draft
from bot.language.leftside import DENYING
from bot.language.meaning import HOUSEHOLD, SELF
from bot.language.numerals import Form
from bot.language.people import Kind, Mention
from bot.language.subjects import Left, Verdict
from bot.language.surroundings import Surroundings
from bot.language.times import When
from bot.language.tokens import Token
from bot.language.words import BIT, mask, word_set

AGENT_BEFORE = word_set("让 叫 被 问 听 陪 跟 喊 求 找 看 去 到 送 带 接 在 从 把 用 借")

TIMES = word_set("遍 次 三次 三遍 两遍 两次 三回 回 三下 下 平均 取哪个 哪个准 都是我")
CARED = word_set(
    "医院 卫生院 诊所 卫生室 抱 送 背 不肯 打针 吃药 输液 挂水 难受 哭 闹 躺着 咋弄 咋办 咋整"
)
OBJECT = word_set("让 叫 给 跟 对 把 喊 管 陪 害 害得 催 找 问 告诉 嫌 骂 说")
THANKS = ("谢", "多谢", "感谢", "辛苦", "多亏", "劳烦")
LIKE = word_set("跟 和 同 与 像")
ALIKE = ("一样", "一个样", "一般", "相同", "差不多")
EVERYBODY = word_set("人人 个个 每人 每个人 人人都 个个都")
IS = word_set("是 这是 那是 就是 才是 都是 的是 那个是")
REPEATED = re.compile(r"[两三四五几]\s?(?:回|次|遍)")
URGES = word_set("非让 非要 非叫 非得让 硬让 硬要 逼 催 劝 嫌 教")
CALLS = word_set("喂 哎 诶 欸 嘿 哎呀 喂喂")
BESIDE = word_set("比 像 较 不如 跟 和 随")
SERVING = word_set("给 替 帮 代 为 是 说 往 朝 对 冲 照 向")
FEVER = Decimal("37.3")


HOME = word_set("家里 屋里 家中 屋头 屋里头")
AT_HOME = mask(
    "temp verb all fine unmeasured device pair triple others kin self wo link day period now"
)


def _at_home(line: list[Token], mention: Mention) -> bool:
    """家里断网没报成: the house, and not its people."""
    at = mention.last + 1
    if line[mention.last].text not in HOME or at >= len(line):
        return False
    for token in line[at:]:
        if token.kind in ("comma", "stop"):
            break
        if token.kind in ("count", "num") or token.text[0] in "一两二三四五六七八九几俩仨":
            return False
    return line[at].kind in ("char", "word") and not line[at].bits & AT_HOME


def _told_home(line: list[Token], mention: Mention) -> bool:
    """给家里报个平安: who hears of it is not who was measured."""
    before = line[mention.first - 1].text if mention.first else ""
    after = line[mention.last + 1].text if mention.last + 1 < len(line) else ""
    return before in ("给", "跟", "向") and after[:1] in ("报", "说", "打", "回", "捎")


class Whose(Surroundings):
    """Gives numbers their people."""

    def _meet(self, mention: Mention, first: Mention | None) -> Mention | None:
        """A person comes up: may become what the following is about."""
        if mention.kind in (Kind.YOU, Kind.OFFICE, Kind.JOB, Kind.FLAT):
            return first
        before = self.line[mention.first - 1] if mention.first else None
        if mention.kind in (Kind.KIN, Kind.NAME) and self._text_at(mention.last + 1) in URGES:
            return first  # 孩子非让搁腋下
        if self._no_name(mention) or self._reads_out(mention) or self._measures(mention):
            return first
        if self._brought(mention) or (
            mention.kind is Kind.HOUSEHOLD
            and (_told_home(self.line, mention) or _at_home(self.line, mention))
        ):
            return first
        if self._called_to(mention) or self._thanked(mention):
            return first
        if mention.kind is Kind.SELF and self._felt(mention):
            self.topic = mention
            return mention
        serving = before is not None and before.text in SERVING
        if before is not None and before.text in AGENT_BEFORE and first is not None:
            return first
        after = self.line[mention.last + 1].text if mention.last + 1 < len(self.line) else ""
        if (
            before is not None
            and before.text in ("让", "请", "叫", "求")
            and after in ("给", "帮", "帮着")
        ):
            return first  # 让小宝给看的: he only helped
        if before is not None and before.bits & BIT["negation"] and before.text in DENYING:
            return first
        if mention.kind is Kind.SELF and (
            self._asked_to(mention) or (before is not None and before.text.endswith("着"))
        ):
            return first
        told = self.third is not None and first is None
        if mention.kind is Kind.SELF and told and before is not None and before.text in OBJECT:
            return first  # 你大爷嫌凉，让我磨叽半天，三十六度八
        blurred = bool(self.before[mention.first] & BIT["blurry"]) and self._looks(mention)
        if mention.kind is Kind.SELF and told and (blurred or self._measures_another(mention)):
            self.topic = self.third
            return self.third
        if self._tells_of(mention):
            self.clause_when = When()  # 昨天从成都回来的侄儿: the day is of his coming
        if mention.kind is Kind.THIRD:
            if before is not None and before.text in BESIDE:
                return first
            if (self.third is not None and first is None) or (self.third is not None and serving):
                self.topic = self.third
            return first or mention
        if mention.kind in (Kind.KIN, Kind.NAME, Kind.FAMILY):
            self.third = mention
        inner = first is not None and first.kind is Kind.HOUSEHOLD
        if first is None or serving or (inner and mention.kind in (Kind.KIN, Kind.NAME)):
            if not self._office_call(mention):
                self.topic = mention
            return mention
        return first

    def _called_to(self, mention: Mention) -> bool:
        """喂 幺儿 我跟你说: a relative who is spoken to."""
        if mention.kind is not Kind.KIN or mention.first > 2:
            return False
        opening = [t for t in self.line[: mention.first] if t.kind not in ("space", "comma")]
        if not opening or not all(t.text in CALLS for t in opening):
            return False
        at = mention.last + 1
        while at < len(self.line) and self.line[at].kind in ("space", "comma"):
            at += 1
        nxt = self.by_first.get(at)
        return at > mention.last + 1 and nxt is not None and nxt.kind is Kind.SELF

    def _brought(self, mention: Mention) -> bool:
        """姑娘从加拿大捎回来的表: who gave the thermometer."""
        if mention.kind not in (Kind.KIN, Kind.NAME):
            return False
        for at in range(mention.last + 1, min(len(self.line) - 1, mention.last + 9)):
            token = self.line[at]
            if token.kind in ("comma", "stop") or token.number is not None:
                return False
            if token.text[-1] == "的" and self.line[at + 1].bits & BIT["device"]:
                return at > mention.last + 1
        return False

    def _measures(self, mention: Mention) -> bool:
        """路口量体温的大哥: whose work it is to measure."""
        if not mention.first or self.line[mention.first - 1].text not in ("的", "那个", "那位"):
            return False
        before = self.line[max(0, mention.first - 4) : mention.first]
        return any(t.bits & BIT["verb"] or t.text in ("测温", "量温") for t in before)

    def _reads_out(self, mention: Mention) -> bool:
        """孙女重新念了一遍刻度，是36.9: who read the thermometer, not who was measured."""
        if mention.kind not in (Kind.KIN, Kind.NAME):
            return False
        read = False
        for token in self.line[mention.last + 1 : mention.last + 9]:
            if token.kind in ("comma", "stop") or token.number is not None:
                return False
            read = read or token.text[0] in "念认读看瞅"
            if read and (token.bits & BIT["device"] or token.text in ("刻度", "数", "数字", "格")):
                return True
        return False

    def _thanked(self, mention: Mention) -> bool:
        """谢谢三楼大姐的药，夜里退到38.0."""
        for at in range(mention.first - 1, max(-1, mention.first - 5), -1):
            if self.line[at].kind in ("comma", "stop"):
                return False
            if self.line[at].text.startswith(THANKS):
                return True
        return False

    def _felt(self, mention: Mention) -> bool:
        """俺伯刚才摸俺头: the one whose head was felt is the one who was measured."""
        if not mention.first or not self.line[mention.first - 1].bits & BIT["feel"]:
            return False
        at = mention.last + 1
        at += at < len(self.line) and self.line[at].text == "的"
        return at < len(self.line) and self.line[at].text[0] in "头额脑脸"

    def _looks(self, mention: Mention) -> bool:
        """太姥爷眼神不济，我凑跟前看的: read out for him."""
        for token in self.line[mention.last + 1 : mention.last + 8]:
            if token.kind in ("comma", "stop") or token.number is not None:
                return False
            if token.text in ("看的", "念的", "瞅的", "认的") or token.text == "看":
                return True
        return False

    def _measures_another(self, mention: Mention) -> bool:
        """我跟他儿子按着给量的: measured by the sender, of whom was spoken before."""
        gave = False
        for at in range(mention.last + 1, min(len(self.line), mention.last + 14)):
            token = self.line[at]
            if token.kind in ("comma", "stop") or token.number is not None:
                return False
            if token.text in ("给", "帮", "帮着", "替"):
                gave = True
            elif at in self.by_first and gave:
                return self.by_first[at].kind is Kind.THIRD
            elif gave and token.bits & BIT["verb"]:
                return True
        return False

    def _tells_of(self, mention: Mention) -> bool:
        """Whether a clause with 的 describes this person."""
        at = mention.first - 1
        if at >= 0 and self.line[at].text in ("那个", "那位", "这个", "那"):
            at -= 1
        if at < 1 or not self.line[at].text.endswith("的"):
            return False
        return bool(self.line[at].bits & BIT["returnee"]) or any(
            t.bits & BIT["returnee"] or t.text in ("回来", "来", "到", "回")
            for t in self.line[max(0, at - 3) : at]
        )

    def _who(self, draft: Draft, place: int, left: Left) -> None:
        group = left.mentions
        mine = bool(group) and bool(left.bits & BIT["mine_before"])
        owner = self._named_behind(place) if not group or mine or left.comma else None
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
        if not group and (both := self._both(place)):
            group = both
        if not group and (label := self._label_behind(place)) is not None:
            group = [label]
        if not group and left.all and left.bits & BIT["under"] and self.topic is None:
            group = [Mention(Kind.HOUSEHOLD, (HOUSEHOLD,), place, place)]
        if not group and left.all and any(t.text in EVERYBODY for t in self.line[:place]):
            group = [Mention(Kind.HOUSEHOLD, (HOUSEHOLD,), place, place)]
        if not group:
            return
        theirs = self.third is not None and self.third.kind is Kind.FAMILY
        counted = group[0].kind is Kind.HOUSEHOLD and self.line[group[0].first].kind == "count"
        if theirs and counted and self.third is not None:
            group = [self.third]  # 帮吕守仁家报一个，4口人都是36度4
        draft.who = group[0].who if len(group) == 1 else tuple(w for m in group for w in m.who)
        draft.mention = group[-1]
        draft.owner = group[-1].owner
        draft.count = (
            group[-1].count
            if group[-1].kind in (Kind.HOUSEHOLD, Kind.FAMILY, Kind.OTHERS)
            else None
        )
        if group[-1].kind is Kind.FLAT:
            several = sum(1 for m in self.mentions if m.kind is Kind.FLAT) > 1
            listed = self.message.shape.is_list or several
            draft.who = (group[-1].who[0],) if listed else (SELF,)

    def _both(self, place: int) -> list[Mention]:
        """俺跟掌柜的一个度数，三十六度四: the two of whom it was said before."""
        for one, two in pairwise(m for m in self.mentions if m.last < place):
            joined = self.line[one.last + 1 : two.first]
            after = "".join(t.text for t in self.line[two.last + 1 : two.last + 4])
            alike = after.startswith(("一个度数", "一个数", *ALIKE))
            if len(joined) == 1 and joined[0].text in LIKE and alike and not self.drafts[:-1]:
                return [one, two]
        return []

    def _label_behind(self, place: int) -> Mention | None:
        """36.3 门银柱 in a list whose other lines have the name first."""
        if not (self.message.shape.is_list and self.message.peopled) or self.mentions:
            return None
        rest = [t for t in self.line[place + 1 :] if t.kind != "space"]
        text = "".join(t.text for t in rest)
        han = 2 <= len(text) <= 4 and all("\u4e00" <= c <= "\u9fff" for c in text)
        if not han or any(
            len(t.text) > 1 or t.bits & ~mask("namehead nametail nick") for t in rest
        ):
            return None
        return Mention(Kind.NAME, (text,), place + 1, len(self.line) - 1)

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
        behind = [m for m in self.mentions[-2:] if m.first > last]
        return bool(behind) and all(
            t.kind in ("space", "open", "punct") or t.text == "/"
            for t in self.line[last + 1 : behind[0].first]
        )

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
            if self.line[at - 1].text in DENYING or self.line[at - 1].text == "不是我":
                continue
            given = at > 1 and self.line[at - 2].text.endswith("是")
            if (
                given
                and self.line[at - 1].text in ("给", "替", "帮")
                and (self._text_at(mention.last + 1) in ("量的", "测的", "报的", "量"))
            ):
                return mention
            said = at - 1
            while said > place and self._leads_on(said):
                said -= 1
            if self.line[said].text not in IS:
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

    def _leads_on(self, at: int) -> bool:
        """是她对门满红梅: what stands between 是 and the name."""
        token = self.line[at]
        return token.text in ("他", "她", "咱", "我", "俺") or bool(
            token.bits & mask("household family_of link") and token.text not in IS
        )

    def _text_at(self, at: int) -> str:
        return self.line[at].text if at < len(self.line) else ""

    def _behind(self, place: int) -> Mention | None:
        """36.5我, 36.8老伴; 快39了，…，是我媳妇: the person stands behind the number."""
        at = place + 1
        while at < len(self.line) and (
            self.line[at].kind in ("space",)
            or self.line[at].text in ("⬅", "←", "<", "👈")
            or (self.line[at].kind == "close" and at + 1 in self.by_first)
            or (self.line[at].kind == "open" and at + 1 in self.by_first)
            or (
                self.line[at].bits & mask("particle link loose over_after under_after")
                and at not in self.by_first
            )
        ):
            at += 1
        mention = self.by_first.get(at)
        if mention is not None and self._no_name(mention):
            mention = None
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
            if gap is not None and gap.kind in ("comma", "stop", "open"):
                return mention
        if ill := self._ill_behind(place):
            return ill
        for later in self.mentions:
            if later.first <= place or later.kind not in (Kind.KIN, Kind.NAME, Kind.HOUSEHOLD):
                continue
            if self._no_name(later):
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
                or (self.line[nxt].text == "的" and self._ends_clause(nxt + 1))
                or self.line[nxt].text in ("家的", "仨人的")
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

    def _ill_behind(self, place: int) -> Mention | None:
        """快39了！二妮抱卫生院去了: the one person of the line, said to be ill, has the fever."""
        number = self.line[place].number
        if number is None or number.celsius is None or number.celsius < FEVER or self.topic:
            return None
        people = [
            m
            for m in self.mentions
            if m.kind in (Kind.KIN, Kind.NAME)
            and not self.lexicon.classes.get(m.who[0][1:], 0) & BIT["office"]
        ]
        if len(people) != 1 or people[0].first < place or self._office_call(people[0]):
            return None
        rest = self.line[people[0].last + 1 : people[0].last + 12]
        if any(t.number is not None and t.number.form is not Form.PLAIN for t in rest):
            return None
        if self.line[people[0].first - 1].text in AGENT_BEFORE:
            return None
        ill = any(
            t.bits & mask("symptom danger feverish medicine") or t.text in CARED for t in rest
        )
        return people[0] if ill else None

    def _side_by_side(self, good: list[Draft]) -> None:
        """我和他爸36.4 36.7; 36.6/36.5，我/俺媳妇: as many people as numbers, in one order."""
        for at, draft in enumerate(good):
            people = [(who, m) for m in draft.left.mentions for who in m.who]
            row = good[at : at + len(people)]
            if len(people) < 2 or draft.left.all or len(row) < len(people):
                continue
            if any(d.left.mentions or d.renamed for d in row[1:]):
                continue
            for one, (who, mention) in zip(row, people, strict=True):
                one.who, one.mention, one.owner = (who,), mention, mention.owner
        if len(good) == 1 and self._all_behind(good[0]):
            return
        if len(good) < 2 or any(d.left.mentions for d in good):
            return
        behind = [
            m
            for m in self.mentions
            if m.first > good[-1].at and m.kind in (Kind.SELF, Kind.KIN, Kind.NAME)
        ]
        gaps = self.line[good[-1].at + 1 : behind[-1].last] if behind else []
        inner = [t for p, t in enumerate(gaps, good[-1].at + 1) if not self.covered[p]]
        joined = all(t.kind in ("space", "comma", "open", "punct") or t.bits & mask("and link")
                     for t in inner)  # fmt: skip
        if len(behind) == len(good) and joined:
            for one, mention in zip(good, behind, strict=True):
                one.who, one.mention, one.owner = mention.who, mention, mention.owner
                one.renamed = True

    def _all_behind(self, one: Draft) -> bool:
        """都是36.5：我，孩儿妈，老丫头: the people of one number, told behind it."""
        people = [m for m in self.mentions if m.first > one.at]
        said = (Kind.SELF, Kind.KIN, Kind.NAME)
        if one.left.mentions or len(people) < 2 or any(m.kind not in said for m in people):
            return False
        rest = [t for p, t in enumerate(self.line) if p > one.at and not self.covered[p]]
        if not all(t.kind in QUIET or t.kind == "comma" or t.text in (":", "、", "/") or
                   t.bits & BIT["and"] for t in rest):  # fmt: skip
            return False
        one.who = tuple(w for m in people for w in m.who)
        one.mention, one.renamed = people[-1], True
        return True

    def _whole_family(self, good: list[Draft]) -> None:
        """36.5 36.4 36.7 我们家仨人的; …，是我那小孙子: said behind all of them."""
        self._side_by_side(good)
        if self._enumerated(good):
            for draft in good:
                draft.who, draft.count = (HOUSEHOLD,), None
            return
        last = good[-1]
        unnamed = [
            d
            for d in good
            if not d.left.mentions
            and (not d.renamed or d.far or (d.mention and d.mention.kind is Kind.HOUSEHOLD))
            and d.verdict.outcome == "reading"
        ]
        series = (
            good[-1].renamed and len(unnamed) == len(good) - 1 and all(d.timed for d in good)
        )  # 昨晚38.2，今早36.9，俺小子: one person, day by day
        if series and last.mention is not None and len(self.mentions) == 1:
            for draft in good:
                draft.who, draft.mention, draft.owner = last.who, last.mention, last.owner
            return
        if len(unnamed) != len(good):
            return
        mention = last.mention
        if mention is None:
            mention = next((m for m in self.mentions if m.first > last.at), None)
            if (
                mention is None
                or self.line[mention.first - 1].text in ("把", "给", "跟", "让", "叫", "被")
                or mention.kind not in (Kind.HOUSEHOLD, Kind.FAMILY)
                or len(good) < 2
            ):
                return
        if mention.first < good[0].at:
            if mention.kind is Kind.HOUSEHOLD and len(good) >= 2 and not any(d.timed for d in good):
                for draft in good:
                    draft.count = None
            return
        if mention.first < last.at:
            return  # 大宝上着网课呢，36.7；小宝刚喝完奶，37.4
        for draft in good:
            draft.who, draft.mention, draft.owner = mention.who, mention, mention.owner
            draft.count = None if len(good) > 1 else mention.count

    def _enumerated(self, good: list[Draft]) -> bool:
        """36.5、36.6、36.6、36.8: three numbers or more and nobody named are a family."""
        if len(good) < 3 or any(
            d.left.mentions or d.renamed or d.timed or d.left.bits & BIT["site"] for d in good
        ):
            return False
        if self.topic is not None and self.topic.kind is not Kind.SELF:
            return False
        if good[0].left.bits & BIT["verb"] or self.message.bits & mask("device"):
            return False
        if REPEATED.search(self.message.said.text) or any(t.text in TIMES for t in self.line):
            return False
        between = self.line[good[0].at + 1 : good[-1].at]
        return all(
            t.number is not None or t.kind in ("space", "comma") or t.text in ("/", "+", "|")
            for t in between
        )

    def _as_well(self) -> None:
        """奶奶跟爷爷一样: the number of one is said of the other."""
        for one, two in pairwise(self.mentions):
            joined = self.line[one.last + 1 : two.first]
            after = self._text_at(two.last + 1)
            if len(joined) != 1 or joined[0].text not in LIKE or not after.startswith(ALIKE):
                continue
            for draft in self.drafts:
                if draft.who == two.who and draft.verdict.outcome == "reading":
                    self._repeat(draft, one, two.last + 1)
                    break

    def _repeat(self, model: Draft, mention: Mention, at: int) -> None:
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

    def _ditto(self) -> None:
        """老伴也是, 老头同上: the number before is said of one more person."""
        self._as_well()
        for mention in self.mentions:
            at = mention.last + 1
            while at < len(self.line) and (
                self.line[at].kind == "space"
                or self.line[at].text in ":-="
                or (self.line[at].bits & mask("temp all") and not self.line[at].bits & BIT["ditto"])
            ):
                at += 1
            if at >= len(self.line) or not self.line[at].bits & BIT["ditto"] or self.covered[at]:
                continue
            rest = self.line[at + 1 : at + 5]
            nxt = next((t for t in rest if t.kind != "space"), None)
            follows = next(
                (p for p in range(at + 1, len(self.line)) if self.line[p].kind != "space"), at
            )
            if (
                follows not in self.by_first
                and nxt is not None
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
            model = max(
                (d for d in self.drafts if d.at < mention.first and d.verdict.outcome == "reading"),
                key=lambda d: d.at,
                default=None,
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
            self._repeat(model, mention, at)
