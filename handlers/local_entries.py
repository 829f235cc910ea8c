"""Shared: 本地条目 local entries, said to whoever asks the same below the place they hold for."""

from bot.clock import date_words, local_day
from bot.domain.entries import LocalEntry, signed_entries
from bot.domain.registry import Resident
from bot.language.faq import Action
from bot.router import Turn
from bot.work import Work
from handlers import handing
from handlers.answered import is_new_here, note_said, remember
from handlers.handing import Asking


def answer(turn: Turn, text: str) -> bool:
    """Answer from a local entry; False where none asks the same. One past its days is asked about.

    Only who speaks to the bot hears it: it has few wordings and no bar of its own.
    """
    work = turn.work
    entry = find(work, turn.place_id, text)
    if entry is None:
        return False
    key = f"local:{entry.id}"
    if entry.valid_to < local_day(work.now):
        author = work.db.get_one(Resident, entry.author_id)
        note = work.phrase(
            "question.lapsed_note",
            question=entry.question,
            pack=work.phrase("entry.local"),
            day=entry.valid_to.isoformat(),
        )
        question = handing.hand_over(turn, Asking(text, "expired", key, note), [author])
        handing.tell_asker(turn, question, "question.lapsed")
        return True
    words = entry_words(work, entry)
    if not is_new_here(turn, key):
        turn.reply_privately(words, why="群里说过了，私下再答一次")
    elif turn.say_here(words, why=f"本地条目 {entry.id}，两个人签过字"):
        note_said(turn, key)
    remember(turn, text, local=entry.id)
    return True


def find(work: Work, place_id: int | None, text: str) -> LocalEntry | None:
    """The signed entry that a text asks for; of several one that may still be said."""
    if place_id is None:
        return None
    topics = work.content.engine.topics
    found = [
        entry
        for entry in signed_entries(work.db, place_id)
        if any(topics.alike(text, said) for said in entry.said_as())
    ]
    today = local_day(work.now)
    return next((e for e in found if e.valid_to >= today), found[0] if found else None)


def entry_words(work: Work, entry: LocalEntry) -> str:
    """An entry as it is said: with 出处 and its day."""
    return work.phrase(
        "question.answer",
        question=entry.question.rstrip("？?"),
        answer=entry.answer,
        source=entry.source,
        day=date_words(entry.source_on),
    )


def is_for_doctor(work: Work, text: str) -> bool:
    """Whether a text is a matter that no entry may answer."""
    asked = work.content.engine.ask(text, on=local_day(work.now), addressed=True, in_group=False)
    return asked.action in (Action.DOCTOR, Action.EMERGENCY)
