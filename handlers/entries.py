"""收录 entries: a cadre's answer becomes an entry with a source, a last day and a second person."""

from datetime import timedelta

from sqlmodel import col, select

from bot.clock import date_words, local_day
from bot.domain.audit import note as audit
from bot.domain.entries import EntryState, LocalEntry
from bot.domain.questions import OpenQuestion, askers_of
from bot.domain.registry import may_see, path_words, places_below
from bot.errors import RuleError
from bot.language.cited import Cited, cited
from bot.language.commands import Verb
from bot.language.faq import Action
from bot.router import Router, Turn
from bot.work import Work
from handlers import handing, signing
from handlers.answered import deliver
from handlers.local_entries import entry_words, is_for_doctor

router = Router()

HOLDS = timedelta(days=30)  # where no last day is said
LONGEST = 120  # characters of an answer, as in the packs
SHOWN = timedelta(days=30)


@router.on_verb(Verb.KEEP)
def on_keep(turn: Turn) -> None:
    """收录 NO [TEXT] 出处 WHERE, DAY [有效到 DAY]: a preview with a code; bare: what could be."""
    order = turn.said.command
    number = order.get("number") if order else ""
    if order is None or turn.speaker is None:
        return
    if not signing.publishes(turn.scope):
        turn.reply(turn.work.phrase("entry.not_yours"), why="收录要村支书或镇里")
        return
    if not number:
        _list(turn)
        return
    try:
        entry = _draft(turn, int(number), cited(order.get("text"), local_day(turn.work.now)))
    except RuleError as error:
        turn.reply(turn.work.phrase(error.phrase, **error.values), why="收录写得不全，问清楚")
        return
    before = _before(turn.work, entry)
    signing.ask_author(
        turn,
        _paper(entry),
        "entry.preview",
        **_values(turn.work, entry),
        before=turn.work.phrase("entry.before", answer=before.answer) if before else "",
    )


def _paper(entry: LocalEntry) -> signing.Paper:
    """An entry as a thing to sign."""
    return signing.Paper("entry", entry.id or 0, entry.place_id, entry.author_id)


def _draft(turn: Turn, number: int, words: Cited) -> LocalEntry:
    """The entry as it was ordered.

    Raises:
        RuleError: what is missing or may not be.
    """
    work, today = turn.work, local_day(turn.work.now)
    question = work.db.get(OpenQuestion, number)
    place = signing.own_place(work, turn.scope, question.place_id) if question else None
    if question is None or place is None or question.answered_at is None:
        raise RuleError("entry.unknown", number=number)
    answer = words.text or question.answer
    if question.kind == "doctor" or is_for_doctor(work, question.text):
        raise RuleError("entry.doctor")
    if words.problem:
        raise RuleError("entry.no_such_day", day=words.problem)
    if not words.source:
        raise RuleError("entry.no_source", number=number)
    valid_to = words.until_on or today + HOLDS
    if valid_to < today:
        raise RuleError("entry.over")
    if len(answer) > LONGEST:
        raise RuleError("entry.too_long", count=len(answer), most=LONGEST)
    known = work.content.engine.ask(question.text, on=today, addressed=True, in_group=False)
    if known.action is Action.ANSWER:
        raise RuleError("entry.known", question=known.hits[0].entry.question)
    entry = LocalEntry(
        place_id=place.id or 0,
        question_id=number,
        question=question.text,
        wordings=_wordings(work, question),
        answer=answer,
        source=words.source,
        source_on=words.on or local_day(question.answered_at),
        valid_to=valid_to,
        author_id=turn.speaker.id or 0 if turn.speaker else 0,
        created_at=work.now,
    )
    if not signing.seconds(work, signing.Paper("entry", 0, entry.place_id, entry.author_id)):
        raise RuleError("entry.no_second", place=path_words(work.db, entry.place_id))
    work.db.add(entry)
    work.db.flush()
    audit(work.db, work.now, "entry.draft", actor_id=entry.author_id, words=str(entry.id))
    return entry


def _wordings(work: Work, question: OpenQuestion) -> str:
    said = dict.fromkeys(
        " ".join(asker.text.split()) for asker in askers_of(work.db, question.id or 0)
    )
    return "\n".join(words for words in said if words != question.text)


def _values(work: Work, entry: LocalEntry) -> dict[str, object]:
    return {
        "text": entry_words(work, entry),
        "place": path_words(work.db, entry.place_id),
        "until": date_words(entry.valid_to),
    }


def _before(work: Work, entry: LocalEntry) -> LocalEntry | None:
    """The signed one that it takes the place of."""
    query = select(LocalEntry).where(
        LocalEntry.question_id == entry.question_id,
        LocalEntry.place_id == entry.place_id,
        LocalEntry.state == EntryState.SIGNED,
        LocalEntry.id != entry.id,
    )
    return work.db.exec(query).first()


@router.first
def on_code(turn: Turn) -> bool:
    """The code by which its author goes on, or the second person agrees."""
    return signing.on_code(turn, "entry", _confirmed, _approved)


def _confirmed(turn: Turn, number: int) -> None:
    """Its author has said yes: the second people are asked."""
    work = turn.work
    entry = work.db.get_one(LocalEntry, number)
    if entry.state != EntryState.DRAFT:
        turn.reply(work.phrase("entry.past", number=number), why="已经定过了")
        return
    entry.state = EntryState.PENDING
    work.db.add(entry)
    before = _before(work, entry)
    people = signing.ask_seconds(
        work,
        _paper(entry),
        "entry.second",
        **_values(work, entry),
        before=work.phrase("entry.before", answer=before.answer) if before else "",
    )
    turn.reply(
        work.phrase("entry.pending", number=number, who=signing.names(people)), why="等第二个人签"
    )


def _approved(turn: Turn, number: int) -> None:
    """The second person has said yes: from now on it is said, and who still waits hears it."""
    work = turn.work
    entry = work.db.get_one(LocalEntry, number)
    if turn.speaker is None or entry.state != EntryState.PENDING:
        turn.reply(work.phrase("entry.past", number=number), why="已经定过了")
        return
    older = _before(work, entry)
    if older is not None:
        _retire(work, older, turn.speaker.id or 0)
    entry.state, entry.approved_by, entry.approved_at = (
        EntryState.SIGNED,
        turn.speaker.id,
        work.now,
    )
    work.db.add(entry)
    work.db.flush()
    audit(work.db, work.now, "entry.sign", actor_id=turn.speaker.id, words=str(entry.id))
    count = _answer_waiting(work, entry)
    words = work.phrase(
        "entry.signed", number=number, place=path_words(work.db, entry.place_id), count=count
    )
    turn.reply(words, number=number, why="两个人都签了")
    work.to_resident(entry.author_id, words, "alert", key=f"signed:{number}", why="告诉写的人")


def _answer_waiting(work: Work, entry: LocalEntry) -> int:
    """The same question, open elsewhere below its place, is answered by it; how many."""
    query = select(OpenQuestion).where(
        OpenQuestion.kind == "cadre",
        col(OpenQuestion.answered_at).is_(None),
        col(OpenQuestion.place_id).in_(places_below(work.db, entry.place_id)),
    )
    count = 0
    for question in work.db.exec(query).all():
        if any(handing.is_asked_in(work, question, said) for said in entry.said_as()):
            question.answer = work.phrase(
                "entry.as_answer",
                answer=entry.answer,
                source=entry.source,
                day=date_words(entry.source_on),
            )
            question.answered_at, question.answered_by = work.now, entry.approved_by
            work.db.add(question)
            deliver(work, question, askers_of(work.db, question.id or 0))
            count += 1
    return count


def _list(turn: Turn) -> None:
    work = turn.work
    below = [p for place in turn.scope.place_ids for p in places_below(work.db, place)]
    kept = select(LocalEntry.question_id).where(LocalEntry.state == EntryState.SIGNED)
    query = (
        select(OpenQuestion)
        .where(
            OpenQuestion.kind == "cadre",
            col(OpenQuestion.place_id).in_(below),
            col(OpenQuestion.answered_at) > work.now - SHOWN,
            col(OpenQuestion.id).not_in(kept),
        )
        .order_by(col(OpenQuestion.id).desc())
        .limit(10)
    )
    lines = [f"{q.id} {q.text[:30]} → {q.answer[:30]}" for q in work.db.exec(query).all()]
    signed = (
        select(LocalEntry)
        .where(LocalEntry.state == EntryState.SIGNED, col(LocalEntry.place_id).in_(below))
        .order_by(col(LocalEntry.id))
    )
    entries = [
        work.phrase(
            "entry.line", number=e.id, question=e.question[:30], until=date_words(e.valid_to)
        )
        for e in work.db.exec(signed).all()
    ]
    none = work.phrase("entry.none")
    turn.reply(
        work.phrase(
            "entry.list", lines="\n".join(lines) or none, entries="\n".join(entries) or none
        ),
        why="看哪些回答可以收录",
    )


@router.on_verb(Verb.RETIRE)
def on_retire(turn: Turn) -> None:
    """下架 NO: an entry is said no more; the row stays."""
    work, order = turn.work, turn.said.command
    entry = work.db.get(LocalEntry, int(order.get("number"))) if order else None
    is_mine = entry is not None and may_see(work.db, turn.scope, entry.place_id)
    if entry is None or not is_mine or turn.speaker is None or entry.state != EntryState.SIGNED:
        turn.reply(work.phrase("entry.no_such"), why="没有这样的条目")
        return
    _retire(work, entry, turn.speaker.id or 0)
    turn.reply(work.phrase("entry.retired", number=entry.id), why="不再答这一条")


def _retire(work: Work, entry: LocalEntry, by_id: int) -> None:
    entry.state, entry.retired_at, entry.retired_by = EntryState.RETIRED, work.now, by_id
    work.db.add(entry)
    audit(work.db, work.now, "entry.retire", actor_id=by_id, words=str(entry.id))
