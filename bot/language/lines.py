"""Reads one line after another."""

from dataclasses import replace

from bot.language.cells import settle_cells
from bot.language.drafts import QUIET, Draft
from bot.language.headings import Headings
from bot.language.meaning import SELF
from bot.language.message import Message
from bot.language.people import Kind, Mention, mentions
from bot.language.relay import numbers_in
from bot.language.rows import name_row
from bot.language.scan import Scan
from bot.language.tokens import Token

OLD = ("", "头", "头子", "汉", "头儿")
FULL = (2, 3)  # signs of a surname and a given name


class LineReader(Headings):
    """Reads lines in order; headings hold for the lines under them."""

    def read(self, line: list[Token], number: int) -> list[Draft]:
        """Drafts of all numbers in the line."""
        settle_cells(line, self.message)
        line = name_row(line, self.message)
        found = mentions(line, self.message.own)
        if len(found) == 1 and not self.message.shape.is_list:
            found = [self._old_self(found[0])]
        scan = Scan(self, line, number, found)
        drafts = scan.run()
        if not any(d.verdict.outcome != "no" for d in drafts):
            if not numbers_in(line) or (
                self.message.shape.is_list and number < self.message.shape.first
            ):
                self.heading(line)
            if (
                self.message.shape.is_list
                and len(found) == 1
                and found[0].kind in (Kind.NAME, Kind.KIN, Kind.SELF)
            ):
                shown = [t for t in line if t.kind not in QUIET]
                if len(shown) == found[0].last - found[0].first + 1:
                    self.head_person = found[0]
        return drafts

    def _old_self(self, mention: Mention) -> Mention:
        """老仝门房值夜，36度1: the only person of the line has the sender's surname."""
        name = mention.who[0]
        if mention.kind is not Kind.NAME or name[0] != "老" or name[2:] not in OLD:
            return mention
        full = any(own[0] == name[1] and len(own) in FULL for own in self.message.own)
        return replace(mention, kind=Kind.SELF, who=(SELF,)) if full else mention


__all__ = ["Draft", "LineReader", "Message"]
