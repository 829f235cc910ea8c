"""Whose a number is: the person before it, behind it, or the one the talk is about."""

from itertools import pairwise

from bot.language import actors
from bot.language.behind import is_told_of, label_behind, owner_behind, person_behind, postposed
from bot.language.drafts import Draft
from bot.language.meaning import HOUSEHOLD, SELF
from bot.language.numerals import FEVER
from bot.language.people import HIMSELF, Kind, Mention
from bot.language.scope import Left
from bot.language.state import DENYING
from bot.language.surroundings import Surroundings
from bot.language.times import When
from bot.language.tokens import NOTHING
from bot.language.turns import turn
from bot.language.words import BIT, mask, word_set

OBJECT = turn("object")
TWO_OF = word_set("两个 两个人 俩人 两人 二人")
ONLY = word_set("就 只 只有 光 只剩 就剩 剩 就是 独 唯独 单")
HELD = word_set("手里 手上 手头 兜里")
IN_TURN = word_set("挨个 一个个 挨个儿 轮流 挨着个 一个一个 逐个")
LIKE = word_set("跟 和 同 与 像")
ALIKE = ("一样", "一个样", "一般", "相同", "差不多")
EVERYBODY = turn("everybody")
URGES = turn("urges")
BESIDE = word_set("比 像 较 不如 跟 和 随")
SERVING = turn("serving")
BEGGED = word_set("让 请 叫 求")
HELPING = word_set("给 帮 帮着")
HEARING = word_set("听 看 瞧 瞅 说")
PERSONS = (Kind.KIN, Kind.NAME)
SOMEBODY = (*PERSONS, Kind.THIRD)
NEVER = (Kind.YOU, Kind.OFFICE, Kind.JOB, Kind.FLAT)
COUNTED = (Kind.HOUSEHOLD, Kind.FAMILY, Kind.OTHERS)


class Whose(Surroundings):
    """Gives numbers their people."""

    def _meet(self, mention: Mention, first: Mention | None) -> Mention | None:
        """A person comes up: may become what the following is about."""
        if mention.kind in NEVER:
            return first
        if self._stands_by(mention):
            if self.third is None and mention.kind in PERSONS:
                self.third = mention  # 老伴儿给我念的36.5，她自个儿36.8
            return first
        if mention.kind is Kind.SELF and actors.was_felt(self.line, mention):
            self.topic = mention
            return mention
        if self._is_object(mention, first):
            return first
        if mention.kind is Kind.SELF and self._serves_third(mention, first):
            self.topic = self.third
            return self.third
        if actors.described(self.line, mention):
            self.clause_when = When()  # 昨天从成都回来的侄儿: the day is of his coming
        return self._becomes_topic(mention, first)

    def _before(self, mention: Mention) -> str:
        return self.line[mention.first - 1].text if mention.first else NOTHING.text

    def _stands_by(self, mention: Mention) -> bool:
        """Whether this person only acts or is spoken to: nobody was measured."""
        line = self.line
        after = self.token(mention.last + 1).text
        if mention.kind in PERSONS and (
            after in URGES or after + self.token(mention.last + 2).text in URGES
        ):
            return True  # 孩子非让搁腋下
        return (
            self.no_name(mention)
            or actors.reads_out(line, mention)
            or actors.measures(line, mention)
            or actors.brought(line, mention)
            or actors.helps_me(line, mention)
            or (mention.kind is Kind.HOUSEHOLD and actors.is_house(line, mention))
            or actors.is_called(line, mention, self.by_first)
            or actors.thanked(line, mention)
            or self._stands_outside(mention)
        )

    def _stands_outside(self, mention: Mention) -> bool:
        """早上好各位邻居; 我弟乱按的; 借了满姨的; 老婆定的规矩: cheap questions first."""
        line, bits = self.line, self.message.bits
        if bits & BIT["greeting"] and actors.greeted(line, mention):
            return True
        if mention.kind not in PERSONS:
            return False
        if bits & BIT["mixed_up"] and actors.meddled(line, mention):
            return True
        if "的" not in self.message.said.text:
            return False
        return actors.lent(line, mention) or actors.made(line, mention, self.lexicon.things)

    def _is_object(self, mention: Mention, first: Mention | None) -> bool:
        """让小宝给看的, 不是我, 托我报: to whom the clause only does something."""
        before = self._before(mention)
        if self.token(mention.last + 1).text in HELD:
            return True  # 表在婆婆手里
        if mention.kind is Kind.HOUSEHOLD and before in BESIDE:
            return True  # 吃得比家里好, 跟我们的不一样
        if before in actors.AGENT_BEFORE and first is not None:
            if before in LIKE and first.last == mention.first - 2:
                self.third = mention  # 我跟我老伴的报颠倒了，他是36.8
            return True
        if actors.took_it(self.line, mention, self.lexicon.things):
            return True  # 手机叫孙子抱去上网课了
        if before in BEGGED and self.token(mention.last + 1).text in HELPING:
            return True  # 让小宝给看的: he only helped
        if before in DENYING:
            return True
        if before == "给" and self.token(mention.last + 1).text in HEARING:
            return True  # 姥娘念给我听：36度2
        if mention.kind is not Kind.SELF:
            return False
        if first is None and self.token(mention.last + 1).bits & BIT["slip"]:
            return True  # 小宝不是37.2，我按错了，是36.2
        if before in BESIDE and self.third is not None and first is None:
            return True  # 那口子也量了，比我低一点，36.4
        if self.line[mention.first].text in HIMSELF and self._reflexive(mention, first):
            if first is not None:
                self.used.add(mention.first)
            return True
        if actors.was_asked(self.line, mention) or before.endswith("着"):
            return True
        told = self.third is not None and first is None
        return told and before in OBJECT  # 你大爷嫌凉，让我磨叽半天，三十六度八

    def _reflexive(self, mention: Mention, first: Mention | None) -> bool:
        """老伴也给自己量了, 姥娘九十一了，自个儿眯着眼念给我听: he himself, and not the sender."""
        if first is not None:
            return self._before(mention) == "给" or first.kind in SOMEBODY  # 他妈自个量的
        topic = self.topic is not None and self.topic.kind in PERSONS
        after = self.token(mention.last + 1)
        return topic and after.number is None and not after.bits & mask("temp link verb")

    def _serves_third(self, mention: Mention, first: Mention | None) -> bool:
        """太姥爷眼神不济，我凑跟前看的: the sender reads out or measures for another."""
        if self.third is None or first is not None:
            return False  # 剩下的人我都给量了
        blurred = self.before[mention.first] & BIT["blurry"]
        return bool(blurred and actors.looks(self.line, mention)) or actors.measures_another(
            self.line, mention, self.by_first
        )

    def _becomes_topic(self, mention: Mention, first: Mention | None) -> Mention | None:
        before = self._before(mention)
        serving = before in SERVING or actors.served(self.line, mention)
        if mention.kind is Kind.THIRD:
            if before in BESIDE:
                return first
            if self.third is not None and (first is None or serving):
                self.topic = self.third
            return first or mention
        if mention.kind in (*PERSONS, Kind.FAMILY):
            self.third = mention
        alone = mention.kind is Kind.SELF and before in ONLY  # 俺家就俺没倒，36.7
        inner = first is not None and first.kind is Kind.HOUSEHOLD
        inner = inner and (mention.kind in PERSONS or alone)
        if first is None or serving or inner:
            if not self.office_call(mention):
                self.topic = mention
            return mention
        return first

    def _who(self, draft: Draft, place: int, left: Left) -> None:
        """The people of the draft; the sender where nobody is spoken of."""
        group = self._group(draft, place, left)
        if not group:
            return
        counted = group[0].kind is Kind.HOUSEHOLD and self.line[group[0].first].kind == "count"
        if counted and self.third is not None and self.third.kind is Kind.FAMILY:
            group = [self.third]  # 帮吕守仁家报一个，4口人都是36度4
        last = group[-1]
        draft.who = group[0].who if len(group) == 1 else tuple(w for m in group for w in m.who)
        draft.mention, draft.owner = last, last.owner
        draft.count = last.count if last.kind in COUNTED else None
        if last.kind is Kind.FLAT:
            several = sum(1 for m in self.mentions if m.kind is Kind.FLAT) > 1
            listed = self.message.shape.is_list or several
            draft.who = (last.who[0],) if listed else (SELF,)

    def _group(self, draft: Draft, place: int, left: Left) -> list[Mention]:
        """Who stands before the number, behind it, or was spoken of."""
        group = self._beside(draft, place, left)
        if not group and left.all and self.drafts[:-1] and self._excepted(place):
            group = [Mention(Kind.OTHERS, (HOUSEHOLD,), place, place)]
        if not group and (anew := self._anew(left)) is not None:
            group = [anew]
        ill = self.reader.last
        if not group and left.bits & BIT["now"] and self._still_ill(ill, draft):
            group = [ill.mention] if ill and ill.mention else []
        if not group:
            group = self._both(place) or self._each_measured(place, left)
        if not group and self.topic is not None:
            third = self.topic.kind is Kind.THIRD
            group = [self.third if third and self.third is not None else self.topic]
        if not group and (label := label_behind(self, place)) is not None:
            group = [label]
        if not group and left.all and self._everybody(place, left):
            group = [Mention(Kind.HOUSEHOLD, (HOUSEHOLD,), place, place)]
        return group

    def _beside(self, draft: Draft, place: int, left: Left) -> list[Mention]:
        """Who stands before the number, or right behind it."""
        group = left.mentions
        mine = bool(group) and bool(left.bits & BIT["mine_before"])
        owner = owner_behind(self, place) if not group or mine or left.comma else None
        if owner is not None:
            self.used.add(owner.first)
            draft.renamed = True
            draft.far = any(t.kind == "comma" for t in self.line[place : owner.first])
            group = [owner]
        if group:
            third = group[0].kind is Kind.THIRD and self.third is not None
            return [self.third] if third and self.third is not None else group
        after = person_behind(self, place)
        free = self.topic is None or self.topic.kind is Kind.SELF or postposed(self)
        if after is None or not free:
            return []
        self.used.add(after.first)
        draft.renamed = True
        parted = any(t.kind == "comma" for t in self.line[place : after.first])
        draft.far = parted or is_told_of(self, after)
        return [after]

    def _anew(self, left: Left) -> Mention | None:
        """婆婆36.9，我看她脸红，再量37.5: measured again, the same person as before."""
        if not left.bits & BIT["again"] or len(self.drafts) < 2:
            return None
        before = self.drafts[-2]
        mention = before.mention if before.verdict.outcome == "reading" else None
        return mention if mention is not None and mention.kind in PERSONS else None

    def _excepted(self, place: int) -> bool:
        """除了老大37.2，都是36.5."""
        return any(t.text == "除了" for t in self.line[:place])

    def _everybody(self, place: int, left: Left) -> bool:
        """都没过37, 人人都36.5."""
        return bool(left.bits & BIT["under"]) or any(t.text in EVERYBODY for t in self.line[:place])

    def _each_measured(self, place: int, left: Left) -> list[Mention]:
        """大伯量了，二伯也量了，都是36.5; 全家五口，我挨个夹的，都是36.6."""
        if not left.all or self.drafts[:-1]:
            return []
        before = [m for m in self.mentions if m.last < place]
        home = next((m for m in before if m.kind is Kind.HOUSEHOLD), None)
        if home is not None and any(t.text in IN_TURN for t in self.line[home.last : place]):
            return [home]
        people = [m for m in before if m.kind in PERSONS]
        told = any(t.text in TWO_OF for t in self.line[:place])
        if told and len(people) == 2:
            return people  # 爸跟妈，两个都是36.6
        only_people = 1 < len(people) == len(before)
        each = (self.line[m.last + 1 : m.last + 3] for m in people)
        measured = all(any(t.bits & BIT["verb"] for t in said) for said in each)
        return people if only_people and measured else []

    def _both(self, place: int) -> list[Mention]:
        """俺跟掌柜的一个度数，三十六度四: the two of whom it was said before."""
        for one, two in pairwise(m for m in self.mentions if m.last < place):
            joined = self.line[one.last + 1 : two.first]
            after = "".join(t.text for t in self.line[two.last + 1 : two.last + 4])
            alike = after.startswith(("一个度数", "一个数", *ALIKE)) or bool(
                self.token(two.last + 1).bits & BIT["ditto"]
            )
            if len(joined) == 1 and joined[0].text in LIKE and alike and not self.drafts[:-1]:
                return [one, two]
        return []

    def _still_ill(self, ill: Draft | None, draft: Draft) -> bool:
        """孙子38.4，我拿毛巾擦了擦，现在38.0 is the grandson's again."""
        if ill is None or ill.celsius is None or ill.mention is None or ill.line != draft.line:
            return False
        return ill.celsius >= FEVER and ill.mention.kind in PERSONS
