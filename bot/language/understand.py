"""The only place where intents compete: from the words of one message to what it asks of us."""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from bot.language.commands import Command, addressed, command
from bot.language.faq import Action, Asked, Engine
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
        may_command: the speaker holds a role, or the chat is private: else a bare word is no command.
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
    report = read(_with_text(said, text))
    intents: list[Intent] = []
    if report.danger:
        intents.append(Intent.EMERGENCY)
    if report.readings or report.clarify or report.correction or report.absent:
        intents.append(Intent.REPORT)
    elif report.symptoms and not report.danger:
        intents.append(Intent.SITUATION)
    elif report.intent is MainIntent.NORMAL:
        intents.append(Intent.REPORT)
    asked = None
    if not report.danger and (report.intent not in _TROUBLE or is_addressed):
        asked = engine.ask(text, on=on, addressed=is_addressed, in_group=said.is_group)
        if asked.action is Action.EMERGENCY:
            intents.insert(0, Intent.EMERGENCY)
        elif asked.action is not Action.NONE or (
            is_addressed and asked.is_question and not intents
        ):
            intents.append(Intent.QUESTION)
    return Understanding(
        tuple(intents) or (Intent.CHAT,), text, report, asked, None, is_addressed, is_exercise
    )


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
