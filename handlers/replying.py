"""Shared: 回答 replying, what is done about a question once it is found what it asks."""

from bot.clock import date_words
from bot.domain.questions import OpenQuestion
from bot.domain.registry import RoleName
from bot.language.faq import Action, Asked, Hit
from bot.router import Turn
from handlers import alerts, handing, local_entries
from handlers.answered import answer_words, count, is_new_here, note_said, remember
from handlers.handing import Asking


def act_on(turn: Turn, asked: Asked, text: str) -> None:
    """Do what was found for a text, which may be more than the message alone (那孩子呢)."""
    if asked.action is Action.ANSWER:
        _answer(turn, asked, text)
    elif asked.action is Action.DOCTOR:
        _doctor(turn, text)
    elif not turn.said.is_addressed:
        turn.work.note("静：没点名问我，也没有登记过的答案")
    elif asked.expired is not None:
        handing.tell_asker(turn, lapsed(turn, asked.expired), "question.lapsed")
    elif (asked.action is Action.CADRE or asked.is_question) and not local_entries.answer(
        turn, text
    ):
        pass_on(turn, Asking(text))


def _answer(turn: Turn, asked: Asked, text: str) -> None:
    is_unasked = turn.is_group and not turn.said.is_addressed
    if is_unasked and turn.inbound.quote is not None and not asked.is_forward:
        turn.work.note("静：是在回别人的话，不插嘴")
        count(turn, "neighbours")
        return
    hits = [hit for hit in asked.hits if is_new_here(turn, hit.entry.id)]
    if hits:
        if turn.say_here(_words(turn, hits), why=f"问的是「{hits[0].entry.question}」，有出处"):
            count(turn, "answered")
            for hit in hits:
                note_said(turn, hit.entry.id)
            remember(turn, text, entry=hits[0].entry.id)
        return
    turn.work.note("静：同一条今天在这个群说过了（规则 S3）")
    count(turn, "repeated")
    if not is_unasked:
        words = _words(turn, list(asked.hits))
        if turn.reply_privately(words, why="群里说过了，私下再答一次"):
            remember(turn, text, entry=asked.hits[0].entry.id)


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
                day=date_words(source.on) if source else "",
            )
        )
    return "\n\n".join(lines)


def _doctor(turn: Turn, text: str) -> None:
    """Doses, drugs, diagnoses: the doctor, always; who is told with the words as asked."""
    if turn.is_group and not turn.said.is_addressed:
        turn.work.note("静：用药的话没点名问我，不插嘴")
        count(turn, "doctor")
        return
    work = turn.work
    roles = (RoleName.VILLAGE_DOCTOR, *handing.OWNERS)
    owners = alerts.first_holders(work, turn.place_id, roles) if turn.place_id else []
    question = handing.hand_over(turn, Asking(text, "doctor"), owners)
    remember(turn, text)
    turn.say_here(
        work.phrase(
            "question.doctor",
            doctor=handing.owner_words(work, question),
            number=question.id if question else "",
        ),
        number=question.id if question else None,
        why="用药、诊断一律问大夫",
    )


def pass_on(turn: Turn, asking: Asking, phrase: str = "question.handed") -> None:
    """Nothing signed answers it: what a cadre has just answered, else who will answer, and when."""
    work = turn.work
    known = handing.answered_lately(turn, asking.text) if asking.kind == "cadre" else None
    if known is not None:
        handing.say_alone(turn, answer_words(work, known), None, "刚有人答过同样的")
        remember(turn, asking.text, question=known.id)
        return
    owners = (
        alerts.first_holders(work, turn.place_id, handing.OWNERS + handing.ABOVE_VILLAGE)
        if turn.place_id
        else []
    )
    if asking.answerer_id is not None and turn.place_id is not None:
        upper = handing.above(work, turn.place_id, asking.answerer_id)
        owners = [upper] if upper is not None else owners
    handing.tell_asker(turn, handing.hand_over(turn, asking, owners), phrase)
    remember(turn, asking.text)


def lapsed(turn: Turn, hit: Hit, *, has_asker: bool = True) -> OpenQuestion | None:
    """An entry past its days is asked about: whoever owns its pack renews or answers it."""
    work = turn.work
    found = work.content.engine.entry(hit.entry.id)
    if found is None or turn.place_id is None:
        return None
    entry, pack = found
    ends = [day for day in (entry.valid_to, pack.valid_to) if day is not None]
    note = work.phrase(
        "question.lapsed_note", question=entry.question, pack=pack.title, day=min(ends).isoformat()
    )
    asking = Asking(turn.said.text, "expired", entry.id, note)
    owners = handing.renewers(work, turn.place_id, pack.owner)
    return handing.hand_over(turn, asking, owners, has_asker=has_asker)
