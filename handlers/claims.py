"""Shared: somebody was named: what waited becomes theirs, the word is learnt, a fever named."""

from collections.abc import Sequence

from sqlmodel import col, select

from bot.domain.audit import note as audit
from bot.domain.kin_words import is_single
from bot.domain.prompts import Prompt
from bot.domain.registry import Account, Resident, Role, SameName
from bot.domain.temperature import Pending
from bot.hearing import Asked, Ear
from bot.router import Turn
from bot.spoken import members_of, whom
from handlers import houses
from handlers.assigning import Asks, Claims, Question, unknown_again
from handlers.record import record_waiting
from handlers.said import Kept
from handlers.taken import Taken, proxy_between, proxy_of, tell
from handlers.unnamed import name_fever
from handlers.whose import CHOICES, ask_speaker, ask_workers, ear_of, waiting_for, where_words


def give_up(turn: Turn, prompts: Sequence[Prompt]) -> None:
    """None of those: the grid worker is asked; said by her, it is nobody of this village."""
    work = turn.work
    spoken = []
    for prompt in prompts:
        pendings = waiting_for(work, prompt)
        close(turn, prompt, "都不是")
        if prompt.kind == "which":
            _hand_on(turn, prompt, pendings)
            continue
        for pending in pendings:
            pending.closed_at, pending.outcome = work.now, "不是本村的"
            work.db.add(pending)
        spoken.append(prompt.values["spoken"])
        _close_others(turn, prompt)
    if spoken:
        who = "、".join(spoken)
        turn.reply(work.phrase("temperature.claim_none", who=who), why="不是本村的人")
    else:
        turn.reply(work.phrase("temperature.which_none"), why="都不是，等网格员认")


def _hand_on(turn: Turn, prompt: Prompt, pendings: Sequence[Pending]) -> None:
    """None whom we had thought of: the grid worker may know."""
    for pending in pendings:
        pending.kind, pending.due_at = "unassigned", None
        turn.work.db.add(pending)
    ear = ear_of(turn.work, prompt, pendings)
    if pendings and ear is not None:
        unknown = unknown_again(turn.work, pendings[0], prompt.values)
        is_members = unknown.asks is Asks.MEMBERS
        people = choices_of(turn, prompt) if is_members else ()
        ask_workers(turn.work, ear, Claims(asked=[Question(unknown, people)]))


def choices_of(turn: Turn, prompt: Prompt) -> tuple[Resident, ...]:
    """The people among whom a question lets choose."""
    found = (turn.work.db.get(Resident, i) for i in prompt.values["resident_ids"])
    return tuple(person for person in found if person is not None)


def claim(turn: Turn, prompt: Prompt, person: Resident) -> bool:
    """Somebody was named: the readings that waited are theirs, and the word is learnt."""
    return claim_all(turn, [(prompt, person)])


def claim_all(turn: Turn, answers: Sequence[tuple[Prompt, Resident]]) -> bool:
    """Several were named at once; one reply."""
    lines: list[str] = []
    taken = Taken([], [])
    for prompt, person in answers:
        kept, learnt = _settle(turn, prompt, person, taken)
        if prompt.kind == "which":
            taken.kept += kept
            taken.learnt += [learnt] if learnt else []
        elif kept:
            lines.append(_claimed(turn, person, kept, learnt))
    _ask_rest(turn, taken)
    if lines:
        turn.reply("\n".join(lines), why="认好了")
    if taken.kept or taken.houses:
        tell(turn, taken)
    return True


def claim_members(turn: Turn, prompt: Prompt, people: Sequence[Resident]) -> bool:
    """Who of a house was measured is known now."""
    taken = Taken([], [])
    for pending in waiting_for(turn.work, prompt):
        pending.closed_at, pending.outcome = turn.work.now, "、".join(p.name for p in people)[:60]
        turn.work.db.add(pending)
        houses.measured(turn, houses.waited(turn.work, pending, is_asked=True), people, taken)
    close(turn, prompt, "、".join(p.name for p in people))
    _close_others(turn, prompt)
    _ask_rest(turn, taken)
    tell(turn, taken)
    return True


def _ask_rest(turn: Turn, taken: Taken) -> None:
    """What an answer leaves to ask."""
    ask_speaker(turn, taken.claims)
    ask_workers(
        turn.work, Ear(turn.work.db, turn.account, turn.speaker, turn.place_id), taken.claims
    )


def _settle(turn: Turn, prompt: Prompt, person: Resident, taken: Taken) -> tuple[list[Kept], str]:
    """What waited for one answer, kept; and what was learnt, in words."""
    work, values = turn.work, prompt.values
    pendings = waiting_for(work, prompt)
    ear = ear_of(work, prompt, pendings)
    account = ear.account if ear else turn.account
    learnt = _learn(turn, account, person, prompt)
    kept = []
    for pending in pendings:
        if values.get("asks") == Asks.HOUSE:
            _enter_house(turn, pending, person, taken)
            continue
        incident = name_fever(turn, pending, person)
        kept.append(record_waiting(work, pending, person, _proxy(turn, account, person)))
        if incident is not None and kept[-1].reading is not None:
            incident.reading_id = kept[-1].reading.id
            work.db.add(incident)
    close(turn, prompt, person.name)
    _close_others(turn, prompt)
    if account.resident_id is not None and values.get("is_own"):
        _settle_rest(turn, account)
    return kept, learnt


def _enter_house(turn: Turn, pending: Pending, holder: Resident, taken: Taken) -> None:
    """Whose house it is is known now; who of it was measured may be asked next."""
    pending.closed_at, pending.outcome = turn.work.now, f"{holder.name}家"
    turn.work.db.add(pending)
    together = houses.waited(turn.work, pending, is_asked=False)
    home = members_of(turn.work.db, holder)
    if len(together.values) in (1, len(home)):
        houses.measured(turn, together, home, taken)
    else:
        houses.ask_members(turn, together, home, taken)


def _claimed(turn: Turn, person: Resident, kept: Sequence[Kept], learnt: str) -> str:
    return turn.work.phrase(
        "temperature.claimed",
        name=where_words(turn.work, person),
        values="、".join(str(k.said.celsius) for k in kept),
        learnt=learnt,
    )


def _proxy(turn: Turn, account: Account, person: Resident) -> Resident | None:
    """Who reported for them, where it was somebody of another house."""
    if account.id == turn.account.id:
        return proxy_of(turn, person)
    speaker = turn.work.person_behind(account)
    return proxy_between(speaker, person)


def _learn(turn: Turn, account: Account, person: Resident, prompt: Prompt) -> str:
    """The word is remembered for its speaker; an own reading binds the account, but to no cadre."""
    work, values = turn.work, prompt.values
    spoken = str(values["spoken"])
    if values.get("is_own"):
        has_role = work.db.exec(select(Role.id).where(Role.resident_id == person.id)).first()
        if account.resident_id is not None or has_role is not None:
            return ""
        account.resident_id, account.bound_by = person.id, "cadre"
        work.db.add(account)
        audit(
            work.db,
            work.now,
            "account_bound",
            actor_id=turn.speaker.id if turn.speaker else None,
            subject_id=person.id,
            words=spoken,
        )
        return work.phrase("temperature.claim_bound", who=spoken, name=person.name)
    speaker = work.person_behind(account)
    is_of_house = speaker is not None and proxy_between(speaker, person) is None
    if not values.get("may_learn", True) or not (is_single(spoken) or is_of_house):
        return ""
    known = work.db.get(SameName, (account.id, spoken))
    if known is None:
        known = SameName(account_id=account.id or 0, spoken=spoken, resident_id=person.id or 0)
    known.resident_id = person.id or 0
    work.db.add(known)
    if prompt.kind == "which":
        is_new = not is_single(spoken)
        key = "temperature.which_learnt"
        return work.phrase(key, who=spoken, name=person.name) if is_new else ""
    by = speaker.name if speaker else account.display_name
    return work.phrase("temperature.claim_learnt", by=by, who=spoken, name=person.name)


def _settle_rest(turn: Turn, account: Account) -> None:
    """Somebody is known now: what they said of their own house can be understood."""
    work = turn.work
    speaker = work.person_behind(account)
    query = select(Pending).where(
        Pending.kind == "unassigned",
        Pending.account_id == account.id,
        col(Pending.closed_at).is_(None),
        col(Pending.tenths).is_not(None),
    )
    for pending in work.db.exec(query).all():
        ear = Ear(work.db, account, speaker, pending.place_id)
        person = whom(ear, Asked(pending.spoken_who)).one
        if person is not None:
            record_waiting(work, pending, person, proxy_between(speaker, person))


def close(turn: Turn, prompt: Prompt, outcome: str) -> None:
    """The question was answered."""
    prompt.closed_at = turn.work.now
    turn.work.db.add(prompt)
    turn.work.note(f"问过的有了回话：{outcome}")


def _close_others(turn: Turn, answered: Prompt) -> None:
    """The same question to others, speaker or grid workers, needs no answer any more."""
    query = select(Prompt).where(
        col(Prompt.kind).in_(CHOICES),
        Prompt.id != answered.id,
        col(Prompt.closed_at).is_(None),
        col(Prompt.expires_at) > turn.work.now,
    )
    values = answered.values
    for prompt in turn.work.db.exec(query).all():
        other = prompt.values
        if (other["spoken"], other.get("by_account")) == (
            values["spoken"],
            values.get("by_account"),
        ):
            prompt.closed_at = turn.work.now
            turn.work.db.add(prompt)


def ask_again(turn: Turn, prompt: Prompt, people: Sequence[Resident]) -> None:
    """Two bear the name that was said back."""
    pendings = waiting_for(turn.work, prompt)
    ear = ear_of(turn.work, prompt, pendings)
    close(turn, prompt, "同名")
    if pendings and ear is not None:
        unknown = unknown_again(turn.work, pendings[0], prompt.values)
        ask_workers(turn.work, ear, Claims(asked=[Question(unknown, tuple(people))]))
