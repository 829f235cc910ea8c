"""One pass over one line, left to right: every number judged, each with who, when and where."""

from dataclasses import replace

from bot.language.actors import FOR
from bot.language.drafts import TIME, Draft
from bot.language.moments import Moments
from bot.language.people import Kind, Mention
from bot.language.sharing import ditto
from bot.language.times import When
from bot.language.tokens import Token
from bot.language.turns import turn
from bot.language.weigh import weigh
from bot.language.words import BIT, mask, word_set

HEARD = turn("heard")
TELLS = turn("tells")
CALLED_UP = frozenset(["视频", "视频上", "视频里"])
TALK = HEARD | TELLS | CALLED_UP
REMARKS = turn("remarks")
NAMED = (Kind.KIN, Kind.NAME)
STRANGERS = turn("strangers")
THEIRS = word_set("的 那个 有个 一个 单位 厂里 厂 那边 家")
CLOSE = (Kind.SELF, Kind.HOUSEHOLD)


PLACED = TIME | BIT["site"]


class Scan(Moments):
    """The pass."""

    def run(self) -> list[Draft]:
        """All numbers of the line judged, each with who, when and where."""
        self._told_by_others()
        first_of_clause: Mention | None = None
        for place, token in enumerate(self.line):
            mention = self.by_first.get(place)
            if mention is not None:
                first_of_clause = self._meet(mention, first_of_clause)
            if token.text == ":" and not self.drafts:
                self._announced(place)
                opened = self.by_first.get(place + 1)
                if opened is not None and opened.kind in NAMED:
                    first_of_clause = None  # 那我一起发：谌子萱，大二班，36.7
            if token.kind in ("comma", "stop"):
                self._clause_ends(place, token)
                first_of_clause = None
            elif token.kind == "space" and self.starts[place] == place:
                first_of_clause = None
            elif token.degrees and not self.covered[place]:
                self._number(place, token)
                if self.drafts and self.drafts[-1].verdict.outcome != "no":
                    first_of_clause = None
            elif token.kind == "clock" or (
                (token.bits & PLACED or token.kind == "date") and not self.covered[place]
            ):
                self._time_and_site(place, token)
        self._trailing()
        ditto(self)
        return self.drafts

    def _told_by_others(self) -> None:
        """听张三说…: what follows is hearsay; 听我妈说 is not."""
        for at, token in enumerate(self.line):
            if token.text not in TALK:
                continue
            if token.text in CALLED_UP:
                if self._calls(at):
                    self.free[at] &= ~BIT["news"]
                    self._scopes()
                continue
            if token.text in TELLS:
                if self._of_strangers(at + 1):
                    self._hears(at)
                continue
            for inner in range(at + 1, min(len(self.line), at + 7)):
                said = self.line[inner]
                between = [m for m in self.mentions if at < m.first < inner]
                if said.kind in ("comma", "stop") or said.number is not None:
                    break
                if said.text in TELLS and not any(self._own(m) for m in between):
                    self._hears(inner)
                    break

    def _hears(self, at: int) -> None:
        """What follows this word is hearsay."""
        self.line[at].bits |= BIT["hearsay"]
        self.free[at] |= BIT["hearsay"]
        self._scopes()

    def _calls(self, at: int) -> bool:
        """孙女在视频那头举着表: seen on the telephone, and not on the news."""
        if self.token(at + 1).text in TELLS:
            return False
        near = (m for m in self.mentions if self.starts[m.first] == self.starts[at])
        return any(m.kind is Kind.KIN for m in near)

    def _of_strangers(self, at: int) -> bool:
        """我姨说她邻居昨晚38.9: whether the next whom a relative speaks of is nobody of hers."""
        while self.token(at).text[0] in "他她" or self.token(at).text in THEIRS:
            at += 1
        if self.token(at).text not in STRANGERS:
            return False
        return self.token(at + 1).text not in FOR and not self.token(at + 1).bits & BIT["verb"]

    def _own(self, mention: Mention) -> bool:
        """听我妈说 is no hearsay, 听南头二狗娘说 is."""
        if mention.kind is Kind.KIN:
            alone = self.line[mention.first].bits & mask("self wo kin") and not mention.owner
            nick = self.line[mention.first].bits | self.line[mention.first - 1].bits
            return bool(alone) and not nick & BIT["nick"]
        return mention.kind in CLOSE

    def _number(self, place: int, token: Token) -> None:
        number = token.number
        assert number is not None  # noqa: S101 - asked by the caller
        left = self._left(place)
        if place + 2 < len(self.line) and self.line[place + 1].kind == "open":
            left.bits |= self.line[place + 2].bits & BIT["temp"]
        around = self._around(place, number, left)
        verdict = self._paired(place, number, left) or weigh(number, left, around)
        draft = Draft(token, self.number, place, verdict, left=left)
        self.drafts.append(draft)
        if verdict.outcome == "no":
            return
        self._who(draft, place, left)
        self._bound_and_value(draft, place)
        self._when_and_where(draft, place)
        if self.also:
            if left.all and verdict.outcome == "reading":
                self.drafts[-1:-1] = [_on(draft, when) for when in self.also]
            self.also = []
        self.bound = place + 1
        self.reader.last = draft
        if draft.mention is not None and draft.mention.kind is not Kind.OTHERS:
            self.topic = draft.mention
            if draft.mention.kind in (Kind.KIN, Kind.NAME, Kind.FAMILY):
                self.third = draft.mention

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
        if (
            high
            and draft.mention is not None
            and draft.mention.kind in (Kind.HOUSEHOLD, Kind.FAMILY)
        ):
            draft.approx = True
        if draft.left.bits & BIT["under"]:
            draft.approx, draft.bound = True, "under"
        elif draft.left.bits & BIT["over"]:
            draft.approx, draft.bound = True, "over"
        if right is not None:
            if number.exact and (right.text == "差点" or right.text in REMARKS):
                pass  # 量了36.9差点没进去, 37.2稍微高点
            elif right.bits & BIT["under_after"]:
                draft.approx, draft.bound = True, "under"
            elif right.bits & BIT["over_after"]:
                draft.approx, draft.bound = True, "over"
            elif right.bits & BIT["loose"] and not right.bits & BIT["particle"]:
                draft.approx = True

    def _two_left(self, place: int) -> int:
        return self.line[place - 2].bits if place >= 2 else 0


def _on(draft: Draft, when: When) -> Draft:
    """昨天、今天都是36.4: the same of another day."""
    return replace(draft, day=min(0, when.day or 0), period=when.period)
