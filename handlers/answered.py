"""Shared: what was answered where: once a day in a group, remembered for who asked, counted."""

from bot.clock import local_day
from bot.domain.questions import EntrySaid, OpenQuestion, QuestionAsker, keep_answer, tally
from bot.domain.registry import Account, Chat, Resident
from bot.router import Turn
from bot.work import Work


def chat_key(turn: Turn) -> str:
    """The chat in which something is said."""
    return f"{turn.inbound.channel}\x1f{turn.inbound.chat}"


def is_new_here(turn: Turn, entry: str) -> bool:
    """At most once a day for the same entry in one group; in private as often as asked."""
    key = (chat_key(turn), entry, local_day(turn.work.now))
    return not turn.is_group or turn.work.db.get(EntrySaid, key) is None


def note_said(turn: Turn, entry: str) -> None:
    """It was said here today."""
    if turn.is_group and is_new_here(turn, entry):
        turn.work.db.add(
            EntrySaid(chat_key=chat_key(turn), entry=entry, day=local_day(turn.work.now))
        )
        turn.work.db.flush()


def remember(
    turn: Turn,
    asked: str,
    *,
    entry: str = "",
    local: int | None = None,
    question: int | None = None,
) -> None:
    """Keep what this account was answered, for what it says about it next."""
    keep_answer(
        turn.work.db,
        turn.account.id or 0,
        chat_key(turn),
        asked,
        turn.work.now,
        entry=entry,
        local_entry_id=local,
        question_id=question,
    )


def count(turn: Turn, outcome: str) -> None:
    """Count a question of a village chat that was not put to the bot, for the day's report."""
    is_counted = turn.in_village_chat and not turn.said.is_addressed and not turn.work.is_exercise
    if is_counted and turn.place_id is not None:
        tally(turn.work.db, local_day(turn.work.now), turn.place_id, outcome)


def answer_words(work: Work, question: OpenQuestion, asked: str = "") -> str:
    """A cadre's answer as an asker hears it, with the name of who gave it."""
    by = work.db.get(Resident, question.answered_by) if question.answered_by else None
    return work.phrase(
        "question.answered",
        text=asked or question.text,
        answer=question.answer,
        by=by.name if by else "",
    )


def deliver(work: Work, question: OpenQuestion, askers: list[QuestionAsker]) -> int:
    """Tell everybody who asked, alone where there is a way, else where they asked; how many not."""
    untold = 0
    for asker in askers:
        account = work.db.get_one(Account, asker.account_id)
        words = answer_words(work, question, asker.text)
        key = f"answered:{question.id}:{asker.account_id}"
        chat = work.db.get(Chat, asker.chat_id) if asker.chat_id else None
        if work.has_way(account):
            work.to_account(account, words, "reply", key=key, why="问的人听到回答")
            where = f"{account.channel}\x1f{account.account}"
            keep_answer(
                work.db, asker.account_id, where, asker.text, work.now, question_id=question.id
            )
        elif (
            chat is None
            or question.kind == "doctor"
            or work.to_chat(chat, words, "group", key=key, why="没有私聊的路，在他问的群里答")
            is None
        ):
            untold += 1
    work.db.flush()
    return untold
