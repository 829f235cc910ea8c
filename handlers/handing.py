"""Shared: 转交 hand-over, a question without a signed answer and the person who will answer it.

Like questions join one; each asker is noted, nobody is told of one twice.
"""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import col, func, select

from bot.clock import at, clock_words, local_day
from bot.domain.questions import OpenQuestion, QuestionAsker, QuestionTold, askers_of
from bot.domain.registry import (
    ROLE_WORDS,
    WORD_OF_ROLE,
    Resident,
    RoleName,
    holders,
    path_words,
    places_below,
    scope_of,
    village_of,
)
from bot.language.pack import Entry
from bot.router import Turn
from bot.work import Work
from handlers import alerts

OWNERS = (RoleName.GRID_WORKER, RoleName.GROUP_LEADER, RoleName.VILLAGE_SECRETARY)
LADDER = (*OWNERS, RoleName.TOWNSHIP_DUTY, RoleName.TOWNSHIP_HEAD, RoleName.COUNTY_DUTY)
ABOVE_VILLAGE = (RoleName.TOWNSHIP_DUTY, RoleName.TOWNSHIP_HEAD, RoleName.COUNTY_DUTY)
ANSWER_WITHIN = timedelta(hours=4)
MORNING, EVENING = 10 * 60, 18 * 60  # nobody owes an answer outside these hours
LONGEST = 500


@dataclass(frozen=True, slots=True)
class Asking:
    """What is asked of a person. entry: id of what is doubted or over; note: why, for the owner.

    answerer_id: whose own answer is doubted; somebody above looks at it.
    """

    text: str
    kind: str = "cadre"
    entry: str = ""
    note: str = ""
    answerer_id: int | None = None


def hand_over(
    turn: Turn, asking: Asking, owners: Sequence[Resident], *, has_asker: bool = True
) -> OpenQuestion | None:
    """Join the open question that asks the same, or open one and tell its owner; None: nobody."""
    work = turn.work
    if turn.place_id is None:
        return None
    question = _same(turn, asking)
    if question is None and not owners:
        return None
    is_new = question is None
    if question is None:
        question = OpenQuestion(
            place_id=turn.place_id,
            text=asking.text[:LONGEST],
            kind=asking.kind,
            asker_id=turn.account.id if has_asker else None,
            owner_id=owners[0].id,
            nearest=asking.entry or ",".join(e.id for e in _nearest(work, asking.text)),
            message_id=work.message_id,
            asked_at=work.now,
            due_at=due(work),
        )
        work.db.add(question)
        work.db.flush()
    if has_asker:
        _note_asker(turn, question, asking.text)
    work.mark_fact()
    if is_new:
        asker = turn.speaker.name if turn.speaker else turn.account.display_name
        tell(work, question, owners[0], asker=asker if has_asker else "", note=asking.note)
    return question


def _nearest(work: Work, text: str) -> Sequence[Entry]:
    return work.content.engine.nearest(text, local_day(work.now))


def _same(turn: Turn, asking: Asking) -> OpenQuestion | None:
    """The open question that asks the same; one about a body joins only the same asker's own."""
    work = turn.work
    village = village_of(work.db, turn.place_id or 0)
    query = select(OpenQuestion).where(
        OpenQuestion.kind == asking.kind, col(OpenQuestion.answered_at).is_(None)
    )
    if asking.kind != "expired":
        query = query.where(col(OpenQuestion.place_id).in_(places_below(work.db, village.id or 0)))
    if asking.entry:
        query = query.where(OpenQuestion.nearest == asking.entry)
    if asking.kind == "doctor":
        query = query.where(OpenQuestion.asker_id == turn.account.id)
    for question in work.db.exec(query.order_by(col(OpenQuestion.id))).all():
        own = work.db.get(QuestionAsker, (question.id, turn.account.id))
        is_own_again = own is not None and own.text == asking.text[:LONGEST]
        if asking.entry or is_own_again or is_asked_in(work, question, asking.text):
            return question
    return None


def is_asked_in(work: Work, question: OpenQuestion, text: str) -> bool:
    """Whether a question, in the words of any of its askers, asks the same as a text."""
    said = [question.text, *(asker.text for asker in askers_of(work.db, question.id or 0))]
    return any(work.content.engine.topics.alike(text, words) for words in dict.fromkeys(said))


def answered_lately(turn: Turn, text: str) -> OpenQuestion | None:
    """A like question of the same village that a cadre has answered today: it is told again."""
    work = turn.work
    if turn.place_id is None:
        return None
    village = village_of(work.db, turn.place_id)
    query = (
        select(OpenQuestion)
        .where(
            OpenQuestion.kind == "cadre",
            col(OpenQuestion.place_id).in_(places_below(work.db, village.id or 0)),
            col(OpenQuestion.answered_at) >= at(local_day(work.now), 0),
        )
        .order_by(col(OpenQuestion.answered_at).desc())
    )
    found = work.db.exec(query).all()
    return next((question for question in found if is_asked_in(work, question, text)), None)


def _note_asker(turn: Turn, question: OpenQuestion, text: str) -> None:
    key = (question.id or 0, turn.account.id or 0)
    if turn.work.db.get(QuestionAsker, key) is None:
        turn.work.db.add(
            QuestionAsker(
                question_id=key[0],
                account_id=key[1],
                chat_id=turn.chat.id if turn.chat else None,
                text=text[:LONGEST],
                at=turn.work.now,
            )
        )
        turn.work.db.flush()


def tell(
    work: Work,
    question: OpenQuestion,
    owner: Resident,
    phrase: str = "question.to_owner",
    *,
    asker: str = "",
    note: str = "",
    before: str = "",
) -> None:
    """Tell its owner, with the nearest entries and the words that answer it."""
    work.to_resident(
        owner.id or 0,
        work.phrase(
            phrase,
            number=question.id,
            asker=f" {asker}" if asker else "",
            place=path_words(work.db, question.place_id),
            text=question.text,
            note=note or _nearest_words(work, question),
            owner=before,
            due=clock_words(question.due_at, local_day(work.now)),
        ),
        "alert",
        key=f"question:{question.id}:{owner.id}:{int(question.due_at.timestamp())}",
        number=question.id,
        why="有人问，请他答",
    )
    if work.db.get(QuestionTold, (question.id, owner.id)) is None:
        work.db.add(
            QuestionTold(question_id=question.id or 0, resident_id=owner.id or 0, at=work.now)
        )
    work.db.flush()


def tell_asker(turn: Turn, question: OpenQuestion | None, phrase: str) -> None:
    """Who asked hears who will answer, and by when; alone where there is a way."""
    work = turn.work
    if question is None:
        say_alone(turn, work.phrase("question.nobody"), None, "没有人可转")
        return
    words = work.phrase(
        phrase,
        owner=owner_words(work, question),
        number=question.id,
        due=clock_words(question.due_at, local_day(work.now)),
    )
    say_alone(turn, words, question.id, "没有登记过的答案，转给人")


def say_alone(turn: Turn, text: str, number: int | None, why: str) -> None:
    """Answer alone, or where there is no private way in the group."""
    if turn.has_private_way():
        turn.reply_privately(text, number=number, why=why)
    else:
        turn.say_here(text, number=number, why=why)


def _nearest_words(work: Work, question: OpenQuestion) -> str:
    if question.kind != "cadre" or not question.nearest:
        return ""
    found = (work.content.engine.entry(entry) for entry in question.nearest.split(","))
    lines = [
        work.phrase("question.near", question=pair[0].question, answer=pair[0].answer)
        for pair in found
        if pair is not None
    ]
    return "".join(f"\n{line}" for line in lines[:2])


def due(work: Work) -> datetime:
    """By when: four hours in the daytime; of the late afternoon six, of the night next morning."""
    now, today = work.now, local_day(work.now)
    evening = at(today, EVENING)
    if now < at(today, MORNING - 4 * 60):
        return at(today, MORNING)
    if now + ANSWER_WITHIN <= evening:
        return now + ANSWER_WITHIN
    if now < evening - timedelta(hours=1):
        return evening
    return at(today + timedelta(days=1), MORNING)


def owner_words(work: Work, question: OpenQuestion | None) -> str:
    """Who will answer, as people say it: 网格员王网格."""
    owner = work.db.get(Resident, question.owner_id) if question and question.owner_id else None
    if owner is None or question is None:
        return WORD_OF_ROLE[RoleName.VILLAGE_DOCTOR]
    wanted = (RoleName.VILLAGE_DOCTOR, *LADDER) if question.kind == "doctor" else LADDER
    held = {role for role, _ in scope_of(work.db, owner.id or 0, local_day(work.now)).roles}
    role = next((role for role in wanted if role in held), None)
    return f"{WORD_OF_ROLE[role]}{owner.name}" if role else owner.name


def renewers(work: Work, place_id: int, role_word: str) -> list[Resident]:
    """Who owns a pack: the role that it names, else the township, else the village."""
    named = ROLE_WORDS.get(role_word)
    roles = ((named,) if named else ()) + ABOVE_VILLAGE + tuple(reversed(OWNERS))
    return alerts.first_holders(work, place_id, roles)


def chase(work: Work) -> None:
    """An owner who is overdue hands it to the next one up, who hears of it once.

    Misfire: what fell due while we were down goes one up at the first tick.
    """
    query = select(OpenQuestion).where(
        col(OpenQuestion.answered_at).is_(None), OpenQuestion.due_at <= work.now
    )
    for question in work.db.exec(query).all():
        before = owner_words(work, question)
        upper = _next_up(work, question)
        question.due_at = due(work) if upper else at(local_day(work.now) + timedelta(1), MORNING)
        if upper is not None:
            question.owner_id = upper.id
            tell(work, question, upper, "question.overdue", before=before)
        work.db.add(question)


def _next_up(work: Work, question: OpenQuestion) -> Resident | None:
    """The nearest above the owner who has not been told yet."""
    told = set(
        work.db.exec(
            select(QuestionTold.resident_id).where(QuestionTold.question_id == question.id)
        ).all()
    )
    return above(work, question.place_id, question.owner_id or 0, told)


def above(
    work: Work, place_id: int, person_id: int, told: Container[int] = frozenset()
) -> Resident | None:
    """The next one up from a person around a place, leaving out who was told."""
    today = local_day(work.now)
    held = {role for role, _ in scope_of(work.db, person_id, today).roles}
    rank = max((LADDER.index(RoleName(r)) for r in held if r in LADDER), default=len(OWNERS) - 2)
    for role in LADDER[rank + 1 :]:
        for person in holders(work.db, place_id, role, today):
            if person.id != person_id and (person.id or 0) not in told:
                return person
    return None


def next_due(work: Work) -> datetime | None:
    """When the next open question is overdue."""
    query = select(func.min(OpenQuestion.due_at)).where(col(OpenQuestion.answered_at).is_(None))
    return work.db.exec(query).one()
