"""待答 open questions: a cadre answers, hands on, and sees what waits."""

from sqlmodel import select

from bot.clock import clock_words, local_day
from bot.domain.audit import note as audit
from bot.domain.questions import (
    OpenQuestion,
    QuestionTold,
    askers_of,
    open_questions,
)
from bot.domain.registry import (
    Resident,
    RoleName,
    is_below,
    places_below,
)
from bot.language.commands import Verb
from bot.router import Router, Turn
from bot.work import Work
from handlers import alerts, handing
from handlers.answered import deliver

router = Router()
SEVERAL = 2  # askers of one question from which on the township is shown how to keep the answer


@router.on_verb(Verb.ANSWER)
def on_answer(turn: Turn) -> None:
    """答 NO TEXT: all who asked hear the answer with the name of who gave it."""
    order = turn.said.command
    question = _mine(turn, order.get("number") if order else "")
    if question is None or order is None or turn.speaker is None:
        return
    work = turn.work
    question.answer, question.answered_at = order.get("text"), work.now
    question.answered_by = turn.speaker.id
    work.db.add(question)
    audit(work.db, work.now, "question.answer", actor_id=turn.speaker.id, words=str(question.id))
    askers = askers_of(work.db, question.id or 0)
    untold = deliver(work, question, askers)
    key = "question.no_way" if untold else "question.thanks"
    turn.reply(work.phrase(key, number=question.id, count=len(askers)), why="答完了")
    if len(askers) >= SEVERAL and question.kind == "cadre":
        _show_upstairs(work, question, len(askers))


def _show_upstairs(work: Work, question: OpenQuestion, count: int) -> None:
    """Several asked it: the township hears how one message makes it an entry."""
    for person in alerts.first_holders(work, question.place_id, handing.ABOVE_VILLAGE[:2])[:1]:
        work.to_resident(
            person.id or 0,
            work.phrase(
                "entry.offer",
                number=question.id,
                count=count,
                text=question.text,
                answer=question.answer,
            ),
            "alert",
            key=f"offer:{question.id}",
            number=question.id,
            why="几个人问过同一件事，可以收录",
        )


def _mine(turn: Turn, number: str) -> OpenQuestion | None:
    question = turn.work.db.get(OpenQuestion, int(number)) if number else None
    allowed = question is not None and (
        any(is_below(turn.work.db, question.place_id, p) for p in turn.scope.place_ids)
        or (turn.speaker is not None and question.owner_id == turn.speaker.id)
    )
    if question is None or not allowed or question.answered_at is not None:
        key = "question.done" if question is not None and allowed else "question.unknown"
        turn.reply(turn.work.phrase(key, number=number), why="没有这个待答的")
        return None
    return question


@router.on_verb(Verb.OPEN_QUESTIONS)
def on_open(turn: Turn) -> None:
    """待答: what waits for an answer in the speaker's places."""
    work = turn.work
    below = [p for place in turn.scope.place_ids for p in places_below(work.db, place)]
    rows = open_questions(work.db, below)
    lines = []
    for row in rows[:20]:
        several = len(askers_of(work.db, row.id or 0))
        asked = f"，{several}人问" if several > 1 else ""
        when = clock_words(row.asked_at, local_day(work.now))
        lines.append(f"{row.id} {row.text[:40]}（{when}{asked}）")
    key = "question.open" if rows else "question.none_open"
    turn.reply(work.phrase(key, count=len(rows), lines="\n".join(lines)), why="问待答")


@router.on_verb(Verb.HAND_ON)
def on_hand_on(turn: Turn) -> None:
    """转 NO NAME: another cadre of the same places becomes the owner."""
    order = turn.said.command
    question = _mine(turn, order.get("number") if order else "")
    if question is None or order is None:
        return
    work = turn.work
    found = work.db.exec(select(Resident).where(Resident.name == order.get("name"))).all()
    fitting = [
        p
        for p in found
        if any(
            h.id == p.id
            for role in RoleName
            for h in alerts.first_holders(work, question.place_id, (role,))
        )
    ]
    if len(fitting) != 1:
        turn.reply(
            work.phrase("question.no_such_cadre", name=order.get("name")), why="没有这个干部"
        )
        return
    question.owner_id = fitting[0].id
    work.db.add(question)
    told = work.db.get(QuestionTold, (question.id, fitting[0].id))
    if told is None:
        handing.tell(work, question, fitting[0])
    turn.reply(
        work.phrase("question.handed_on", number=question.id, name=fitting[0].name), why="转了"
    )
