"""What becomes of a judged number: readings, a question, and the step that explains it."""

from decimal import Decimal

from bot.language.lines import Draft
from bot.language.meaning import HOUSEHOLD, Clarify, SpokenReading, Step
from bot.language.normalise import Normal
from bot.language.numerals import Unit, plausible, tenth


def spoken(draft: Draft, normal: Normal) -> list[SpokenReading]:
    """The readings of one draft, one for each person side by side."""
    assert draft.celsius is not None  # noqa: S101 - settled before
    number = draft.token.number
    assert number is not None  # noqa: S101 - only numbers get here
    value = tenth(draft.celsius) if number.unit is Unit.FAHRENHEIT else draft.celsius
    span = normal.span(draft.token.start, draft.token.start + len(number.written))
    return [
        SpokenReading(
            who=who,
            celsius=value,
            approx=draft.approx,
            day=draft.day,
            period=draft.period,
            site=draft.site,
            count=draft.count if who == HOUSEHOLD or "家" in who else None,
            span=span,
            minute=draft.minute,
            owner=draft.owner,
        )
        for who in draft.who
    ]


def asked(draft: Draft, normal: Normal) -> Clarify:
    """The question of one draft."""
    number = draft.token.number
    assert number is not None  # noqa: S101 - only numbers get here
    span = normal.span(draft.token.start, draft.token.start + len(number.written))
    known = draft.celsius
    guesses = (known,) if known is not None else likely(number.written)
    return Clarify(number.written, draft.who[0], guesses, span)


def likely(number: str) -> tuple[Decimal, ...]:
    """What a mistyped number most likely was."""
    digits = "".join(c for c in number if c.isdigit())
    found: list[Decimal] = []
    if not digits:
        return ()
    trials = [
        digits,
        digits[0:1] + digits[2:],
        digits[1:2] + digits[0:1] + digits[2:],
        "3" + digits[1:],
        "3" + digits,
    ]
    if len(digits) == 2:
        trials.insert(1, "3" + digits)
    for trial in trials:
        if len(trial) >= 3:
            value = Decimal(trial[:3]) / 10
            if Decimal(35) <= value <= Decimal("42.5") and value not in found:
                found.append(value)
    try:
        as_written = Decimal(number.replace("。", ".").replace(",", "."))
    except ArithmeticError:
        return tuple(found[:3])
    if plausible(as_written):
        return (as_written,)
    if Decimal(93) <= as_written <= Decimal(108):
        return (tenth((as_written - 32) / Decimal("1.8")),)
    return tuple(found[:3])


def step(draft: Draft, normal: Normal) -> Step:
    """Why this number became what it did."""
    number = draft.token.number
    written = number.written if number is not None else draft.token.text
    outcome = "no" if draft.dropped else draft.verdict.outcome
    span = normal.span(draft.token.start, draft.token.start + len(written))
    return Step(span, written, outcome, draft.dropped or draft.verdict.why)
