"""问答 questions: answered from signed entries only, else handed to a person; silent unasked."""

from bot.language.faq import Action
from bot.language.understand import Intent
from bot.router import Router, Turn
from handlers.answered import count
from handlers.replying import act_on, lapsed

router = Router()


@router.first
def on_talk(turn: Turn) -> bool:
    """Count what neighbours ask each other of our matters; the turn goes on."""
    asked = turn.said.asked
    if asked is None or not asked.is_ours or not asked.is_question or turn.said.is_addressed:
        return False
    if asked.action is Action.NONE and turn.in_village_chat:
        count(turn, "unsure" if asked.nearest else "neighbours")
        if asked.expired is not None and not turn.work.is_exercise:
            lapsed(turn, asked.expired, has_asker=False)
    return False


@router.on(Intent.QUESTION)
def on_question(turn: Turn) -> None:
    """Answer, or name the doctor or cadre who will; in a group only what rule S allows."""
    asked = turn.said.asked
    if asked is None:
        return
    for step in asked.steps:
        turn.work.note(step)
    act_on(turn, asked, turn.said.text)
