"""The only place where intents compete: from the words of one message to what it asks of us."""

import re
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from bot.language.commands import Command, addressed, command
from bot.language.faq import Action, Asked, Engine
from bot.language.homophones import misheard
from bot.language.meaning import MainIntent, Report, Utterance
from bot.language.readings import read


class Intent(StrEnum):
    """What a message wants from a handler; a message may hold several, in this order."""

    EMERGENCY = "emergency"
    COMMAND = "command"
    REPORT = "report"
    SITUATION = "situation"
    QUESTION = "question"
    CHAT = "chat"


@dataclass(frozen=True, slots=True)
class Understanding:
    """What one message means."""

    intents: tuple[Intent, ...]
    text: str  # without the bot's name and the exercise mark
    report: Report
    asked: Asked | None = None
    command: Command | None = None
    is_addressed: bool = False
    is_exercise: bool = False


_EXERCISE = re.compile(r"^\s*[【\[（(]?演练[】\]）)]?[\s:：,，]+")
_NO_FEVER = re.compile(r"发烧(?:友|级|碟|音)|烧糊涂|烧包|(?:发烧|烧|热)的是|发[个]?高烧的")
_TROUBLE = (MainIntent.REPORT, MainIntent.NORMAL, MainIntent.SITUATION)


def understand(
    said: Utterance, engine: Engine, on: date, *, mentions_bot: bool, may_command: bool
) -> Understanding:
    """Let commands, readings, dangers and questions compete.

    Args:
        said: the message.
        engine: answers questions.
        on: the day for which an entry must be valid.
        mentions_bot: the platform says that the bot is meant (always so in private).
        may_command: the speaker holds a role or the chat is private; else a bare word is none.
    """
    text, is_named = addressed(said.text)
    is_exercise = bool(_EXERCISE.match(text))
    if is_exercise:
        text = _EXERCISE.sub("", text)
    is_addressed = is_named or mentions_bot or not said.is_group
    if may_command or is_addressed:
        order = command(text)
        if order is not None:
            return Understanding(
                (Intent.COMMAND,),
                text,
                Report(MainIntent.OTHER),
                None,
                order,
                is_addressed,
                is_exercise,
            )
    report = _with_homophones(read(_with_text(said, text)), said, text)
    asked = None
    if report.danger or report.intent not in _TROUBLE or is_addressed:
        asked = engine.ask(text, on=on, addressed=is_addressed, in_group=said.is_group)
    intents = _intents(report, asked, text, is_addressed=is_addressed, is_group=said.is_group)
    return Understanding(
        intents or (Intent.CHAT,), text, report, asked, None, is_addressed, is_exercise
    )


def _with_homophones(report: Report, said: Utterance, text: str) -> Report:
    """A voice message without a number may hold one by its sound."""
    if not said.is_voice or report.readings or report.clarify:
        return report
    unclear = misheard(text)
    if unclear is None:
        return report
    return replace(report, intent=MainIntent.REPORT, clarify=(unclear,))


def _intents(
    report: Report, asked: Asked | None, text: str, *, is_addressed: bool, is_group: bool
) -> tuple[Intent, ...]:
    """What a message wants, danger first.

    In a group danger needs the gate's word, which knows figures of speech; in private the words are
    enough.
    """
    intents: list[Intent] = []
    if (asked is not None and asked.action is Action.EMERGENCY) or (report.danger and not is_group):
        intents.append(Intent.EMERGENCY)
    if report.readings or report.clarify or report.correction or report.absent:
        intents.append(Intent.REPORT)
    elif _feels_fever(report, text) and not intents:
        intents.append(Intent.SITUATION)
    elif report.intent is MainIntent.NORMAL:
        intents.append(Intent.REPORT)
    if asked is None or Intent.EMERGENCY in intents:
        return tuple(intents)
    if asked.action is not Action.NONE or (is_addressed and asked.is_question and not intents):
        intents.append(Intent.QUESTION)
    return tuple(intents)


def _feels_fever(report: Report, text: str) -> bool:
    """A fever that was felt and not measured; other complaints alone start nothing."""
    return not _NO_FEVER.search(text) and any(s.name == "发烧" for s in report.symptoms)


def _with_text(said: Utterance, text: str) -> Utterance:
    if text == said.text:
        return said
    return Utterance(
        text=text,
        sender=said.sender,
        is_group=said.is_group,
        sent_on=said.sent_on,
        sent_minute=said.sent_minute,
        is_voice=said.is_voice,
        names=said.names,
        quoted=said.quoted,
    )
