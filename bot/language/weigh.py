"""Decides what a number is about: a person's temperature, something to ask about, or neither."""

from bot.language.beside import by_neighbours
from bot.language.evidence import by_evidence
from bot.language.mistyped import judge_slip
from bot.language.numerals import Form, Number
from bot.language.scope import Around, Left, Verdict
from bot.language.telling import by_speech


def weigh(number: Number, left: Left, around: Around) -> Verdict:
    """What the number is, and why: the words beside it speak first, then how it is told."""
    verdict = by_neighbours(number, left, around) or by_speech(number, left, around)
    if verdict is not None:
        return verdict
    if number.form is Form.SLIP:
        return judge_slip(number, left, around)
    return by_evidence(number, left, around)
