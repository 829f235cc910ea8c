"""The scope that a number stands in, as its judge wants to know it."""

from bot.language.families import count_of
from bot.language.leftside import AIMED, LeftSide
from bot.language.numerals import Form, Unit
from bot.language.people import Kind
from bot.language.scope import CLEAN, FOREIGN, PLACE_TAILS, SKIP, Around, Left, Verdict, no
from bot.language.tokens import NOTHING, Token
from bot.language.words import BIT, mask, word_set

OTHER_UNITS = word_set(
    "米 斤 公斤 元 块 块钱 平 亩 升 毫升 瓦 千瓦 吨 厘米 公分 平方 伏 安 度电 公里 分贝"
)
MARKS = word_set("space comma stop punct emoji")
CROWD = 10  # no household has so many
STORY = 3  # so many words that are none of ours tell of something else
ALWAYS = ("一直", "从来", "从没", "始终", "天天", "每", "向来", "老是", "一次", "一回", "平")


class Surroundings(LeftSide):
    """Looks around one number."""

    def _paired(self, place: int, token: Token, left: Left) -> Verdict | None:
        """Ages beside temperatures; the second end of a range; the second of two values."""
        number = token.number
        assert number is not None  # noqa: S101 - only numbers get here
        bare = (
            number.unit is Unit.NONE
            and number.form in (Form.INTEGER, Form.SLIP)
            and number.written.isdigit()
        )
        if bare and self.message.shape.is_list:
            nxt = next(
                (t for t in self.line[place + 1 :] if t.kind not in ("space", "punct", "comma")),
                None,
            )
            if nxt is not None and nxt.number is not None and nxt.number.exact:
                return no("是年龄或编号")
        last = self.drafts[-1] if self.drafts else None
        said_high = last is not None and (last.left.near | last.left.bits) & BIT["high"]
        if left.near & BIT["low"] and said_high and last and last.verdict.outcome == "reading":
            return no("最低的不记，记最高的")
        if last is None or last.verdict.outcome != "reading" or number.celsius is None:
            return None
        between = [t for t in self.line[last.at + 1 : place] if t.kind not in ("space", "comma")]
        ties = ("又", "还是", "或者", "或", "好像", "又好像", "要么")
        if (
            between
            and len(between) <= 3
            and all(t.text in ("一个", "另一个", "还有一个", "俩", "一个是") for t in between)
        ):
            return Verdict("reading", "跟前一个数成对")
        if (
            between
            and len(between) <= 3
            and all(t.bits & mask("to seq") or t.text in ties for t in between)
        ):
            return Verdict("reading", "跟前一个数成对")
        return None

    def _around(self, place: int, token: Token, left: Left) -> Around:
        nearby = [t for t in self.line[place + 1 : place + 7] if t.kind not in ("space", "quote")][
            :4
        ]
        glued = place + 1 < len(self.line) and self.line[place + 1].kind != "space"
        stop = self.message
        number = token.number
        assert number is not None  # noqa: S101 - only numbers get here
        return Around(
            clause=self.clause[place],
            clause_before=self.clause_before(place) if self.clause[place] else 0,
            before=self.before[place],
            after=self.after[place + 1],
            message=stop.bits,
            right=tuple(nearby),
            next=nearby[0] if nearby else NOTHING,
            second=nearby[1] if len(nearby) > 1 else NOTHING,
            glued=glued,
            clean=self._is_clean(place, left),
            alone=stop.content == 0 and len(stop.shape.columns) == 0 and not stop.bits & FOREIGN,
            siblings=stop.plausible
            - (1 if number.celsius and number.form is not Form.INTEGER else 0),
            is_list=stop.shape.is_list,
            usual=stop.usual,
            bodily=stop.bodily,
            heading=self.reader.head_bits & ~(FOREIGN if stop.bodily else 0),
            is_group=stop.said.is_group,
            exact=stop.exact,
            other_degrees=stop.other_degrees,
            wholes=stop.wholes if not stop.others else 0,
            left_word=self.line[left.mentions[0].last].text if left.mentions else "",
            threes=stop.threes,
            people_only=not number.exact and self._people_only(),
            topic=self.topic,
            settled=bool(self.drafts)
            and any(d.verdict.outcome == "reading" for d in self.drafts[-3:]),
            labelled=bool(left.unknown) and self._labels(place, left),
            only_places=self._only_places(place),
            sick_ones=self._sick_ones(place),
            storied=self._storied(place),
            crowd=any(
                t.kind == "group" or (t.kind == "count" and (count_of(t.text) or 0) >= CROWD)
                for t in self.line[:place]
            )
            and bool(left.near & mask("high low")),
            always=any(t.text.startswith(ALWAYS) for t in self.line[self.starts[place] : place]),
            habit=self._is_habit(place),
            inherits=self._inherits(place),
            bare=self._is_bare(place, left),
            topic_thing=self._topic_thing(place),
            later=self._is_later(place),
            bare_people=bool(stop.bits & mask("unmeasured fine")),
            lone=self.starts[place] >= place - 1 and self.ends_clause(place + 1),
            measuring=bool(self.before[place] & mask("verb temp site device fever")),
            reset=self._is_reset(place, left),
            person=self.topic is not None
            and self.topic.kind in (Kind.KIN, Kind.NAME, Kind.HOUSEHOLD),
            people=self.people,
        )

    def _sick_ones(self, place: int) -> bool:
        """有三个发烧的，37.5还是38没准: nobody's name is told."""
        for at in range(place - 1, max(0, place - 8), -1):
            if self.line[at].kind == "stop":
                return False
            if self.line[at].text == "的" and self.free[at - 1] & BIT["fever"]:
                return not any(
                    m.first < at and m.who[0][-1] not in PLACE_TAILS for m in self.mentions
                )
        return False

    def _aimed_at(self, place: int) -> str:
        """拿测温枪打炕头，41.3: what the thermometer was held at."""
        for at in range(place - 1, max(0, place - 10), -1):
            token = self.line[at]
            if token.kind == "stop":
                break
            thing = self.free[at] & FOREIGN or (
                not self.covered[at] and token.text in self.lexicon.things
            )
            how = self.line[at - 1].text
            if thing and how in AIMED and (len(how) > 1 or self.before[at] & BIT["device"]):
                return token.text
        return ""

    def _storied(self, place: int) -> bool:
        """楼上彩钢瓦晒透了，39.4℃，夜里都没法睡: something else is told around it."""
        start = self.starts[max(0, self.starts[place] - 1)]
        told = commas = 0
        for at in range(start, min(len(self.line), place + 12)):
            token = self.line[at]
            commas += at > place and token.kind in ("comma", "stop", "space")
            if commas > 1:
                break
            strange = token.kind == "char" or (
                token.kind == "word" and token.bits & mask("common heat goods")
            )
            told += strange and not self.covered[at]
        return told >= STORY

    def _people_only(self) -> bool:
        """366是俺爸，364是俺妈: nothing but numbers, people and words of ours."""
        others = (
            t
            for t, covered in zip(self.line, self.covered, strict=True)
            if not covered and t.number is None and t.kind not in MARKS
        )
        return bool(self.mentions) and all(t.kind == "word" and t.bits & CLEAN for t in others)

    def _topic_thing(self, place: int) -> str:
        """大棚里夜间15度，晌午别超36.5: what the sentence opened with."""
        if aimed := self._aimed_at(place):
            return aimed
        if not self.before[place] & mask("heat goods"):
            return ""
        start = place
        while start and self.line[start - 1].kind != "stop":
            start -= 1
        opening = True
        thing = ""
        shown = any(t.text == "显示" for t in self.line[max(0, place - 2) : place])
        for at in range(start, place):
            token = self.line[at]
            served = at > 0 and self.line[at - 1].text in ("给", "替", "帮")
            if served and token.bits & BIT["heat"] and at not in self.by_first:
                return token.text  # 俺娘给牛量的，39.6
            if at and token.bits & BIT["heat"] and at not in self.by_first:
                back = at - 1
                while back > start and self.line[back].text in ("那", "这", "的", "个", "那个"):
                    back -= 1
                owner = self.by_last.get(back)
                if owner is not None and owner.kind in (Kind.SELF, Kind.HOUSEHOLD):
                    thing, opening = token.text, False  # 我家狗鼻子发干，肛温38.7
                    continue
            if at in self.by_first or token.bits & mask("self wo household"):
                opening, thing = False, ""
                continue
            if token.kind in ("comma", "space"):
                opening = True
            elif opening and token.kind in ("word", "char", "name"):
                warm = token.bits & BIT["heat"] and not token.bits & BIT["place"]
                if warm or (token.bits & BIT["goods"] and shown):
                    thing = token.text
                elif token.bits & mask("verb temp fever device now") and not thing:
                    return ""
                opening = token.text in self.lexicon.things or bool(
                    token.bits & mask("day period now night link place ordinal namehead unit")
                )
        return thing

    def _is_later(self, place: int) -> bool:
        """明儿还是38度 tells of no measuring."""
        if not self.before[place] & BIT["day"]:
            return False
        for at in range(place - 1, max(-1, place - 8), -1):
            token = self.line[at]
            if token.kind in ("comma", "stop"):
                return False
            if token.bits & BIT["day"] and self.lexicon.days.get(token.text, 0) > 0:
                return True
            if at in self.by_last or token.number is not None:
                return False
        return False

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
        told = any(
            t.text in ("了", "完", "会儿", "一会儿", "回", "着", "过") or t.text[-1] in "了完着"
            for t in story
        )
        return not told or (len(left.unknown) <= 1 and not told)

    def _only_places(self, place: int) -> bool:
        if not self.before[place] & BIT["heat"]:
            return True
        for at in range(place - 1, max(-1, place - 40), -1):
            if self.line[at].kind in ("comma", "stop"):
                break
            if self.free[at] & BIT["heat"] and not self.free[at] & BIT["place"]:
                return False
        return True

    def _is_habit(self, place: int) -> bool:
        """一紧张体温就37.2 says what happens now and again; 一量就38.5 does not."""
        if not self.before[place] & BIT["modal"]:
            return False  # no 就
        then = False
        for at in range(place - 1, max(-1, place - 9), -1):
            token = self.line[at]
            if token.kind in ("comma", "stop"):
                return False
            if token.bits & BIT["verb"]:
                return False
            then = then or token.text == "就"
            if (
                then
                and token.text[0] == "一"
                and token.kind in ("word", "num")
                and len(token.text) <= 2
            ):
                return token.text in ("一",)
        return False

    def _inherits(self, place: int) -> bool:
        """昨天棚里37.6，今天36.8: both are of the greenhouse."""
        last = self.drafts[-1] if self.drafts else None
        if self.message.bits & BIT["slip"]:
            return False
        if (
            last is None
            or last.verdict.outcome != "no"
            or not (last.left.unknown or last.left.foreign or last.verdict.unit in OTHER_UNITS)
            or (last.verdict.unit and last.verdict.unit not in OTHER_UNITS)
            or last.left.unknown.startswith("甩")  # 先甩到35以下再夹的，出来36.8
        ):
            return False
        return not any(t.kind == "stop" for t in self.line[last.at : place])

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
        if left.foreign:
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
