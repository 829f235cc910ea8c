"""问答 questions: answered from signed entries only, else handed to a person; silent unasked."""

from datetime import datetime, timedelta

from sqlmodel import col, func, select

from bot.clock import at, clock_words, local_day
from bot.domain.audit import note as audit
from bot.domain.questions import EntrySaid, OpenQuestion, open_questions
from bot.domain.registry import (
    WORD_OF_ROLE,
    Account,
    Resident,
    RoleName,
    is_below,
    path_words,
    places_below,
)
from bot.language.commands import Verb
from bot.language.faq import Action, Asked, Hit
from bot.language.understand import Intent
from bot.router import Router, Turn
from bot.work import Work
from handlers import alerts

router = Router()

OWNERS = (RoleName.GRID_WORKER, RoleName.GROUP_LEADER, RoleName.VILLAGE_SECRETARY)
ANSWER_WITHIN = timedelta(hours=4)
LAST_HOUR = 18 * 60  # a question of the afternoon is due by six, one of the evening next morning


@router.on(Intent.QUESTION)
def on_question(turn: Turn) -> None:
    """Answer, or name the doctor or cadre who will; in a group only what rule S allows."""
    asked = turn.said.asked
    if asked is None:
        return
    for step in asked.steps:
        turn.work.note(step)
    if asked.action is Action.ANSWER:
        _answer(turn, asked)
    elif asked.action is Action.DOCTOR:
        _doctor(turn)
    elif asked.action is Action.CADRE or (asked.is_question and turn.said.is_addressed):
        _hand_over(turn, asked)


def _answer(turn: Turn, asked: Asked) -> None:
    hits = [hit for hit in asked.hits if _is_new_here(turn, hit)]
    if not hits:
        turn.work.note("静：同一条今天在这个群说过了（规则 S3）")
        if turn.said.is_addressed and turn.is_group:
            turn.reply_privately(_words(turn, list(asked.hits)), why="群里说过了，私下再答一次")
        return
    if turn.say_here(_words(turn, hits), why=f"问的是「{hits[0].entry.question}」，有出处"):
        for hit in hits:
            _note_said(turn, hit)


def _words(turn: Turn, hits: list[Hit]) -> str:
    lines = []
    for hit in hits:
        source = hit.entry.source
        lines.append(
            turn.work.phrase(
                "question.answer",
                question=hit.entry.question.rstrip("？?"),
                answer=hit.entry.answer,
                source=source.title if source else "",
                day=f"{source.on.year}年{source.on.month}月{source.on.day}日" if source else "",
            )
        )
    return "\n\n".join(lines)


def _key(turn: Turn) -> str:
    return f"{turn.inbound.channel}\x1f{turn.inbound.chat}"


def _is_new_here(turn: Turn, hit: Hit) -> bool:
    """At most once a day for the same entry in one group; in private as often as asked."""
    if not turn.is_group:
        return True
    said = turn.work.db.get(EntrySaid, (_key(turn), hit.entry.id, local_day(turn.work.now)))
    return said is None


def _note_said(turn: Turn, hit: Hit) -> None:
    if turn.is_group:
        turn.work.db.add(
            EntrySaid(chat_key=_key(turn), entry=hit.entry.id, day=local_day(turn.work.now))
        )


def _doctor(turn: Turn) -> None:
    """Doses, drugs, diagnoses: the doctor, always; who is told with the words as asked."""
    if turn.is_group and not turn.said.is_addressed:
        turn.work.note("静：用药的话没点名问我，不插嘴")
        return
    question = _open(turn, "doctor", (RoleName.VILLAGE_DOCTOR, *OWNERS))
    doctor = _owner_words(turn.work, question)
    turn.say_here(
        turn.work.phrase("question.doctor", doctor=doctor, number=question.id if question else ""),
        number=question.id if question else None,
        why="用药、诊断一律问大夫",
    )


def _hand_over(turn: Turn, asked: Asked) -> None:
    """Nothing signed answers it: who addressed us hears who will, and by when."""
    if not turn.said.is_addressed:
        turn.work.note("静：没点名问我，也没有登记过的答案")
        return
    nearest = ",".join(hit.entry.id for hit in asked.nearest)
    question = _open(turn, "cadre", OWNERS, nearest)
    if question is None:
        turn.say_here(turn.work.phrase("question.nobody"), why="没有人可转")
        return
    turn.say_here(
        turn.work.phrase(
            "question.handed",
            owner=_owner_words(turn.work, question),
            number=question.id,
            due=clock_words(question.due_at, local_day(turn.work.now)),
        ),
        number=question.id,
        why="没有登记过的答案，转给人",
    )


def _open(
    turn: Turn, kind: str, roles: tuple[RoleName, ...], nearest: str = ""
) -> OpenQuestion | None:
    """Write the question down and tell its owner."""
    work = turn.work
    if turn.place_id is None:
        return None
    owners = alerts.first_holders(work, turn.place_id, roles)
    if not owners:
        return None
    question = OpenQuestion(
        place_id=turn.place_id,
        text=turn.said.text[:500],
        kind=kind,
        asker_id=turn.account.id,
        owner_id=owners[0].id,
        nearest=nearest,
        message_id=work.message.id if work.message else None,
        asked_at=work.now,
        due_at=_due(work.now),
    )
    work.db.add(question)
    work.db.flush()
    if work.message is not None:
        work.message.has_fact = True
    asker = turn.speaker.name if turn.speaker else turn.account.display_name
    work.to_resident(
        owners[0].id or 0,
        work.phrase(
            "question.to_owner",
            number=question.id,
            asker=asker,
            place=path_words(work.db, turn.place_id),
            text=question.text,
            due=clock_words(question.due_at, local_day(work.now)),
        ),
        "alert",
        number=question.id,
        why="有人问，请他答",
    )
    return question


def _due(now: datetime) -> datetime:
    soon = now + ANSWER_WITHIN
    evening = at(local_day(now), LAST_HOUR)
    if soon <= evening:
        return soon
    return (
        evening
        if now < evening - timedelta(hours=1)
        else at(local_day(now) + timedelta(days=1), 10 * 60)
    )


def _owner_words(work: Work, question: OpenQuestion | None) -> str:
    owner = work.db.get(Resident, question.owner_id) if question and question.owner_id else None
    if owner is None or question is None:
        return WORD_OF_ROLE[RoleName.VILLAGE_DOCTOR]
    role = RoleName.VILLAGE_DOCTOR if question.kind == "doctor" else RoleName.GRID_WORKER
    named = alerts.role_words(work, role, question.place_id)
    return named if named.endswith(owner.name) else owner.name


@router.on_verb(Verb.ANSWER)
def on_answer(turn: Turn) -> None:
    """答 NO TEXT: the asker hears the answer with the name of who gave it."""
    order = turn.said.command
    question = _mine(turn, order.get("number") if order else "")
    if question is None or order is None or turn.speaker is None:
        return
    work = turn.work
    question.answer, question.answered_at = order.get("text"), work.now
    question.answered_by = turn.speaker.id
    work.db.add(question)
    audit(work.db, work.now, "question.answer", actor_id=turn.speaker.id, words=str(question.id))
    account = work.db.get(Account, question.asker_id) if question.asker_id else None
    was_told = account is not None and work.has_way(account)
    if account is not None and was_told:
        work.to_account(
            account,
            work.phrase(
                "question.answered",
                text=question.text,
                answer=question.answer,
                by=turn.speaker.name,
            ),
            "reply",
            why="问的人听到回答",
        )
    key = "question.thanks" if was_told else "question.no_way"
    turn.reply(work.phrase(key, number=question.id), why="答完了")


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
    lines = [
        f"{r.id} {r.text[:40]}（{clock_words(r.asked_at, local_day(work.now))}）" for r in rows[:20]
    ]
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
    work.to_resident(
        fitting[0].id or 0,
        work.phrase(
            "question.to_owner",
            number=question.id,
            asker="",
            place=path_words(work.db, question.place_id),
            text=question.text,
            due=clock_words(question.due_at, local_day(work.now)),
        ),
        "alert",
        number=question.id,
        why="转给他答",
    )
    turn.reply(
        work.phrase("question.handed_on", number=question.id, name=fitting[0].name), why="转了"
    )


def chase(work: Work) -> None:
    """An owner who is overdue hands it to the next one up: the village secretary, once.

    Misfire: what fell due while we were down is chased at the first tick.
    """
    query = select(OpenQuestion).where(
        col(OpenQuestion.answered_at).is_(None), OpenQuestion.due_at <= work.now
    )
    for question in work.db.exec(query).all():
        question.due_at = at(local_day(work.now) + timedelta(days=1), 10 * 60)
        work.db.add(question)
        uppers = alerts.first_holders(work, question.place_id, (RoleName.VILLAGE_SECRETARY,))
        for upper in uppers[:1]:
            if upper.id == question.owner_id:
                continue
            work.to_resident(
                upper.id or 0,
                work.phrase(
                    "question.overdue",
                    number=question.id,
                    text=question.text,
                    owner=_owner_words(work, question),
                ),
                "alert",
                key=f"overdue:{question.id}",
                number=question.id,
                why="到时候没答，告诉上一级",
            )


def next_due(work: Work) -> datetime | None:
    """When the next open question is overdue."""
    query = select(func.min(OpenQuestion.due_at)).where(col(OpenQuestion.answered_at).is_(None))
    return work.db.exec(query).one()
