"""没回的 unanswered: whose a reading is its speaker never said: the grid worker is asked, once.

Said again with a clear name it needs no answer any more.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import col, func, select

from bot.domain.prompts import Prompt
from bot.domain.registry import Account, Resident
from bot.domain.temperature import Pending, Reading, waiting_of
from bot.hearing import Asked, Ear
from bot.router import Turn
from bot.spoken import whom
from bot.work import Work
from handlers.assigning import Claims, Question, unknown_again
from handlers.houses import waited
from handlers.said import Said
from handlers.unnamed import name_fever
from handlers.whose import CHOICES, ask_workers


def hand_on(work: Work) -> None:
    """Give the grid worker what was asked of a speaker and not answered in the rules' time.

    Misfire: what became due while we were down is handed on at once. The speaker may still answer.
    """
    query = select(Pending).where(
        Pending.kind == "which",
        col(Pending.closed_at).is_(None),
        col(Pending.due_at) <= work.now,
    )
    by_speaker: dict[tuple[int, int], dict[str, list[Pending]]] = {}
    for pending in work.db.exec(query.order_by(col(Pending.id))).all():
        whose = (pending.account_id or 0, pending.place_id or 0)
        by_speaker.setdefault(whose, {}).setdefault(pending.spoken_who, []).append(pending)
    for (account_id, place_id), words in by_speaker.items():
        account = work.db.get(Account, account_id)
        if account is not None:
            ear = Ear(work.db, account, work.person_behind(account), place_id or None)
            _hand_on(work, ear, words)


def _hand_on(work: Work, ear: Ear, words: dict[str, list[Pending]]) -> None:
    claims, first = Claims(), 0
    for spoken, pendings in words.items():
        for pending in pendings:
            pending.kind, pending.due_at = "unassigned", None
            work.db.add(pending)
        first = first or pendings[0].id or 0
        claims.asked.append(_question(work, ear, spoken, pendings[0]))
    work.db.flush()
    ask_workers(work, ear, claims, key=f"unanswered:{first}")


def _question(work: Work, ear: Ear, spoken: str, pending: Pending) -> Question:
    """As the speaker was asked, with the same people; else as it may be understood."""
    query = (
        select(Prompt)
        .where(Prompt.account_id == ear.account.id, Prompt.kind == "which")
        .order_by(col(Prompt.id).desc())
    )
    for prompt in work.db.exec(query).all():
        values = prompt.values
        if values["spoken"] == spoken:
            people = _people(work, values["resident_ids"])
            return Question(unknown_again(work, pending, values), people)
    found = whom(ear, Asked(spoken))
    return Question(unknown_again(work, pending, {}), found.people or found.guesses)


def _people(work: Work, ids: Sequence[int]) -> tuple[Resident, ...]:
    found = (work.db.get(Resident, i) for i in ids)
    return tuple(person for person in found if person is not None)


def said_since(turn: Turn, said: Said) -> None:
    """西头王伟36.6 after 王伟36.6: what was asked about is answered; a fever gets its name."""
    for pending, prompts in _asked_of(turn, said):
        if pending.tenths == int(said.celsius * 10):
            name_fever(turn, pending, said.person)
        elif pending.tenths is not None or not _all_said(turn, pending, said):
            continue
        pending.closed_at, pending.outcome = turn.work.now, said.person.name
        turn.work.db.add(pending)
        for prompt in prompts:
            prompt.closed_at = turn.work.now
            turn.work.db.add(prompt)


def _asked_of(turn: Turn, said: Said) -> list[tuple[Pending, list[Prompt]]]:
    """What waits of this speaker and slot, with its questions, where this person is a choice."""
    work = turn.work
    pendings = [
        pending
        for pending in waiting_of(work.db, turn.account.id or 0, work.message_id)
        if pending.kind in ("which", "unassigned")
        and (pending.day, pending.slot) == (said.slot.day, said.slot.slot.name)
    ]
    if not pendings:
        return []
    asked = select(Prompt).where(
        col(Prompt.kind).in_(CHOICES),
        col(Prompt.closed_at).is_(None),
        col(Prompt.expires_at) > work.now,
    )
    prompts = [
        prompt
        for prompt in work.db.exec(asked).all()
        if prompt.values.get("by_account") == turn.account.id
        and said.person.id in prompt.values["resident_ids"]
    ]
    pairs = ((p, [q for q in prompts if q.values["spoken"] == p.spoken_who]) for p in pendings)
    return [(pending, own) for pending, own in pairs if own]


def _all_said(turn: Turn, pending: Pending, said: Said) -> bool:
    """Whether every value of a house has been given with a name since."""
    query = select(Reading.tenths).where(
        Reading.said_by == turn.account.id,
        Reading.day == pending.day,
        Reading.slot == pending.slot,
        Reading.at >= pending.at,
        col(Reading.superseded_by).is_(None),
        col(Reading.withdrawn_at).is_(None),
    )
    known = {*turn.work.db.exec(query).all(), int(said.celsius * 10)}
    return {int(v * 10) for v in waited(turn.work, pending, is_asked=True).values} <= known


def next_due(work: Work) -> datetime | None:
    """When the next such question has waited long enough."""
    query = select(func.min(Pending.due_at)).where(
        Pending.kind == "which", col(Pending.closed_at).is_(None)
    )
    return work.db.exec(query).one()
