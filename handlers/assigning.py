"""认领 assigning: whose reading it is, asked of the speaker or of who knows the village; learnt.

two of one name, two sons, a name alike ──► the speaker is asked, once
nobody in the roster, or no way to ask  ──► the reading waits; the grid worker is asked
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from sqlmodel import col, select

from bot.domain.incidents import IncidentKind
from bot.domain.prompts import Prompt, ask, waiting
from bot.domain.registry import Account, Resident, path_words
from bot.domain.rules import SlotDay
from bot.domain.temperature import Pending
from bot.router import Turn
from bot.work import Work
from handlers import alerts
from handlers.said import FEVERS, UNCLEAR

_MOST_ASKED = 8  # unknown names of one message; the rest stand in 今天该找谁
_WAIT = timedelta(hours=24)
CHOICES = ("which", "assign")


@dataclass(frozen=True, slots=True)
class Unknown:
    """A reading and the word for whom it is, not understood."""

    spoken: str  # as it is shown and learnt
    celsius: Decimal
    slot: SlotDay
    site: str = ""
    is_relay: bool = False
    is_own: bool = False  # said of themselves, by an account that nobody knows
    may_learn: bool = True  # the word means the same person next time


@dataclass(slots=True)
class Claims:
    """What one message leaves to ask the grid worker, each with the best guesses."""

    asked: list[tuple[Unknown, tuple[Resident, ...]]] = field(default_factory=list)


def keep_waiting(turn: Turn, unknown: Unknown, kind: str) -> Pending | None:
    """Let a reading wait for a person's word; None where this very line waits or has been settled.

    A relay list is posted by many: its line is the same whoever posts it.
    """
    work = turn.work
    work.note(f"待认领：{unknown.spoken} {unknown.celsius}")
    if work.is_exercise:
        return None
    tenths = int(unknown.celsius * 10)
    query = select(Pending).where(
        col(Pending.kind).in_(UNCLEAR),
        Pending.place_id == turn.place_id,
        Pending.spoken_who == unknown.spoken,
        Pending.tenths == tenths,
        Pending.day == unknown.slot.day,
        Pending.slot == unknown.slot.slot.name,
        Pending.outcome != "撤回",
    )
    if not unknown.is_relay:
        query = query.where(Pending.account_id == turn.account.id)
    if work.db.exec(query).first() is not None:
        return None
    pending = Pending(
        kind=kind,
        place_id=turn.place_id,
        account_id=turn.account.id,
        spoken_who=unknown.spoken,
        number=str(unknown.celsius),
        tenths=tenths,
        site=unknown.site,
        day=unknown.slot.day,
        slot=unknown.slot.slot.name,
        message_id=work.message.id if work.message else None,
        at=work.now,
    )
    work.db.add(pending)
    work.db.flush()
    if work.message is not None:
        work.message.has_fact = True
    return pending


def keep_unassigned(
    turn: Turn, unknown: Unknown, guesses: Sequence[Resident], claims: Claims
) -> bool:
    """Somebody whom nobody knows: the reading waits, never dropped; False for a known line."""
    is_fever = turn.work.rules.judge(unknown.celsius, unknown.site) in FEVERS
    is_new = keep_waiting(turn, unknown, "unassigned") is not None
    if is_fever and (is_new or turn.work.is_exercise):
        _unknown_fever(turn, unknown)
    if is_new:
        claims.asked.append((unknown, tuple(guesses)))
    return is_new


def _unknown_fever(turn: Turn, unknown: Unknown) -> None:
    """A fever of somebody unknown still reaches the grid worker and the doctor of the place."""
    if turn.place_id is None:
        return
    alerts.open_incident(
        turn.work,
        IncidentKind.FEVER,
        turn.place_id,
        turn.work.phrase(
            "temperature.unknown_fever",
            who=unknown.spoken,
            celsius=unknown.celsius,
            place=path_words(turn.work.db, turn.place_id),
        ),
        clock=turn.work.rules.fever_clock,
    )


def ask_which(
    turn: Turn, unknown: Unknown, candidates: Sequence[Resident], claims: Claims, *, is_sure: bool
) -> None:
    """Two people of one name, or one of a name alike: the speaker is asked once, and it is learnt.

    Who cannot be asked alone leaves it to the grid worker.
    """
    if not turn.has_private_way():
        keep_unassigned(turn, unknown, candidates, claims)
        return
    work = turn.work
    is_fever = work.rules.judge(unknown.celsius, unknown.site) in FEVERS
    is_new = keep_waiting(turn, unknown, "which") is not None
    if is_fever and (is_new or work.is_exercise):
        _unknown_fever(turn, unknown)
    if not is_new:
        return
    account_id = turn.account.id or 0
    if _is_asked(work, account_id, "which", account_id, unknown.spoken):
        return
    first = next_number(work, account_id)
    key = "temperature.which" if len(candidates) > 1 else "temperature.which_one"
    if len(candidates) > 1 and not is_sure:
        key = "temperature.which_alike"
    text = work.phrase(
        key,
        who=unknown.spoken,
        count=len(candidates),
        choices=choice_words(work, candidates, first),
        name=where_words(work, candidates[0]),
    )
    turn.reply_privately(text, why="说的是哪一位，私下问一次记住")
    _expect(work, account_id, "which", unknown, candidates, first, account_id)


def ask_workers(turn: Turn, claims: Claims) -> bool:
    """One message to the grid worker about all whom nobody knows; whether she is the speaker."""
    work = turn.work
    if not claims.asked or turn.place_id is None or work.is_exercise:
        return False
    is_speaker = False
    for worker in alerts.first_holders(work, turn.place_id, alerts.STAND_INS):
        account = work.account_for(worker.id or 0)
        if account is None:
            continue
        lines: list[str] = []
        for unknown, guesses in claims.asked[:_MOST_ASKED]:
            if _is_asked(work, account.id or 0, "assign", turn.account.id or 0, unknown.spoken):
                continue
            first = next_number(work, account.id or 0)
            lines.append(_line(turn, unknown, guesses, first))
            _expect(work, account.id or 0, "assign", unknown, guesses, first, turn.account.id or 0)
        if not lines:
            continue
        is_speaker = is_speaker or (turn.speaker is not None and worker.id == turn.speaker.id)
        due_at = work.rules.quiet_ends(work.now) if work.rules.is_quiet(work.now) else work.now
        work.to_account(
            account,
            work.phrase("temperature.claim", lines="\n".join(lines)),
            "reply",
            due_at=due_at,
            why="花名册里对不上的人，请网格员认",
        )
    return is_speaker


def _line(turn: Turn, unknown: Unknown, guesses: Sequence[Resident], first: int) -> str:
    work = turn.work
    who = turn.speaker.name if turn.speaker else turn.account.display_name
    by = "temperature.claim_own" if unknown.is_own else "temperature.claim_by"
    return work.phrase(
        "temperature.claim_line" if guesses else "temperature.claim_bare",
        who=unknown.spoken,
        by=work.phrase(by, name=who),
        celsius=unknown.celsius,
        choices=choice_words(work, guesses, first),
    )


def where_words(work: Work, person: Resident) -> str:
    """东头王伟: a name with what tells it from its like."""
    return f"{person.mark or path_words(work.db, person.place_id)}{person.name}"


def choice_words(work: Work, people: Sequence[Resident], first: int) -> str:
    """1 东头王伟；2 西头王伟."""
    return "；".join(f"{i} {where_words(work, p)}" for i, p in enumerate(people, first))


def next_number(work: Work, account_id: int) -> int:
    """Where the numbers of a new question begin, so that a bare number means one thing only.

    While a number is asked about, 1 and 2 may be its yes and no.
    """
    first = 1
    for prompt in waiting(work.db, account_id, work.now):
        if prompt.kind in CHOICES:
            values = prompt.values
            first = max(first, values.get("first", 1) + len(values["resident_ids"]))
        elif prompt.kind == "reading":
            first = max(first, 3)
    return first


def _is_asked(work: Work, account_id: int, kind: str, speaker_id: int, spoken: str) -> bool:
    return any(
        p.kind == kind and p.values["spoken"] == spoken and p.values.get("by_account") == speaker_id
        for p in waiting(work.db, account_id, work.now)
    )


def _expect(
    work: Work,
    account_id: int,
    kind: str,
    unknown: Unknown,
    people: Sequence[Resident],
    first: int,
    speaker_account_id: int,
) -> Prompt:
    return ask(
        work.db,
        account_id,
        kind,
        work.now,
        work.now + _WAIT,
        spoken=unknown.spoken,
        by_account=speaker_account_id,
        resident_ids=[p.id for p in people],
        first=first,
        is_own=unknown.is_own,
        may_learn=unknown.may_learn,
    )


def waiting_for(work: Work, prompt: Prompt) -> list[Pending]:
    """The readings that an answer to this question settles."""
    values = prompt.values
    query = select(Pending).where(
        col(Pending.kind).in_(("which", "unassigned")),
        Pending.account_id == values.get("by_account"),
        Pending.spoken_who == values["spoken"],
        col(Pending.closed_at).is_(None),
    )
    return list(work.db.exec(query).all())


def speaker_of(work: Work, prompt: Prompt) -> Account | None:
    """By whose account the word was said."""
    return work.db.get(Account, prompt.values.get("by_account") or 0)
