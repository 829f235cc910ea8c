"""待核 clarification: what people say back when we asked about a number, a name or a recall."""

import re
from datetime import timedelta
from decimal import Decimal

from sqlmodel import col, select

from bot.domain.prompts import Prompt, ask
from bot.domain.registry import Resident
from bot.domain.rules import Verdict
from bot.domain.temperature import Pending
from bot.hearing import Asked, Ear
from bot.language.meaning import HOUSEHOLD, SELF
from bot.router import Router, Turn
from bot.spoken import whom
from handlers.asking import ask_next
from handlers.assigning import Question, Unknown
from handlers.claiming import answer_who
from handlers.recalls import own_up, stand_by
from handlers.record import record
from handlers.said import Origin, Said
from handlers.taken import Taken, proxy_of, tell
from handlers.whose import ask_workers

router = Router()

_YES = re.compile(
    r"(?:是|是的|对|对的|对头|嗯|嗯嗯|没错|好|好的|行|可以|中|1|一|yes|ok|OK|Ok|👌|👍|✅|🆗|💯|🙆|✔️?|√"
    r"|\[(?:OK|强|好的|嗯|点头|赞)\])[🏻-🏿]?(?:的|啊|呀|哈|呢|吧|了)?[。.!！~]*",
)
_NO = re.compile(
    r"(?:不是|不对|错了|不|否|没有|2|no|NO|❌|✖️?|🙅|\[(?:弱|NO)\])[🏻-🏿]?(?:的|啊|呀|哈|呢|了)?[。.!！~]*"
)
_OWN = re.compile(r"^\s*(?:我|俺|咱|本人)")
_SOON = timedelta(hours=1)
_MISTAKEN = re.compile(
    r"(?:是|对|嗯+|是的|对的)?[，, ]*(?:我|俺)?(?:报|发|打|按|写|输|看|量)?错(?:了|的)?[。.!！~]*"
    r"|是的?|对的?|嗯+|1"
)
_TRUE = re.compile(
    r"(?:我)?没(?:有)?(?:报|发|打|写|看|量)?错(?:的)?[。.!！~]*|(?:是)?真的|确实(?:是)?|不是|2"
)


@router.first
def on_answer(turn: Turn) -> bool:
    """An answer to what we asked of a number or a name: 是, 1, an emoji, a number, a choice."""
    if turn.is_group and turn.in_village_chat:
        return False
    text = turn.said.text.strip()
    prompts = turn.prompts
    if not prompts:
        return False
    latest = next((p for p in prompts if p.kind in ("reading", "which", "assign")), None)
    if latest is not None and latest.kind != "reading" and answer_who(turn, text):
        return True
    for prompt in prompts:
        if prompt.kind == "reading" and _answers_number(turn, prompt, text):
            return True
        if prompt.kind == "recalled" and _answers_recall(turn, prompt, text):
            return True
    return answer_who(turn, text)


def _answers_number(turn: Turn, prompt: Prompt, text: str) -> bool:
    values = prompt.values
    if _YES.fullmatch(text) and values["likely"]:
        _keep(turn, prompt, Decimal(values["likely"]))
        return True
    if _NO.fullmatch(text):
        _not_that(turn, prompt)
        return True
    celsius = _number_for(turn, prompt, text)
    if celsius is None:
        return False
    _keep(turn, prompt, celsius)
    return True


def _number_for(turn: Turn, prompt: Prompt, text: str) -> Decimal | None:
    """The right value of what was asked about, where one number is all that was said.

    Of the speaker's own it counts for as long as the slot is the same; a bare number about somebody
    else soon after the question; 我36.5 is never somebody else's.
    """
    readings = turn.said.report.readings
    if len(readings) != 1:
        return None
    said, values, work = readings[0], prompt.values, turn.work
    if said.who != SELF:
        ear = Ear(work.db, turn.account, turn.speaker, turn.place_id)
        person = whom(ear, Asked(said.who, said.owner)).one
        is_same = person is not None and person.id == values["resident_id"]
        return said.celsius if is_same and said.day == 0 else None
    if work.rules.slot_for(work.now) != work.rules.slot_for(prompt.asked_at):
        return None
    is_own = turn.speaker is not None and values["resident_id"] == turn.speaker.id
    if not is_own and (_OWN.search(text) or work.now - prompt.asked_at > _SOON):
        return None
    return said.celsius


def _keep(turn: Turn, prompt: Prompt, celsius: Decimal) -> None:
    """The value is right: it is the person's, or waits for one, as of when it was first said."""
    work, values = turn.work, prompt.values
    pendings = _pending_of(turn, prompt)
    _close(turn, prompt, str(celsius))
    person = work.db.get(Resident, values["resident_id"]) if values["resident_id"] else None
    slot = work.rules.slot_for(prompt.asked_at)
    taken = Taken([], [])
    if person is None:
        for pending in pendings:
            if not _is_of_house(turn, pending, celsius, taken):
                _leave_unassigned(turn, pending, celsius, taken)
        ear = Ear(work.db, turn.account, turn.speaker, turn.place_id)
        if ask_workers(work, ear, taken.claims):
            taken.unknown.clear()
    else:
        said = Said(
            person=person,
            celsius=celsius,
            slot=slot,
            by_account=turn.account.id,
            proxy=proxy_of(turn, person),
            reason="问过",
            origin=Origin.of(pendings[0]) if pendings else None,
        )
        taken.kept.append(record(work, said))
        for pending in pendings:
            pending.closed_at, pending.outcome = work.now, str(celsius)
            work.db.add(pending)
    tell(turn, taken)
    ask_next(turn)


def _is_of_house(turn: Turn, pending: Pending, celsius: Decimal, taken: Taken) -> bool:
    """One of the numbers of a house that has reported: a normal one is all there is to say."""
    work = turn.work
    if pending.spoken_who != HOUSEHOLD or work.rules.judge(celsius) is not Verdict.NORMAL:
        return False
    pending.closed_at, pending.outcome = work.now, str(celsius)
    work.db.add(pending)
    taken.houses.append(f"{_house_words(turn)} {celsius}")
    return True


def _house_words(turn: Turn) -> str:
    return f"{turn.speaker.name if turn.speaker else turn.account.display_name}家"


def _leave_unassigned(turn: Turn, pending: Pending, celsius: Decimal, taken: Taken) -> None:
    """The number is clear now, its person is not."""
    work = turn.work
    is_own = pending.spoken_who == SELF
    who = turn.account.display_name if is_own else pending.spoken_who
    if pending.spoken_who == HOUSEHOLD:
        who = _house_words(turn)
    slot = work.rules.slot_for(pending.at)
    ear = Ear(work.db, turn.account, turn.speaker, pending.place_id)
    guesses = whom(ear, Asked(who)).people or whom(ear, Asked(who)).guesses
    pending.kind, pending.tenths, pending.number = "unassigned", int(celsius * 10), str(celsius)
    pending.spoken_who, pending.day, pending.slot = who, slot.day, slot.slot.name
    work.db.add(pending)
    taken.unknown.append(who)
    taken.claims.asked.append(Question(Unknown(who, celsius, slot, is_own=is_own), guesses))


def _not_that(turn: Turn, prompt: Prompt) -> None:
    """Not the value we thought: the question is done with; the right number is still welcome."""
    work, values = turn.work, prompt.values
    for pending in _pending_of(turn, prompt):
        pending.closed_at, pending.outcome = work.now, "不是"
        work.db.add(pending)
    _close(turn, prompt, "不是")
    turn.reply_privately(work.phrase("temperature.say_again"), why="不是那个数，请重发")
    if values["resident_id"]:
        ask(
            work.db,
            turn.account.id or 0,
            "reading",
            work.now,
            prompt.expires_at,
            number=values["number"],
            likely="",
            resident_id=values["resident_id"],
        )


def _answers_recall(turn: Turn, prompt: Prompt, text: str) -> bool:
    """撤回的是报错了吗: the team hears what was said back; nothing is closed by it."""
    if _TRUE.fullmatch(text):
        stand_by(turn, prompt.values["reading_ids"])
        _close(turn, prompt, "没报错")
        return True
    if _MISTAKEN.fullmatch(text):
        own_up(turn, prompt.values["reading_ids"])
        _close(turn, prompt, "报错了")
        return True
    return False


def _pending_of(turn: Turn, prompt: Prompt) -> list[Pending]:
    values = prompt.values
    query = select(Pending).where(
        Pending.kind == "clarify",
        Pending.account_id == turn.account.id,
        Pending.number == values["number"],
        col(Pending.closed_at).is_(None),
    )
    if values.get("pending_id"):
        query = query.where(Pending.id == values["pending_id"])
    return list(turn.work.db.exec(query).all())


def _close(turn: Turn, prompt: Prompt, outcome: str) -> None:
    prompt.closed_at = turn.work.now
    turn.work.db.add(prompt)
    turn.work.note(f"问过的有了回话：{outcome}")
