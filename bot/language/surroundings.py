"""The scope that a number stands in, as its judges want to know it."""

from itertools import pairwise

from bot.language import matter
from bot.language.leftside import LeftSide
from bot.language.numerals import Form, Number, Unit
from bot.language.people import Kind
from bot.language.scope import CLEAN, FOREIGN, HEAT, SKIP, Around, Left, Verdict, no, reading
from bot.language.tokens import NOTHING
from bot.language.turns import turn
from bot.language.words import BIT, mask, word_set

MARKS = word_set("space comma stop punct emoji")
MEASURABLE = mask("heat goods badly device verb")
STANDING = mask("place verb fine")
AGES = "说的是岁数"
ALWAYS = ("一直", "从来", "从没", "始终", "天天", "每", "向来", "老是", "一次", "一回", "平")
PERSONS_COUNTED = ("位", "名", "户", "人")
TIES = turn("ties")
ONE_OF = turn("one_of")
DONE = ("了", "完", "会儿", "一会儿", "回", "着", "过")
PERSONS = (Kind.KIN, Kind.NAME, Kind.HOUSEHOLD)


class Surroundings(LeftSide):
    """Looks around one number."""

    def _paired(self, place: int, number: Number, left: Left) -> Verdict | None:
        """Ages beside temperatures; the second end of a range; the second of two values."""
        if self.message.shape.is_list and self._is_age(place, number):
            return no("是年龄或编号")
        last = self.drafts[-1] if self.drafts else None
        if last is None or last.verdict.outcome != "reading":
            years = last is not None and last.verdict.why == AGES and self.starts[place] > last.at
            return no(AGES) if years and number.form is Form.INTEGER and not left.bits else None
        if left.near & BIT["low"] and (last.left.near | last.left.bits) & BIT["high"]:
            return no("最低的不记，记最高的")
        between = [t for t in self.line[last.at + 1 : place] if t.kind not in ("space", "comma")]
        if number.celsius is None or not 1 <= len(between) <= 3:
            return None
        one_more = all(t.text in ONE_OF for t in between)
        tied = all(t.bits & mask("to seq") or t.text in TIES for t in between)
        return reading("跟前一个数成对") if one_more or tied else None

    def _is_age(self, place: int, number: Number) -> bool:
        """李四 36 36.5: an integer right before a temperature."""
        integer = number.form in (Form.INTEGER, Form.SLIP) and number.written.isdigit()
        if number.unit is not Unit.NONE or not integer:
            return False
        rest = (t for t in self.line[place + 1 :] if t.kind not in ("space", "punct", "comma"))
        after = next(rest, NOTHING)
        return after.number is not None and after.number.exact

    def _around(self, place: int, number: Number, left: Left) -> Around:
        nearby = [t for t in self.line[place + 1 : place + 7] if t.kind not in ("space", "quote")]
        whole, bits, topic = self.message.whole, self.message.bits, self.topic
        before, start = self.before[place], self.starts[place]
        doubtful = number.unit is not Unit.NONE or not number.exact
        bounded = not number.exact or bool(
            left.near & mask("over under")
            or (nearby and nearby[0].bits & mask("over_after under_after"))
        )
        told_of = self._told_of(start) if start else 0
        counted = bool(number.celsius) and number.form is not Form.INTEGER
        return Around(
            right=tuple(nearby[:4]),
            next=nearby[0] if nearby else NOTHING,
            second=nearby[1] if len(nearby) > 1 else NOTHING,
            whole=whole,
            clause=self.clause[place],
            clause_before=self.clause_before(place) if self.clause[place] else 0,
            told_of=told_of,
            of_thing=bool(told_of & HEAT and not told_of & STANDING),
            before=before,
            after=self.after[place + 1],
            message=bits,
            glued=place + 1 < len(self.line) and self.line[place + 1].kind != "space",
            clean=self._is_clean(place, left),
            siblings=self.message.plausible - counted,
            heading=self.reader.head_bits & ~(FOREIGN if whole.bodily else 0),
            left_word=self.line[left.mentions[0].last].text if left.mentions else "",
            people_only=not number.exact and self._people_only(),
            topic=topic,
            settled=any(d.verdict.outcome == "reading" for d in self.drafts[-3:]),
            labelled=bool(left.unknown) and self._labels(place, left),
            only_places=matter.only_places(self, place),
            sick_ones=bool(before & BIT["fever"]) and matter.names_no_sick(self, place),
            storied=doubtful and matter.is_storied(self, place),
            crowd=self._is_crowd(place, left),
            always=bounded and any(t.text.startswith(ALWAYS) for t in self.line[start:place]),
            habit=matter.is_habit(self, place),
            inherits=matter.inherits(self, place),
            bare=self._is_bare(place, left),
            measured_thing=matter.measured_thing(self, place) if before & MEASURABLE else "",
            topic_thing=matter.topic_thing(self, place),
            later=matter.is_later(self, place),
            lone=start >= place - 1 and self.ends_clause(place + 1),
            measuring=bool(before & mask("verb temp site device fever")),
            reset=bool(before & BIT["hearsay"]) and self._is_reset(place, left),
            person=topic is not None and topic.kind in PERSONS and not matter.is_place(topic),
            people=self.people,
        )

    def _told_of(self, start: int) -> int:
        """充电桩那插座烫，40.8℃: classes of the clause that ends here, where nobody is in it."""
        first = self.starts[start - 1]
        people = any(self.covered[first:start])
        return 0 if people else self.clause[start - 1]

    def _is_crowd(self, place: int, left: Left) -> bool:
        """二组52人…: a group, or more people than a family has, stands before it."""
        if self.crowd_at < place:
            return True
        if (left.near | left.bits) & BIT["high"]:
            for number, unit in pairwise(self.line[:place]):
                if number.number is not None and unit.text in PERSONS_COUNTED:
                    return len(number.text) > 1  # 一共41位
        return False

    def _people_only(self) -> bool:
        """366是俺爸，364是俺妈: nothing but numbers, people and words of ours."""
        others = (
            t
            for t, covered in zip(self.line, self.covered, strict=True)
            if not covered and t.number is None and t.kind not in MARKS
        )
        return bool(self.mentions) and all(t.kind == "word" and t.bits & CLEAN for t in others)

    def _is_reset(self, place: int, left: Left) -> bool:
        """谁说俺38了 俺36.8: behind a blank a new thing is said."""
        at = left.mentions[0].first if left.mentions else place
        while at > 0 and self.line[at - 1].kind not in ("space", "comma", "stop"):
            if not self.line[at - 1].bits & SKIP:
                return False
            at -= 1
        return at > 0 and not (at > 1 and self.line[at - 2].bits & BIT["hearsay"])

    def _labels(self, place: int, left: Left) -> bool:
        """白菜36.8 is a label, 进屋缓了会儿36.3 tells what came before."""
        start = place - 1
        while start >= self.bound and self.line[start].kind not in ("comma", "stop"):
            start -= 1
        story = self.line[max(start + 1, self.bound) : place]
        return not any(t.text in DONE or t.text[-1] in "了完着" for t in story)

    def _is_bare(self, place: int, left: Left) -> bool:
        """36.8，昨晚喝了点酒: the number is a clause of its own and comes first."""
        if left.unknown or left.foreign or left.comma or self.bound:
            return False
        at = place + 1
        while at < len(self.line) and (
            self.line[at].bits & SKIP or self.line[at].kind in ("emoji", "space")
        ):
            at += 1
        if place + 1 < len(self.line) and self.line[place + 1].kind == "space":
            told = [t for t in self.line[place + 1 : place + 8] if t.kind != "space"]
            return bool(told) and not told[0].bits & (FOREIGN | BIT["unit"]) and len(told) > 2
        return at >= len(self.line) or self.ends_clause(at)

    def _is_clean(self, place: int, left: Left) -> bool:
        """Only our own words from the last break to the next."""
        if left.unknown:
            at = left.unknown_at
            gap = any(t.kind == "space" for t in self.line[at + 1 : place])
            if not gap or not self._sentence_like(at):
                return False
        for step, token in enumerate(self.line[place + 1 : place + 9], start=place + 1):
            if token.kind in ("comma", "stop", "space", "emoji") or step in self.by_first:
                return True
            if token.kind in ("char", "code", "flat") or (
                token.kind == "word" and not token.bits & CLEAN
            ):
                return False
            if token.kind == "num":
                return token.degrees
        return True

    def _sentence_like(self, at: int) -> bool:
        """Whether the words that end here, before a blank, are a sentence and no label."""
        size, place = 0, at
        while place >= self.bound and self.line[place].kind not in ("comma", "stop", "space"):
            size += len(self.line[place].text)
            place -= 1
        last = self.line[at]
        return size >= 5 or last.text[-1] in "了啊吧呢吗呀哈的"
