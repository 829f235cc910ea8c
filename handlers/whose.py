"""Shared: puts 是哪位 to the speaker or to who knows the village: one message, numbered choices."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from sqlmodel import col, select

from bot.clock import local_day
from bot.domain.prompts import Prompt, ask, waiting
from bot.domain.registry import Account, Resident, path_words, scope_of
from bot.domain.temperature import Pending
from bot.hearing import Ear
from bot.router import Turn
from bot.work import Work
from handlers import alerts
from handlers.assigning import Asks, Claims, Question

CHOICES = ("which", "assign")
_WAIT = timedelta(hours=24)
_MANY = 8  # more than these are told as shortly as can be
_FEW_GUESSES = 2
_TEMPERATURES = range(33, 45)  # no choice has such a number: 36 said back is a temperature


def ask_speaker(turn: Turn, claims: Claims) -> None:
    """One message to the speaker about all of theirs that may mean more than one person."""
    work, account_id = turn.work, turn.account.id or 0
    questions = _new(work, account_id, "which", account_id, claims.which)
    claims.which = []
    lines: list[str] = []
    for one in questions:
        first = next_number(work, account_id, len(one.people))
        key = _key(one) if len(questions) == 1 else "temperature.which_line"
        lines.append(_which_line(work, key, one, first))
        _expect(work, account_id, "which", one, first, account_id)
    if not lines:
        return
    text = lines[0]
    if len(lines) > 1:
        text = work.phrase("temperature.which_several", lines="\n".join(lines))
    turn.reply_privately(text, why="说的是哪一位，私下问一次记住")


def _key(one: Question) -> str:
    if one.unknown.asks is Asks.MEMBERS:
        return "temperature.which_members"
    if one.unknown.home:
        return "temperature.which_of_house"
    if len(one.people) == 1:
        return "temperature.which_one"
    return "temperature.which" if one.is_sure else "temperature.which_alike"


def _which_line(work: Work, key: str, one: Question, first: int) -> str:
    return work.phrase(
        key,
        who=one.unknown.word,
        number=one.unknown.number,
        count=len(one.people),
        choices=choice_words(work, one.people, first, is_home=bool(one.unknown.home)),
        name=where_words(work, one.people[0]),
    )


def ask_workers(work: Work, ear: Ear, claims: Claims, key: str = "") -> bool:
    """One message to the grid worker about all whom nobody knows; whether she is the speaker.

    Where no grid worker can be reached a cadre who reported them is asked.

    Args:
        work: the unit of work.
        ear: who spoke, and where.
        claims: what is asked.
        key: of the message, where the clock caused it and no message of this unit.
    """
    if not claims.asked or ear.place_id is None or work.is_exercise:
        return False
    is_speaker = False
    for account in _workers(work, ear):
        is_mine = account.id == ear.account.id
        lines = _lines(work, ear, account, claims.asked)
        is_speaker = is_speaker or (is_mine and bool(lines))
        if lines:
            due_at = work.rules.quiet_ends(work.now) if work.rules.is_quiet(work.now) else work.now
            usual = "temperature.claim_unanswered" if key else "temperature.claim"
            text = work.phrase(
                usual if len(lines) <= _MANY else "temperature.claim_many",
                lines="\n".join(lines),
                count=len(lines),
                by=_speaker_name(ear),
                word=claims.asked[0].unknown.word,
            )
            why = "花名册里对不上的人，请网格员认"
            if key:
                work.to_account(
                    account, text, "reply", key=f"{key}:{account.id}", due_at=due_at, why=why
                )
            else:
                work.to_account(account, text, "reply", due_at=due_at, why=why)
    claims.asked = []
    return is_speaker


def _workers(work: Work, ear: Ear) -> list[Account]:
    """By which accounts to ask who knows the village; the speaker's own where it is theirs."""
    found: list[Account] = []
    for worker in alerts.first_holders(work, ear.place_id or 0, alerts.STAND_INS):
        is_speaker = ear.speaker is not None and worker.id == ear.speaker.id
        account = ear.account if is_speaker else work.account_for(worker.id or 0)
        if account is not None and work.has_way(account):
            found.append(account)
    if not found and ear.speaker is not None and work.has_way(ear.account):
        scope = scope_of(work.db, ear.speaker.id or 0, local_day(work.now))
        return [ear.account] if scope.is_cadre else []
    return found


def _lines(work: Work, ear: Ear, account: Account, asked: Sequence[Question]) -> list[str]:
    """What who knows the village is asked, each with the best guesses, as shortly as need be."""
    account_id, by_account = account.id or 0, ear.account.id or 0
    new = _new(work, account_id, "assign", by_account, asked)
    is_short = len(new) > _MANY
    lines: list[str] = []
    for one in new:
        if is_short and one.unknown.asks is not Asks.MEMBERS:
            one = replace(one, people=one.people[:_FEW_GUESSES])
        first = next_number(work, account_id, len(one.people))
        lines.append(_claim_line(work, ear, one, first, is_short=is_short))
        _expect(work, account_id, "assign", one, first, by_account)
    return lines


def _claim_line(work: Work, ear: Ear, one: Question, first: int, *, is_short: bool) -> str:
    unknown = one.unknown
    by = "temperature.claim_own" if unknown.is_own else "temperature.claim_by"
    if unknown.asks is Asks.MEMBERS:
        key = "temperature.claim_members"
    elif one.people:
        key = "temperature.claim_line"
    else:
        key = "temperature.claim_short" if is_short else "temperature.claim_bare"
    return work.phrase(
        key,
        who=unknown.word,
        by="" if is_short else work.phrase(by, name=_speaker_name(ear)),
        number=unknown.number,
        count=len(one.people),
        choices=choice_words(
            work, one.people, first, is_short=is_short, is_home=bool(unknown.home)
        ),
    )


def _speaker_name(ear: Ear) -> str:
    return ear.speaker.name if ear.speaker else ear.account.display_name


def where_words(work: Work, person: Resident) -> str:
    """东头王伟: a name with what tells it from its like."""
    return f"{person.mark or path_words(work.db, person.place_id)}{person.name}"


def choice_words(
    work: Work,
    people: Sequence[Resident],
    first: int,
    *,
    is_short: bool = False,
    is_home: bool = False,
) -> str:
    """1 东头王伟；2 西头王伟; where it is short, or one house, by the name if that tells them."""
    names = Counter(p.name for p in people)
    by_name = is_short or is_home
    words = [p.name if by_name and names[p.name] == 1 else where_words(work, p) for p in people]
    return ("，" if is_short else "；").join(f"{i} {w}" for i, w in enumerate(words, first))


def next_number(work: Work, account_id: int, count: int) -> int:
    """Where the numbers of a new question begin, so that a bare number means one thing only.

    While a number is asked about, 1 and 2 may be its yes and no; what could be a temperature is no
    choice ever.
    """
    first = 1
    for prompt in waiting(work.db, account_id, work.now):
        if prompt.kind in CHOICES:
            values = prompt.values
            first = max(first, values.get("first", 1) + len(values["resident_ids"]))
        elif prompt.kind == "reading":
            first = max(first, 3)
    if first < _TEMPERATURES.stop and first + count > _TEMPERATURES.start:
        return _TEMPERATURES.stop
    return first


def _new(
    work: Work, account_id: int, kind: str, by_account: int, asked: Sequence[Question]
) -> list[Question]:
    """Each word once, and not while the same question of the same speaker is open."""
    if not asked:
        return []
    open_ones = {
        prompt.values["spoken"]
        for prompt in waiting(work.db, account_id, work.now)
        if prompt.kind == kind and prompt.values.get("by_account") == by_account
    }
    first_of: dict[str, Question] = {}
    for one in asked:
        if one.unknown.spoken not in open_ones:
            first_of.setdefault(one.unknown.spoken, one)
    return list(first_of.values())


def _expect(
    work: Work, account_id: int, kind: str, one: Question, first: int, by_account: int
) -> Prompt:
    unknown = one.unknown
    return ask(
        work.db,
        account_id,
        kind,
        work.now,
        work.now + _WAIT,
        spoken=unknown.spoken,
        by_account=by_account,
        resident_ids=[p.id for p in one.people],
        first=first,
        is_own=unknown.is_own,
        may_learn=unknown.may_learn,
        asks=unknown.asks,
        is_home=bool(unknown.home),
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


def ear_of(work: Work, prompt: Prompt, pendings: Sequence[Pending]) -> Ear | None:
    """Who said the word that a question is about, and where."""
    account = work.db.get(Account, prompt.values.get("by_account") or 0)
    if account is None:
        return None
    place_id = pendings[0].place_id if pendings else None
    return Ear(work.db, account, work.person_behind(account), place_id)
