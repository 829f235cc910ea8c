"""Reads every body temperature out of one message: the assembly of the grammar."""

from collections.abc import Collection
from datetime import date

from bot.language import outcome, pairs, slips
from bot.language.absent import absent_people
from bot.language.cells import doors, lone_signs
from bot.language.drafts import QUIET
from bot.language.intents import intent_of
from bot.language.lines import Draft, LineReader
from bot.language.meaning import HOUSEHOLD, SELF, Clarify, Report, SpokenReading, Utterance
from bot.language.message import Message
from bot.language.normalise import Normal, normalise
from bot.language.people import (
    Kind,
    children_of,
    is_sender,
    mentions,
    named_in_form,
    own_names,
)
from bot.language.quoted import asked_person
from bot.language.relay import (
    Layout,
    in_cells,
    is_example,
    is_header,
    layout,
    lines_of,
    own_words,
    shape_of,
)
from bot.language.symptoms import complaints
from bot.language.tokens import Token, cut
from bot.language.words import BIT, mask, word_set, words

MOST_IN_A_LINE = 100
MOST = 8000  # a list of 400 people; what is longer was never typed by one
PROSE = 1200  # a text this long that is no list was forwarded: its beginning says what it is
SHORT = 60  # signs: what somebody says of his family in one breath
FIRM = word_set("必须 不得 务必 根据")  # in notices, and in anybody's talk
PERSONAL = (Kind.SELF, Kind.KIN)
PROSE_LINE = 60  # signs a line: a list of people has shorter lines
LONGEST = 8000  # longer texts without lines of people are forwarded, never a report


def warm() -> None:
    """Loads the word lists and the lunar calendar."""
    words()
    read(Utterance("初一36.5", "", True, date(2020, 2, 10), 0))


def read(said: Utterance) -> Report:
    """All that a careful village cadre would write down from one message."""
    normal = normalise(said.text)
    plan = layout(normal.text, said.quoted)
    own = own_names(said.sender)
    body = _body(normal.text, plan)
    kids = children_of(said.sender)
    names = said.names | frozenset(kids) if kids else said.names
    tokens = cut(body, said.sent_on, names, own)
    if plan.body:
        tokens = [t for t in tokens if t.end > plan.body]
    lines = lines_of(tokens)
    lone_signs(lines)
    shape = shape_of(lines, body)
    if shape.is_list:
        doors(lines)
    message = Message.of(lines, said, own, plan.quoted, shape)
    reader = LineReader(message)
    drafts = _drafts(lines, reader)
    if drafts and is_notice(message, body, drafts, lines):
        drafts = []
    correction = _put_right(drafts, lines, message)
    readings, asked = _outcomes(drafts, normal)
    symptoms, danger = complaints(lines, reader)
    intent = intent_of(message, body, bool(readings or asked), bool(symptoms))
    return Report(
        intent=intent,
        readings=tuple(readings),
        clarify=tuple(asked),
        correction=correction,
        symptoms=tuple(symptoms),
        danger=tuple(danger),
        absent=absent_people(lines, drafts, message),
        steps=tuple([outcome.step(d, normal) for d in drafts]),
    )


def _body(text: str, plan: Layout) -> str:
    """The sender's own words, as far as anybody types them."""
    body = in_cells(own_words(text, plan)[:MOST])
    prose = len(body) > PROSE and body.count("\n") * PROSE_LINE < len(body)
    return body[:PROSE] if prose else body


def _outcomes(drafts: list[Draft], normal: Normal) -> tuple[list[SpokenReading], list[Clarify]]:
    """What is recorded, and what is asked about."""
    readings: list[SpokenReading] = []
    asked: list[Clarify] = []
    for draft in drafts:
        if draft.dropped or draft.verdict.outcome == "no":
            continue
        if draft.verdict.outcome == "clarify" or draft.celsius is None:
            asked.append(outcome.asked(draft, normal))
        else:
            readings.extend(outcome.spoken(draft, normal))
    return readings, asked


def _put_right(drafts: list[Draft], lines: list[list[Token]], message: Message) -> bool:
    """What all numbers together say of each; True where something said before is put right."""
    if not drafts:
        return slips.corrected(drafts, lines, message)
    several = len(drafts) > 1
    _form(drafts, lines, message.own)
    if several:
        _household(drafts, lines, message.own)
        pairs.ranges(drafts, lines)
        pairs.scales(drafts, lines)
        pairs.knowledge(drafts, message)
        pairs.unsure(drafts, lines, message)
    pairs.bounds(drafts, message)
    correction = slips.corrected(drafts, lines, message)
    if several:
        pairs.restated(drafts)
        pairs.repeated(drafts)
    _answer(drafts, message.quoted, message.said)
    return correction


def _form(drafts: list[Draft], lines: list[list[Token]], own: Collection[str]) -> None:
    """体温：36.5 姓名：寇俊峰: the one number of a form is of the person it names."""
    good = [d for d in drafts if d.verdict.outcome != "no"]
    if len(good) == 1 and not good[0].left.mentions and (named := named_in_form(lines)):
        mine = is_sender(named.who[0], own)
        good[0].who, good[0].mention = (SELF,) if mine else named.who, named


def _household(drafts: list[Draft], lines: list[list[Token]], own: Collection[str]) -> None:
    """36.2 over 36.5 over 俺家四个的: lines of nothing but numbers, and one that says whose."""
    told = {d.line for d in drafts if d.mention is None and not d.timed}
    if len(told) != len(drafts) or len(lines) != len(told) + 1:
        return
    if not all(t.number is not None or t.kind in QUIET for at in told for t in lines[at]):
        return
    people = mentions(next(line for at, line in enumerate(lines) if at not in told), own)
    if people and people[0].kind is Kind.HOUSEHOLD:
        for draft in drafts:
            draft.who, draft.mention = (HOUSEHOLD,), people[0]


def _answer(drafts: list[Draft], quoted: str, said: Utterance) -> None:
    """An answer that names nobody is about the person the quoted question asks of."""
    if not quoted or not drafts or any(d.mention is not None for d in drafts):
        return
    asked = asked_person(quoted, said.sender, said.sent_on)
    if asked is not None:
        for draft in drafts:
            draft.who, draft.mention = asked.who, asked


def is_notice(message: Message, body: str, drafts: list[Draft], lines: list[list[Token]]) -> bool:
    """Official or forwarded text: whatever numbers it holds are nobody's."""
    long = len(body) > 250 and not message.shape.is_list
    if not (long or message.bits & BIT["notice"]):
        return False
    if not long and len(body) <= SHORT and all(t in FIRM for t in _notice_words(lines)):
        return False  # 出海前必须量，36.2，走了
    told = [d for d in drafts if d.verdict.outcome == "reading"]
    named = sum(1 for d in told if d.left.mentions)
    if named >= 2 and len(body) < 6000 and not message.bits & BIT["news"] and "转发" not in body:
        return False
    # 老舅37.2，剩下的一律36.4; 辰辰登记的39.6是录错，实为36.9，请大家勿慌
    people = (*PERSONAL, Kind.NAME) if message.bits & mask("slip symptom") else PERSONAL
    mine = [d for d in told if d.mention and d.mention.kind in people and d.bound != "over"]
    return len(body) > SHORT or not mine


def _notice_words(lines: list[list[Token]]) -> list[str]:
    return [t.text for line in lines for t in line if t.bits & BIT["notice"]]


def _drafts(lines: list[list[Token]], reader: LineReader) -> list[Draft]:
    drafts: list[Draft] = []
    message = reader.message
    if not message.numbers or (len(message.said.text) > LONGEST and not message.shape.is_list):
        return drafts
    for number, line in enumerate(lines):
        if reader.message.shape.is_list and (is_example(line) or is_header(line)):
            reader.heading([t for t in line if not t.bits & BIT["example"]])
            continue
        if len(line) > MOST_IN_A_LINE and _too_many(line):
            continue  # no person types this; it would only cost time
        drafts.extend(reader.read(line, number))
    return drafts


def _too_many(line: list[Token]) -> bool:
    return sum(1 for token in line if token.number is not None) > MOST_IN_A_LINE


__all__ = ["read", "warm"]
