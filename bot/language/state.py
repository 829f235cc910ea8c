"""One line being read: its tokens, people, scopes, and what has been met so far."""

from bot.language.drafts import Draft
from bot.language.families import count_of
from bot.language.headings import Headings
from bot.language.meaning import Period, Site
from bot.language.people import Kind, Mention
from bot.language.times import UNSAID, When
from bot.language.tokens import NOTHING, Token
from bot.language.words import BIT

JOKE = BIT["joke"]
SENTENCE = 6  # signs: a blank behind that many parts what people say
CROWD = 10  # no household has so many
CROWDS = ("group", "count")
PAUSES = frozenset(["comma", "stop", "space"])
DENYING = frozenset(["不是", "并不是", "又不是"])
CALLING = frozenset(["好", "早", "你好", "您好", "啊", "呀", "哎", "诶"])


class LineState:
    """The state of one pass over one line."""

    def __init__(
        self, reader: Headings, line: list[Token], number: int, found: list[Mention]
    ) -> None:
        self.reader = reader
        self.message = reader.message
        self.lexicon = reader.lexicon
        self.line = line
        self.number = number
        self.mentions = found
        self.by_last: dict[int, Mention] = {}
        self.by_first: dict[int, Mention] = {}
        self.covered = [False] * len(line)
        self.free = [token.bits for token in line]
        self.people = False  # whether relatives or names are spoken of
        self.crowd_at = len(line)  # where a group, or more people than a family has, is spoken of
        for m in found:
            self.by_last[m.last] = self.by_first[m.first] = m
            self.people = self.people or m.kind in (Kind.KIN, Kind.NAME)
            for place in range(m.first, m.last + 1):
                self.covered[place] = True
                self.free[place] = 0
        self.drafts: list[Draft] = []
        self.used: set[int] = set()
        self.bound = 0
        self.topic: Mention | None = reader.head_person
        self.third: Mention | None = None
        self.when: When = UNSAID
        self.clause_when: When = UNSAID
        self.clock_at: int | None = None
        self.site: Site | None = None
        self.columns: tuple[Period | None, ...] = ()
        self.clause_site: Site | None = None
        self.also: list[When] = []  # other days of which the next number is told too
        self._scopes()

    def _scopes(self) -> None:
        """Class masks of every clause and sentence, before and behind each place."""
        line, free, size = self.line, self.free, len(self.line)
        self.before = before = [0]
        self.clause = [0] * size
        self.starts = [0] * (size + 1)  # of the clause that each place stands in
        sentence = clause = start = signs = held = 0
        for place, token in enumerate(line):
            kind, bits = token.kind, free[place]
            if kind in CROWDS and self.crowd_at == size and _is_crowd(token):
                self.crowd_at = place
            if kind == "stop":
                sentence = held if token.text in ";；" else 0
            elif sentence & JOKE and token.text == ":":
                held = BIT["example"]  # 顺口溜：三十六度五，…；三十八度八，…
            sentence |= bits
            before.append(sentence)
            if kind in PAUSES and (kind != "space" or signs >= SENTENCE):
                self._close(start, place, clause | _asks(token))
                start, signs, clause = place, 0, 0
            else:
                clause |= bits
            signs += len(token.text)
        self._close(start, size, clause)
        self._after()

    def _after(self) -> None:
        """Class masks of the rest of the sentence."""
        line, free, size = self.line, self.free, len(self.line)
        self.after = after = [0] * (size + 1)
        sentence = 0
        for place in range(size - 1, -1, -1):
            after[place + 1] = sentence
            if line[place].kind == "stop":
                sentence = _asks(line[place])
            sentence |= free[place]
        after[0] = sentence

    def _close(self, start: int, end: int, bits: int) -> None:
        """A clause ends: at a mark, or at a blank behind a sentence of its own."""
        self.clause[start:end] = [bits] * (end - start)
        if start:
            self.starts[start:end] = [start] * (end - start)

    def token(self, at: int) -> Token:
        """The token at this place; behind the last one there is nothing."""
        return self.line[at] if at < len(self.line) else NOTHING

    def ends_clause(self, at: int) -> bool:
        """Whether no word of the clause stands at this place."""
        token = self.token(at)
        return token.kind in ("comma", "stop", "open") or token.text == "."

    def is_office(self, word: str) -> bool:
        """主任, 大夫: somebody of an office."""
        return bool(self.lexicon.classes.get(word, 0) & BIT["office"])

    def office_call(self, mention: Mention) -> bool:
        """何师傅，…: somebody spoken to, not of."""
        if mention.kind is not Kind.NAME or mention.first > 1:
            return False
        text = mention.who[0]
        titled = self.lexicon.classes.get(text[1:], 0) & BIT["title"]
        if not titled and not self.is_office(text[-2:]):
            return False
        if mention.last + 1 >= len(self.line):
            return False
        after = self.line[mention.last + 1]
        return after.kind in PAUSES or after.text in CALLING

    def no_name(self, mention: Mention) -> bool:
        """36.8，白担心: a surname and a word of talk behind a number, and nobody of the roster."""
        name = mention.who[0]
        if mention.kind is not Kind.NAME or name in self.message.said.names:
            return False
        given = self.lexicon.classes.get(name[1:], 0)
        return bool(given & BIT["common"]) and name[1:] not in self.lexicon.things

    def clause_before(self, place: int) -> int:
        """Classes of the clause up to this place."""
        bits = 0
        for at in range(place - 1, self.starts[place] - 1, -1):
            bits |= self.free[at]
        return bits


def _is_crowd(token: Token) -> bool:
    """二组, 52人: a group, or more people than a family has."""
    return token.kind == "group" or (count_of(token.text) or 0) >= CROWD


def _asks(mark: Token) -> int:
    return BIT["question"] if mark.text in "?？" else 0
