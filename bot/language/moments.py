"""When and where a number was measured: the times and sites of its clause, line and heading."""

import re
from dataclasses import replace

from bot.language.drafts import TIME, Draft
from bot.language.headings import later
from bot.language.leftside import HEIGHTS
from bot.language.matter import OTHER_UNITS
from bot.language.meaning import Period, Site
from bot.language.people import Kind, Mention
from bot.language.relay import subject_bits
from bot.language.scope import SKIP, no
from bot.language.sharing import share
from bot.language.times import UNSAID, When, settle
from bot.language.tokens import Token
from bot.language.turns import turn
from bot.language.whose import Whose
from bot.language.words import BIT, mask, word_set

DAY_PARTS = re.compile("(早上?|晨)[、/ ]?(中午?|午)?[、/ ]?(晚上?|晚间)")
UNTIMED = mask("greeting plan story wish news hearsay notime hypo rule")  # of no measuring
TAIL = mask("verb site device unit temp again greeting")  # may stand in 夹了十分钟, 今早量的
THEN = turn("then")
ENDS_TIME = frozenset(["的", "哩", "嘞", "呢", "量的", "测的", "报的", "那个", "那次"])
JOINS_TIME = frozenset(["那", "这", "其实是", "那是", "这是", "都是", "是", "那个", "这个", "才是"])
PARTS = frozenset(["comma", "stop", "open", "close", "space"])
ASKING = word_set("呢 多少 多少度 几度 好多 好多度 啥情况 什么情况 咋样 怎么样 咋个样 么样")
ASKED_OF = (Kind.SELF, Kind.HOUSEHOLD, Kind.KIN, Kind.NAME, Kind.FAMILY)
TIMED = frozenset(["clock", "date", "num"])
TAIL_WORDS = word_set("的 了 吧 呢 哈 是 都 都是 在 用 里 上 过 这 那 刚 、 和")


class Moments(Whose):
    """Gives numbers their day, part of the day and site."""

    def _clause_ends(self, place: int, token: Token) -> None:
        """Decides whether a time said in this clause holds on."""
        bits = self.before[place]
        said = self.clause_when
        clause = self.clause[place - 1] if place else 0
        only_time = not clause & ~(TIME | SKIP & ~BIT["returnee"])
        if token.text == "、" and only_time and said.day is not None and self._day_follows(place):
            return  # 昨天、今天都是36.4
        if said.said and (
            clause & mask("verb temp fever feverish slip symptom unmeasured")
            or (place + 1 < len(self.line) and self.line[place + 1].text in THEN)
            or (place and self.line[place - 1].text in HEIGHTS)
            or (said.period is not None and said.day is None and not clause & UNTIMED)
            or (only_time and not clause & BIT["greeting"])
            or (clause & BIT["negation"] and self._denied())
        ):
            self.when = self._join(self.when, said)
        self.clause_when = UNSAID
        self.clock_at = None if not only_time else self.clock_at
        if self.clause_site is not None and clause & mask("verb temp"):
            self.site, self.clause_site = self.clause_site, None
        if token.kind == "stop" and token.text in "?？" and (asked := self._asked_of(place)):
            self.topic = asked
        elif (
            token.kind == "stop"
            and not bits & mask("verb temp fever feverish symptom device")
            and not (
                self.drafts and self.drafts[-1].verdict.outcome != "no" and token.text in ";；"
            )
        ):
            self.topic = self.reader.head_person

    def _day_follows(self, place: int) -> bool:
        """Whether another day stands behind this mark."""
        after = self.token(place + 1)
        return after.kind == "date" or bool(after.bits & BIT["day"])

    def _asked_of(self, place: int) -> Mention | None:
        """老太太呢？37度3: of whom a short question asks that a number answers at once."""
        if self.token(place + 1).number is None or self.token(place - 1).text not in ASKING:
            return None
        mention = self.by_last.get(place - 2)
        return mention if mention is not None and mention.kind in ASKED_OF else None

    def _denied(self) -> bool:
        """昨天我爸那个不是36.6，实际是37.6: whether the last number was denied."""
        return bool(self.drafts) and self.drafts[-1].verdict.why == "是在否认"

    def _announced(self, place: int) -> None:
        """下午入户，额温枪：盖老四36.2；匡婶36.0: what stands before the colon holds for all."""
        head = self.line[:place]
        when, site = UNSAID, None
        for token in head:
            when = later(when, token)
            site = self.lexicon.sites[token.text] if token.bits & BIT["site"] else site
        if when.day is not None or when.period is not None:
            self.when = when
        self.site = site or self.site
        if (columns := DAY_PARTS.fullmatch("".join(t.text for t in head))) is not None:
            periods = self.lexicon.periods
            self.columns = tuple(periods.get(part) for part in columns.groups() if part)

    def _join(self, old: When, new: When) -> When:
        """A time said later beside one said before: 昨天早…，晚… keeps the day."""
        if new.now or new.day is not None:
            return new
        if new.period is None or old.day is None:
            return new
        if new.night:
            return new
        order = list(Period)
        if old.period is not None and order.index(new.period) < order.index(old.period):
            return When(min(0, old.day + 1), new.period)
        return When(old.day, new.period)

    def _time_and_site(self, place: int, token: Token) -> None:
        if token.kind == "clock" and token.clock is not None:
            self.clock_at = place
        elif token.kind == "date" and token.text in self.message.said.sender:
            return  # 12号，全家36.4 said by 青石街12号
        elif token.kind == "date" or token.bits & TIME:
            if (
                place == 0
                and token.text == "早"
                and len(self.line) > 1
                and self.line[1].kind in ("comma", "stop")
            ):
                return  # 早，我36.5 greets
            before = self.clause_when
            self.clause_when = later(before, token)
            if before.day is not None and before.day != self.clause_when.day:
                self.also.append(before)
            if token.kind == "date" or token.bits & mask("now day"):
                self.clock_at = None
        elif token.bits & BIT["site"]:
            self._site(place, token)

    def _site(self, place: int, token: Token) -> None:
        site = self.lexicon.sites[token.text]
        opened = any(self.line[p].kind == "open" for p in range(max(0, place - 4), place))
        if opened and self.drafts and self.drafts[-1].site is None and self._closes(place):
            self.drafts[-1].site = site
            return
        self.clause_site = site

    def _closes(self, place: int) -> bool:
        return any(t.kind == "close" for t in self.line[place + 1 : place + 4])

    def _when_and_where(self, draft: Draft, place: int) -> None:
        own = self.clause_when.said
        when = self._join(self.when, self.clause_when) if own else self.when
        if self.clock_at is not None and not own and self.when.night:
            when = When(now=True)
        if not when.said or (not own and when.day is None and when.period is None and not when.now):
            when = self.reader.head_when
        elif own and when.day is None and self.reader.head_when.day is not None and not when.now:
            when = self._join(self.reader.head_when, when) if when.period else self.reader.head_when
        clock = self.line[self.clock_at].clock if self.clock_at is not None else None
        if clock is not None and self.message.day_clock:
            clock = replace(clock, sure=True)  # 6:40量36.2，19:10量36.5
        behind = self._time_behind(place)
        if behind.said:
            when, own, clock = behind, True, None
        draft.timed = own or clock is not None
        draft.day, draft.period, draft.minute = settle(when, clock, self.message.said.sent_minute)
        columns = self.columns or self.message.shape.columns
        if columns and not draft.timed:
            draft.period = self._column(place, columns) or draft.period
        if not own and clock is None and draft.left.bits & BIT["again"]:
            draft.period = None
        if own:
            mention = draft.left.mentions[-1] if draft.left.mentions else None
            late = mention is not None and self._time_after(mention, place) and (when.day or 0) < 0
            self.when = when if not late else UNSAID
            if late:
                self.late = draft
        self.clause_when = UNSAID
        self.clock_at = None
        draft.site = self.clause_site or self.site or self.reader.head_site
        if self.clause_site is not None:
            same = not draft.left.mentions or self.bound == 0
            self.site = self.clause_site if same and not draft.left.mentions else None
        elif draft.left.mentions:
            draft.site = self.reader.head_site if self.site is None else self.site
        self.clause_site = None

    def _time_behind(self, place: int) -> When:
        """36.4是昨天早上的, 36.5今早量的."""
        when = UNSAID
        is_of = self.token(place + 1).text == "是"
        for at, token in enumerate(self.line[place + 1 : place + 8], start=place + 1):
            if token.bits & TIME or token.kind == "date":
                when = later(when, token)
            elif is_of and when.said and token.kind == "comma":
                return when  # 36.4是20号晚上，今早是36.6
            elif token.text in ENDS_TIME and when.said:
                pointing = token.text in ("那个", "那次") and not self.ends_clause(at + 1)
                return UNSAID if pointing else when  # 三十六度八昨天那个咳嗽也好了
            elif token.kind != "space" and token.text not in JOINS_TIME:
                break
        return UNSAID

    def _time_after(self, mention: Mention, place: int) -> bool:
        """孩子昨晚38.5: the time belongs to that person and does not carry to the next."""
        return any(t.bits & mask("day night") for t in self.line[mention.last + 1 : place])

    def _other_unit(self, tail: list[Token]) -> bool:
        """棉花：张三42 李四39，单位斤; …，都是菜钱: what a whole row of numbers counts."""
        shown = [t for t in tail if t.kind not in ("space", "comma")][:2]
        if not shown:
            return False
        return shown[0].text == "单位" or shown[0].text in OTHER_UNITS or (
            len(shown) > 1 and shown[0].bits & BIT["all"] != 0
            and shown[1].bits & mask("goods money") != 0
        )  # fmt: skip

    def _column(self, place: int, columns: tuple[Period | None, ...]) -> Period | None:
        start = max(
            (d.at for d in self.drafts[:-1] if d.verdict.outcome != "no" and d.left.mentions),
            default=0,
        )
        mention = self.drafts[-1].left.mentions
        if mention:
            start = mention[-1].last
        marks = sum(1 for t in self.line[start:place] if t.text in ("/", "|", "、"))
        if any(t.text == "|" for t in self.line[start:place]):
            marks -= 1
        earlier = sum(1 for d in self.drafts[:-1] if d.verdict.outcome != "no" and d.at >= start)
        index = max(marks, earlier)
        return columns[index] if index < len(columns) else None

    def _trailing(self) -> None:
        """额36.2 腋36.7 中午: what stands behind the last number holds for all before it."""
        good = [d for d in self.drafts if d.verdict.outcome != "no"]
        if not good:
            return
        tail = self.line[good[-1].at + 1 :]
        last = max(p for p, t in enumerate(self.line) if t.number is not None)
        if len(good) > 1 and (self._other_unit(tail) or self._other_unit(self.line[last + 1 :])):
            for draft in good:
                draft.verdict = no("后面说了别的单位")
            return
        site, when = self._said_behind(tail[:60])
        timed = (when.day is not None or when.period is not None) and (when.day or 0) <= 0
        for draft in good:
            if site is not None and draft.site is None:
                draft.site = site
            if timed and not draft.timed and draft.period is None and draft.day == 0:
                draft.day, draft.period, draft.minute = settle(
                    when, None, self.message.said.sent_minute
                )
        share(self, good)

    def _said_behind(self, tail: list[Token]) -> tuple[Site | None, When]:
        """Site and time in clauses that say nothing else."""
        site, when = None, UNSAID
        clause: list[Token] = []
        deep = 0
        for token in [*tail, Token("stop", "", 0, 0)]:
            if token.kind not in PARTS:
                clause.append(token)
                continue
            deep += token.kind == "open"
            if clause and all(
                t.bits & (TIME | TAIL) or t.text in TAIL_WORDS or t.kind in TIMED for t in clause
            ):
                for t in clause:
                    if t.bits & TIME and not t.bits & BIT["greeting"]:
                        when = later(when, t)
                    if t.bits & BIT["site"] and not deep:
                        site = self.lexicon.sites[t.text]
                if subject_bits(clause) & BIT["plan"]:
                    when = UNSAID
            clause = []
            if token.kind == "close":
                deep = max(0, deep - 1)
        return site, when
