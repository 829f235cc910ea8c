"""Reads one line after another: for each number who, when and where, by the scope it stands in."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from decimal import Decimal

from bot.language.meaning import HOUSEHOLD, SELF, Period, Site, Utterance
from bot.language.numerals import Form, Unit
from bot.language.people import Kind, Mention, is_sender, mentions
from bot.language.relay import FOREIGN, Shape, numbers_in, subject_bits
from bot.language.subjects import CLEAN, SKIP, Around, Left, Verdict, no, weigh
from bot.language.times import When, settle
from bot.language.tokens import Token
from bot.language.words import BIT, mask, words

TIME = mask("day period night now")
AGENT_BEFORE = frozenset("让 叫 被 问 听 陪 跟 喊 求 找 看 去 到 送 带 接 在 从 把 用 借".split())
SPEAKS = frozenset("说 讲 让 叫 问 告诉 喊 催 看 让我 叫我 说我 非说 非让 帮 帮我 给我 替我 教 教我 嫌 笑 笑我 送 寄 买 拿 吓".split())
QUIET = frozenset("space punct open close quote emoji mark latin".split())
PASSING = frozenset("岁 周岁 回 次 遍 下 分钟 小时 个小时 会 天 个 刻钟 片 粒".split())
TAIL = mask("verb site device unit temp again greeting")  # may stand in 夹了十分钟, 今早量的
TAIL_WORDS = frozenset("的 了 吧 呢 哈 是 都 都是 在 用 里 上 过 这 那 刚 、 和".split())
STOPPING = frozenset(["stop"])


@dataclass(slots=True)
class Draft:
    """A number that was judged, with all that was found around it."""

    token: Token
    line: int
    at: int
    verdict: Verdict
    who: tuple[str, ...] = (SELF,)
    mention: Mention | None = None
    owner: str = ""
    count: int | None = None
    celsius: Decimal | None = None
    approx: bool = False
    day: int = 0
    period: Period | None = None
    minute: int | None = None
    site: Site | None = None
    timed: bool = False
    left: Left = field(default_factory=Left)
    bound: str = ""  # over or under
    dropped: str = ""  # why it is taken back
    renamed: bool = False  # the person was said behind the number
    far: bool = False  # … and in a clause of his own


@dataclass(slots=True)
class Message:
    """What holds for the whole message."""

    said: Utterance
    own: Collection[str]
    quoted: str
    shape: Shape
    bits: int
    content: int  # all words and numbers that are not small talk
    plausible: int  # numbers written like a temperature

    @classmethod
    def of(
        cls, lines: list[list[Token]], said: Utterance, own: Collection[str], quoted: str, shape: Shape
    ) -> "Message":
        """Counts the words of all lines once."""
        bits = content = plausible = 0
        for line in lines:
            for token in line:
                bits |= token.bits
                number = token.number
                if number is not None:
                    if number.celsius is not None and number.form is not Form.INTEGER:
                        plausible += 1
                    if number.form is not Form.PLAIN:
                        continue
                    content += 1
                elif token.kind == "name":
                    content += not is_sender(token.text, own)
                elif token.kind in ("char", "latin", "code", "flat", "group", "count", "countkin"):
                    content += 1
                elif token.kind == "word" and not token.bits & CLEAN:
                    content += 1
        return cls(said, own, quoted, shape, bits, content, plausible)


class LineReader:
    """Keeps what carries from line to line: heading time, heading words, heading person."""

    def __init__(self, message: Message) -> None:
        self.message = message
        self.head_when = When()
        self.head_site: Site | None = None
        self.head_bits = 0
        self.head_person: Mention | None = None
        self.last: Draft | None = None
        self.persons: list[Mention] = []
        self.mentions_seen = 0
        self.lexicon = words()

    # -- headings -------------------------------------------------------------------------
    def heading(self, line: list[Token]) -> None:
        """A line without temperatures: its time, site and subject hold for the lines under it."""
        when, site = When(), None
        for token in line:
            when = self._later(when, token)
            if token.bits & BIT["site"]:
                site = self.lexicon.sites[token.text]
        if when.day is not None or (when.period is not None and not self.message.shape.columns):
            self.head_when = when
        if site is not None:
            self.head_site = site
        self.head_bits |= subject_bits([t for t in line if not t.bits & BIT["kin"]])

    def _later(self, when: When, token: Token) -> When:
        """The time with one more word of time."""
        bits = token.bits
        day, period, night, now = when.day, when.period, when.night, when.now
        if token.kind == "date" and token.day is not None:
            return When(token.day, None)
        if token.kind == "clock":
            return when
        if not bits & TIME or bits & BIT["kin"]:
            return when
        if bits & BIT["day"]:
            day = self.lexicon.days[token.text]
            period = self.lexicon.periods.get(token.text)
            return When(day, period, night=False)
        if bits & BIT["night"]:
            return When(day, Period.EVENING, night=True)
        if bits & BIT["period"]:
            return When(day, self.lexicon.periods[token.text], night=night and token.text == "凌晨")
        if bits & BIT["now"]:
            return When(None, None, now=True)
        return When(day, period, night=night, now=now)

    def _cells(self, line: list[Token]) -> None:
        """男 and 女 in a row of their own are no relatives; 101 at the head of a row is a flat."""
        for one, two in zip(line, line[1:], strict=False):
            if one.text.endswith("岁") and two.text in ("上", "时", "那年", "那会儿", "时候", "那会", "的时候"):
                two.bits |= BIT["story"]
        seps = ("space", "punct", "comma")
        for at, token in enumerate(line):
            if token.text in ("男", "女") and at and (line[at - 1].kind in seps or line[at - 1].text in "/|-") and (
                at + 1 < len(line) and (line[at + 1].kind in seps or line[at + 1].text in "/|-")
            ) and any(t.kind == "name" for t in line[:at]):
                token.bits, token.kind = BIT["particle"], "word"
        shown = [t for t in line if t.kind != "space"]
        if self.message.shape.is_list and len(shown) > 1 and shown[0].kind == "num":
            head = shown[0]
            if head.text.isdigit() and len(head.text) in (3, 4) and (
                shown[1].number is not None or shown[1].kind != "num" and len(numbers_in(line)) >= 1
            ):
                head.kind, head.number = "flat", None

    # -- one line -------------------------------------------------------------------------
    def read(self, line: list[Token], number: int) -> list[Draft]:
        """Drafts of all numbers in the line."""
        self._cells(line)
        found = mentions(line, self.message.own)
        scan = Scan(self, line, number, found)
        drafts = scan.run()
        if not any(d.verdict.outcome != "no" for d in drafts):
            if not numbers_in(line) or self.message.shape.is_list and number < self.message.shape.first:
                self.heading(line)
            if self.message.shape.is_list and len(found) == 1 and found[0].kind in (Kind.NAME, Kind.KIN, Kind.SELF):
                shown = [t for t in line if t.kind not in QUIET]
                if found[0].kind is not Kind.FLAT and len(shown) == found[0].last - found[0].first + 1:
                    self.head_person = found[0]
        self.persons.extend(found[:40])
        return drafts


class Scan:
    """One line, left to right."""

    def __init__(self, reader: LineReader, line: list[Token], number: int, found: list[Mention]) -> None:
        self.reader = reader
        self.message = reader.message
        self.lexicon = reader.lexicon
        self.line = line
        self.number = number
        self.mentions = found
        self.by_last = {m.last: m for m in found}
        self.by_first = {m.first: m for m in found}
        self.covered = [False] * len(line)
        for m in found:
            for place in range(m.first, m.last + 1):
                self.covered[place] = True
        self.free = [0 if covered else t.bits for t, covered in zip(line, self.covered, strict=True)]
        self.drafts: list[Draft] = []
        self.used: set[int] = set()
        self.bound = 0
        self.topic: Mention | None = reader.head_person
        self.third: Mention | None = None
        self.when = When()
        self.clause_when = When()
        self.clock_at: int | None = None
        self.site: Site | None = None
        self.clause_site: Site | None = None
        self.also: int | None = None
        self._scopes()

    def _scopes(self) -> None:
        """Class masks of every clause and sentence, before and behind each place."""
        size = len(self.line)
        self.before = [0] * (size + 1)
        self.after = [0] * (size + 1)
        self.clause = [0] * size
        bits = start = 0
        for place, token in enumerate(self.line):
            if token.kind in STOPPING:
                bits = 0
            bits |= self.free[place]
            self.before[place + 1] = bits
        bits = 0
        for place in range(size - 1, -1, -1):
            self.after[place + 1] = bits
            if self.line[place].kind in STOPPING:
                bits = BIT["question"] if self.line[place].text in "?？" else 0
            bits |= self.free[place]
        self.after[0] = bits
        bits = 0
        for place in range(size + 1):
            if place == size or self.line[place].kind in ("comma", "stop"):
                if place < size and self.line[place].text in "?？":
                    bits |= BIT["question"]
                self.clause[start:place] = [bits] * (place - start)
                start, bits = place, 0
            else:
                bits |= self.free[place]

    # -- the pass ---------------------------------------------------------------------------
    def run(self) -> list[Draft]:
        """All numbers of the line judged, each with who, when and where."""
        first_of_clause: Mention | None = None
        for place, token in enumerate(self.line):
            mention = self.by_first.get(place)
            if mention is not None:
                first_of_clause = self._meet(mention, first_of_clause)
            if token.kind in ("comma", "stop"):
                self._clause_ends(place, token)
                first_of_clause = None
            elif token.number is not None and token.number.form is not Form.PLAIN and not self.covered[place]:
                self._number(place, token)
            elif not self.covered[place] or token.kind == "clock":
                self._time_and_site(place, token)
        self._trailing()
        self._ditto()
        return self.drafts

    def _ditto(self) -> None:
        """老伴也是, 老头同上: the number before is said of one more person."""
        for mention in self.mentions:
            at = mention.last + 1
            while at < len(self.line) and (self.line[at].kind == "space" or self.line[at].bits & mask("temp all") and not self.line[at].bits & BIT["ditto"]):
                at += 1
            if at >= len(self.line) or not self.line[at].bits & BIT["ditto"] or self.covered[at]:
                continue
            rest = self.line[at + 1 : at + 5]
            nxt = next((t for t in rest if t.kind != "space"), None)
            if nxt is not None and (nxt.number is not None or not nxt.bits & mask("particle fine ditto") and nxt.kind not in ("comma", "stop", "emoji", "close")) and nxt.text != "的":
                continue
            model = next((d for d in reversed(self.drafts) if d.at < mention.first and d.verdict.outcome == "reading"), None)
            if model is None and self.number and self.reader.last is not None and self.message.shape.is_list:
                model = self.reader.last
            if model is None or mention.who == model.who or mention.kind in (Kind.YOU, Kind.OFFICE, Kind.THIRD):
                continue
            self.drafts.append(replace(model, who=mention.who, mention=mention, owner=mention.owner, count=mention.count, verdict=Verdict("reading", "说跟前面一样"), left=Left(mentions=[mention]), at=at))

    def _meet(self, mention: Mention, first: Mention | None) -> Mention | None:
        """A person comes up: may become what the following is about."""
        if mention.kind in (Kind.YOU, Kind.OFFICE, Kind.JOB, Kind.FLAT):
            return first
        before = self.line[mention.first - 1] if mention.first else None
        serving = before is not None and before.text in ("给", "替", "帮", "代", "为", "是")
        if before is not None and before.text in AGENT_BEFORE and first is not None:
            return first
        if before is not None and before.bits & BIT["negation"] and before.text in ("不是", "并不是", "又不是"):
            return first
        if mention.kind is Kind.THIRD:
            if self.third is not None and first is None:
                self.topic = self.third
            elif self.third is not None and serving:
                self.topic = self.third
            return first or mention
        if mention.kind in (Kind.KIN, Kind.NAME, Kind.FAMILY):
            self.third = mention
        if first is None or serving:
            if not self._office_call(mention):
                self.topic = mention
            return mention
        return first

    def _office_call(self, mention: Mention) -> bool:
        """何师傅，…: somebody spoken to, not of."""
        if mention.kind is not Kind.NAME or mention.first > 1:
            return False
        text = mention.who[0]
        size = 2
        if not self.lexicon.classes.get(text[1:], 0) & BIT["title"] and not self.lexicon.classes.get(text[-2:], 0) & BIT["office"]:
            return False
        nxt = self.line[mention.last + 1] if mention.last + 1 < len(self.line) else None
        return nxt is not None and (nxt.kind in ("comma", "stop", "space") or nxt.text in ("好", "早", "你好", "您好")) and size == 2

    def _clause_ends(self, place: int, token: Token) -> None:
        """Decides whether a time said in this clause holds on."""
        bits = self.before[place]
        said = self.clause_when
        clause = self.clause[place - 1] if place else 0
        only_time = not clause & ~(TIME | SKIP & ~BIT["returnee"])
        if said.said and (clause & mask("verb temp fever feverish slip symptom") or (only_time and not clause & BIT["greeting"])):
            self.when = self._join(self.when, said)
        self.clause_when = When()
        self.clock_at = None if not only_time else self.clock_at
        if self.clause_site is not None and clause & mask("verb temp"):
            self.site = self.clause_site
        if token.kind == "stop" and not bits & mask("verb temp fever feverish symptom device") and not (
            self.drafts and self.drafts[-1].verdict.outcome != "no" and token.text in ";；"
        ):
            self.topic = self.reader.head_person

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
        elif token.kind == "date" or token.bits & TIME:
            if token.bits & BIT["period"] and token.bits & BIT["greeting"]:
                return
            before = self.clause_when.day
            self.clause_when = self.reader._later(self.clause_when, token)
            if before is not None and token.bits & BIT["day"] and before != self.clause_when.day:
                self.also = before
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

    # -- one number -------------------------------------------------------------------------
    def _number(self, place: int, token: Token) -> None:
        number = token.number
        assert number is not None  # noqa: S101 - asked by the caller
        left = self._left(place)
        around = self._around(place, token, left)
        verdict = self._paired(place, token, left) or weigh(number, left, around)
        draft = Draft(token, self.number, place, verdict, left=left)
        self.drafts.append(draft)
        if verdict.outcome == "no":
            return
        self._who(draft, place, left)
        self._bound_and_value(draft, place)
        self._when_and_where(draft, place)
        if self.also is not None and left.all and verdict.outcome == "reading":
            self.drafts.insert(-1, replace(draft, day=min(0, self.also)))
        self.also = None
        self.bound = place + 1
        self.reader.last = draft
        if draft.mention is not None and draft.mention.kind is not Kind.OTHERS:
            self.topic = draft.mention
            if draft.mention.kind in (Kind.KIN, Kind.NAME, Kind.FAMILY):
                self.third = draft.mention

    def _paired(self, place: int, token: Token, left: Left) -> Verdict | None:
        """Ages beside temperatures; the second end of a range; the second of two values."""
        number = token.number
        assert number is not None  # noqa: S101 - only numbers get here
        bare = number.unit is Unit.NONE and number.form in (Form.INTEGER, Form.SLIP) and number.written.isdigit()
        if bare and self.message.shape.is_list:
            nxt = next((t for t in self.line[place + 1 :] if t.kind not in ("space", "punct", "comma")), None)
            if nxt is not None and nxt.number is not None and nxt.number.form in (Form.DECIMAL, Form.SPLIT):
                return no("是年龄或编号")
        if left.near & BIT["low"] and self.drafts and self.drafts[-1].verdict.outcome == "reading":
            if self.drafts[-1].left.near & BIT["high"] or self.drafts[-1].left.bits & BIT["high"]:
                return no("最低的不记，记最高的")
        last = self.drafts[-1] if self.drafts else None
        if last is None or last.verdict.outcome != "reading" or number.celsius is None:
            return None
        between = [t for t in self.line[last.at + 1 : place] if t.kind not in ("space", "comma")]
        ties = ("又", "还是", "或者", "或", "好像", "又好像", "要么")
        if between and len(between) <= 3 and all(t.text in ("一个", "另一个", "还有一个", "俩", "一个是") for t in between):
            return Verdict("reading", "跟前一个数成对")
        if between and len(between) <= 3 and all(t.bits & mask("to seq") or t.text in ties for t in between):
            return Verdict("reading", "跟前一个数成对")
        return None

    def _left(self, place: int) -> Left:
        """Walks left from a number over words that may stand between it and its person."""
        left = Left()
        at = place - 1
        first, colon = True, False
        while at >= self.bound:
            token = self.line[at]
            mention = self.by_last.get(at)
            if mention is not None and mention.first >= self.bound and mention.first not in self.used:
                if mention.kind is Kind.YOU and not left.bits & mask("temp verb"):
                    left.you = True
                reflexive = token.text == "自己" and at and self.line[at - 1].text.endswith("说")
                if mention.kind in (Kind.OFFICE, Kind.YOU) or reflexive or self._speaker(mention):
                    at = mention.first - 1
                    continue
                if mention.kind is Kind.JOB and left.bits & mask("verb") and mention.first and not self.message.shape.is_list:
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
            if token.text in PASSING and at and (
                self.line[at - 1].number is not None or self.line[at - 1].text in "一两二三几"
            ):
                at -= 2
                continue
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
            token.number is not None and token.number.form is Form.PLAIN and self.message.shape.is_list
        )

    def _speaker(self, mention: Mention) -> bool:
        """我妈说…: who speaks or acts is not who was measured."""
        nxt = mention.last + 1
        if nxt >= len(self.line) or mention.kind not in (Kind.KIN, Kind.NAME, Kind.SELF, Kind.THIRD):
            return False
        text = self.line[nxt].text
        if mention.first and self.line[mention.first - 1].text in ("不是", "并不是", "又不是"):
            return True
        return text in SPEAKS and not (self.by_first.get(nxt) is not None)

    def _over_comma(self, left: Left, at: int) -> None:
        """李桂兰，36.4: the name stands right before the comma."""
        mention = self.by_last.get(at - 1)
        if mention is not None and mention.first >= self.bound and mention.first not in self.used and not left.unknown:
            if mention.kind not in (Kind.YOU, Kind.OFFICE, Kind.JOB) and not self._office_call(mention):
                if not self._speaker(mention):
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
            joined = all(t.bits & BIT["and"] or t.text in ("、", ",", "和") or t.kind == "space" for t in glue)
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
            if self.covered[at] or token.kind not in ("char", "word", "name") or (token.bits & SKIP and run and not token.bits & BIT["common"]):
                break
            run.insert(0, token)
            at -= 1
        text = "".join(t.text for t in run)
        left.unknown, left.unknown_at = text, end
        if not run:
            left.unknown = self.line[end].text
            return
        fresh = at < 0 or self.line[at].kind in (*QUIET, "comma", "stop", "group", "num", "clock", "date") or (
            self.line[at].bits & mask("day period now and slip") != 0
        )
        if self._nickname(text, run, fresh, left):
            mention = Mention(Kind.NAME, (text,), at + 1, end)
            kind = Kind.SELF if is_sender(text, self.message.own) else Kind.NAME
            left.mentions = [Mention(kind, (SELF,) if kind is Kind.SELF else (text,), mention.first, end)]
            left.unknown = ""

    def _nickname(self, text: str, run: list[Token], fresh: bool, left: Left) -> bool:
        if not fresh or not 2 <= len(text) <= 4 or not all("\u4e00" <= c <= "\u9fff" for c in text):
            return False
        listed = self.message.shape.is_list
        if any(t.bits & ~mask("common kin namehead nametail title") and len(t.text) > 1 for t in run):
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
        return bool(shaped or known) and not any(t.bits & BIT["common"] for t in run if len(run) > 1 and len(t.text) > 1)

    def _around(self, place: int, token: Token, left: Left) -> Around:
        nearby = [t for t in self.line[place + 1 : place + 7] if t.kind not in ("space", "quote")][:4]
        glued = place + 1 < len(self.line) and self.line[place + 1].kind != "space"
        stop = self.message
        return Around(
            clause=self.clause[place],
            clause_before=self._clause_before(place),
            before=self.before[place],
            after=self.after[place + 1],
            message=stop.bits,
            right=tuple(nearby),
            glued=glued,
            clean=self._is_clean(place, left),
            alone=stop.content == 0 and len(stop.shape.columns) == 0 and not stop.bits & FOREIGN,
            siblings=stop.plausible - (1 if token.number and token.number.celsius and token.number.form is not Form.INTEGER else 0),
            is_list=stop.shape.is_list,
            heading=self.reader.head_bits,
            is_group=stop.said.is_group,
            topic=self.topic,
            habit=self._is_habit(place),
            inherits=self._inherits(place),
            bare=self._is_bare(place, left),
            people=any(m.kind in (Kind.KIN, Kind.NAME) for m in self.mentions),
        )

    def _is_habit(self, place: int) -> bool:
        """一紧张体温就37.2 says what happens now and again; 一量就38.5 does not."""
        then = False
        for at in range(place - 1, max(-1, place - 9), -1):
            token = self.line[at]
            if token.kind in ("comma", "stop"):
                return False
            if token.bits & BIT["verb"]:
                return False
            then = then or token.text == "就"
            if then and token.text[0] == "一" and token.kind in ("word", "num") and len(token.text) <= 2:
                return token.text in ("一",)
        return False

    def _inherits(self, place: int) -> bool:
        """昨天棚里37.6，今天36.8: both are of the greenhouse."""
        last = self.drafts[-1] if self.drafts else None
        if self.message.bits & BIT["slip"]:
            return False
        if last is None or last.verdict.outcome != "no" or not (last.left.unknown or last.left.foreign):
            return False
        return not any(t.kind == "stop" for t in self.line[last.at : place])

    def _is_bare(self, place: int, left: Left) -> bool:
        """36.8，昨晚喝了点酒: the number is a clause of its own and comes first."""
        if left.unknown or left.foreign or left.comma or self.bound:
            return False
        at = place + 1
        while at < len(self.line) and (self.line[at].bits & SKIP or self.line[at].kind in ("emoji", "space")):
            at += 1
        return at >= len(self.line) or self.line[at].kind in ("comma", "stop", "open")

    def _clause_before(self, place: int) -> int:
        bits = 0
        for at in range(place - 1, max(-1, place - 40), -1):
            if self.line[at].kind in ("comma", "stop"):
                break
            bits |= self.free[at]
        return bits

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
            if token.kind in ("char", "code", "flat") or (token.kind == "word" and not token.bits & CLEAN):
                return False
            if token.kind == "num":
                return token.number is not None and token.number.form is not Form.PLAIN
        return True

    def _sentence_like(self, at: int) -> bool:
        """Whether the words that end here, before a blank, are a sentence and no label."""
        size, place = 0, at
        while place >= self.bound and self.line[place].kind not in ("comma", "stop", "space"):
            size += len(self.line[place].text)
            place -= 1
        last = self.line[at]
        return size >= 5 or last.text[-1] in "了啊吧呢吗呀哈的"

    # -- who ----------------------------------------------------------------------------------
    def _who(self, draft: Draft, place: int, left: Left) -> None:
        group = left.mentions
        owner = None if group and not self._is_self_only(group) else self._named_behind(place)
        if owner is not None:
            self.used.add(owner.first)
            group = [owner]
            draft.renamed = True
            draft.far = any(t.kind == "comma" for t in self.line[place : owner.first])
        if group and group[0].kind is Kind.THIRD:
            group = [self.third] if self.third is not None else group
        if not group:
            after = self._behind(place)
            if after is not None and (self.topic is None or self.topic.kind is Kind.SELF):
                self.used.add(after.first)
                group = [after]
        if not group and left.all and self.drafts[:-1] and any(t.text == "除了" for t in self.line[:place]):
            group = [Mention(Kind.OTHERS, (HOUSEHOLD,), place, place)]
        if not group and self.topic is not None:
            group = [self.topic if self.topic.kind is not Kind.THIRD else (self.third or self.topic)]
        if not group:
            return
        draft.who = tuple(w for m in group for w in m.who)
        draft.mention = group[-1]
        draft.owner = group[-1].owner
        draft.count = group[-1].count if group[-1].kind in (Kind.HOUSEHOLD, Kind.FAMILY, Kind.OTHERS) else None
        if group[-1].kind is Kind.FLAT:
            draft.who = (group[-1].who[0],) if self.message.shape.is_list else (SELF,)

    def _postposed(self) -> bool:
        """36.5我 36.8老伴: a person stands behind the last number too."""
        last = max((p for p, t in enumerate(self.line) if t.number is not None and t.number.celsius is not None), default=0)
        return any(m.first > last for m in self.mentions[-2:])

    def _is_self_only(self, group: list[Mention]) -> bool:
        return False

    def _named_behind(self, place: int) -> Mention | None:
        """36.9那个是我妹夫, 37.4写串行了，是他邻居孙大伟的: whose the number was is said behind it."""
        commas = 0
        for at in range(place + 1, min(len(self.line), place + 12)):
            token = self.line[at]
            if token.kind == "stop" or (token.number is not None and token.number.form is not Form.PLAIN):
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
            ends = nxt >= len(self.line) or self.line[nxt].kind in ("comma", "stop", "space", "emoji") or (
                self.line[nxt].text in ("的", "量的", "那个", "啊", "哈")
            )
            return mention if ends and mention.kind in (Kind.KIN, Kind.NAME, Kind.SELF, Kind.FAMILY) else None
        return None

    def _behind(self, place: int) -> Mention | None:
        """36.5我, 36.8老伴; 快39了，…，是我媳妇: the person stands behind the number."""
        at = place + 1
        while at < len(self.line) and (self.line[at].kind in ("space",) or self.line[at].bits & mask("particle link loose over_after under_after") and at not in self.by_first):
            at += 1
        mention = self.by_first.get(at)
        if mention is not None and mention.kind in (Kind.SELF, Kind.KIN, Kind.NAME, Kind.HOUSEHOLD, Kind.FAMILY):
            nxt = mention.last + 1
            while nxt < len(self.line) and (self.line[nxt].kind in ("space", "comma", "stop", "emoji", "close") or self.line[nxt].text in ("的", "量的", "了", "吧", "呢")):
                nxt += 1
            if nxt >= len(self.line) or (self.line[nxt].number is not None and self._postposed()):
                return mention
            gap = self.line[mention.last + 1] if mention.last + 1 < len(self.line) else None
            if gap is not None and gap.kind in ("comma", "stop"):
                return mention
        for later in self.mentions:
            if later.first <= place or later.kind not in (Kind.KIN, Kind.NAME, Kind.HOUSEHOLD):
                continue
            if any(t.number is not None and t.number.form is not Form.PLAIN for t in self.line[place + 1 : later.first]):
                return None
            before = self.line[later.first - 1]
            nxt = later.last + 1
            ends = nxt >= len(self.line) or self.line[nxt].kind in ("comma", "stop", "space") or self.line[nxt].text in ("的", "家的", "仨人的")
            starts = before.kind in ("comma", "stop", "space") or before.text in ("是", "这是", "就是", "说的是", "那是")
            after = next((t for t in self.line[nxt:] if t.kind != "space"), None)
            if starts and ends and (after is None or after.number is None):
                return later
            return None
        return None

    # -- bounds, values -------------------------------------------------------------------------
    def _bound_and_value(self, draft: Draft, place: int) -> None:
        number = draft.token.number
        assert number is not None  # noqa: S101 - only numbers get here
        draft.celsius = number.celsius
        draft.approx = number.loose
        right = self.line[place + 1] if place + 1 < len(self.line) else None
        if right is not None and right.kind == "space" and place + 2 < len(self.line):
            right = self.line[place + 2]
        near = draft.left.near | (self._two_left(place) if draft.left.near & mask("link") else 0)
        if near & BIT["about"] or draft.left.bits & BIT["about"]:
            draft.approx = True
        high = (draft.left.near | draft.left.bits) & BIT["high"]
        if high and draft.mention is not None and draft.mention.kind in (Kind.HOUSEHOLD, Kind.FAMILY):
            draft.approx = True
        if draft.left.bits & BIT["under"]:
            draft.approx, draft.bound = True, "under"
        elif draft.left.bits & BIT["over"]:
            draft.approx, draft.bound = True, "over"
        if right is not None:
            if right.bits & BIT["under_after"]:
                draft.approx, draft.bound = True, "under"
            elif right.bits & BIT["over_after"]:
                draft.approx, draft.bound = True, "over"
            elif right.bits & BIT["loose"] and not right.bits & BIT["particle"]:
                draft.approx = True

    def _two_left(self, place: int) -> int:
        return self.line[place - 2].bits if place >= 2 else 0

    # -- when and where ---------------------------------------------------------------------------
    def _when_and_where(self, draft: Draft, place: int) -> None:
        when = self._join(self.when, self.clause_when) if self.clause_when.said else self.when
        own = self.clause_when.said
        if self.clock_at is not None and not own and self.when.night:
            when = When(now=True)
        if not when.said or (not own and when.day is None and when.period is None and not when.now):
            when = self.reader.head_when
        elif own and when.day is None and self.reader.head_when.day is not None and not when.now:
            when = self._join(self.reader.head_when, when) if when.period else self.reader.head_when
        clock = self.line[self.clock_at].clock if self.clock_at is not None else None
        behind = self._time_behind(place)
        if behind.said:
            when, own, clock = behind, True, None
        draft.timed = own or clock is not None
        draft.day, draft.period, draft.minute = settle(when, clock, self.message.said.sent_minute)
        columns = self.message.shape.columns
        if columns and not draft.timed:
            draft.period = self._column(place, columns) or draft.period
        if not own and clock is None and draft.left.bits & BIT["again"]:
            draft.period = None
        if own:
            mention = draft.left.mentions[-1] if draft.left.mentions else None
            late = mention is not None and self._time_after(mention, place) and (when.day or 0) < 0
            self.when = when if not late else When()
            if late:
                self.late = draft
        self.clause_when = When()
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
        when = When()
        for token in self.line[place + 1 : place + 8]:
            if token.bits & TIME:
                when = self.reader._later(when, token)
            elif when.said and token.text in ("的", "量的", "测的", "报的", "那个", "那次"):
                return when
            elif token.kind != "space" and token.text not in ("是", "那个", "这个", "才是"):
                break
        return When()

    def _time_after(self, mention: Mention, place: int) -> bool:
        """孩子昨晚38.5: the time belongs to that person and does not carry to the next."""
        return any(t.bits & mask("day night") for t in self.line[mention.last + 1 : place])

    def _column(self, place: int, columns: tuple[Period | None, ...]) -> Period | None:
        start = max((d.at for d in self.drafts[:-1] if d.verdict.outcome != "no" and d.left.mentions), default=0)
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
        """额36.2 腋36.7 中午; 我36.5，口温: what stands behind the last number holds for all before."""
        good = [d for d in self.drafts if d.verdict.outcome != "no"]
        if not good:
            return
        tail = self.line[good[-1].at + 1 :]
        site, when = None, When()
        clause: list[Token] = []
        deep = 0
        for token in [*tail[:60], Token("stop", "", 0, 0)]:
            if token.kind == "open":
                deep += 1
            if token.kind in ("comma", "stop", "open", "close", "space"):
                words_in = [t for t in clause if t.kind != "space"]
                fits = words_in and all(
                    t.bits & (TIME | TAIL) or t.text in TAIL_WORDS or t.kind in ("clock", "date", "num") for t in words_in
                )
                if fits:
                    for t in words_in:
                        if t.bits & TIME and not t.bits & BIT["greeting"]:
                            when = self.reader._later(when, t)
                        if t.bits & BIT["site"] and not deep:
                            site = self.lexicon.sites[t.text]
                    if any(t.bits & mask("plan") for t in words_in):
                        when = When()
                clause = []
                if token.kind == "close":
                    deep = max(0, deep - 1)
            else:
                clause.append(token)
        for draft in good:
            if site is not None and draft.site is None:
                draft.site = site
            if (when.day is not None or when.period is not None) and not draft.timed and (when.day or 0) <= 0 and (
                draft.period is None and draft.day == 0
            ):
                draft.day, draft.period, draft.minute = settle(when, None, self.message.said.sent_minute)
        self._whole_family(good)

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
            if mention is None or mention.kind not in (Kind.HOUSEHOLD, Kind.FAMILY) or len(good) < 2:
                return
        if mention.first < good[0].at:
            if mention.kind is Kind.HOUSEHOLD and len(good) >= 2 and not any(d.timed for d in good):
                for draft in good:
                    draft.count = None
            return
        for draft in good:
            draft.who, draft.mention, draft.owner = mention.who, mention, mention.owner
            draft.count = None if len(good) > 1 else mention.count


__all__ = ["HOUSEHOLD", "Draft", "LineReader", "Message", "Unit", "no"]
