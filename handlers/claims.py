"""Shared: somebody was named: what waited becomes theirs, the word is learnt, a fever named."""

from collections.abc import Sequence
from decimal import Decimal

from sqlmodel import col, select

from bot.domain.audit import note as audit
from bot.domain.incidents import Incident, IncidentKind, told_residents
from bot.domain.kin_words import is_single
from bot.domain.prompts import Prompt
from bot.domain.registry import Account, Resident, Role, SameName
from bot.domain.temperature import Pending
from bot.hearing import Asked, Ear
from bot.router import Turn
from bot.spoken import whom
from handlers import alerts
from handlers.assigning import (
    Claims,
    Unknown,
    ask_workers,
    speaker_of,
    waiting_for,
    where_words,
)
from handlers.record import record_waiting
from handlers.said import Kept
from handlers.taken import Taken, proxy_between, proxy_of, tell


def give_up(turn: Turn, prompt: Prompt) -> None:
    """Not one of those: the grid worker is asked; said by her, it is nobody of this village."""
    work = turn.work
    pendings = waiting_for(work, prompt)
    close(turn, prompt, "都不是")
    if prompt.kind == "which":
        claims = Claims()
        for pending in pendings:
            pending.kind = "unassigned"
            work.db.add(pending)
            claims.asked.append((_unknown(turn, prompt, pending), ()))
        claims.asked = claims.asked[:1]
        ask_workers(turn, claims)
        turn.reply(work.phrase("temperature.which_none"), why="都不是，等网格员认")
        return
    for pending in pendings:
        pending.closed_at, pending.outcome = work.now, "不是本村的"
        work.db.add(pending)
    spoken = prompt.values["spoken"]
    turn.reply(work.phrase("temperature.claim_none", who=spoken), why="不是本村的人")
    _close_others(turn, prompt)


def claim(turn: Turn, prompt: Prompt, resident_id: int) -> bool:
    """Somebody was named: the readings that waited are theirs, and the word is learnt."""
    work = turn.work
    person = work.db.get(Resident, resident_id)
    if person is None:
        return False
    values = prompt.values
    pendings = waiting_for(work, prompt)
    account = speaker_of(work, prompt) or turn.account
    learnt = _learn(turn, account, person, values)
    kept = []
    for pending in pendings:
        incident = _name_fever(turn, pending, person)
        proxy = _proxy(turn, account, person)
        kept.append(record_waiting(work, pending, person, proxy))
        if incident is not None and kept[-1].reading is not None:
            incident.reading_id = kept[-1].reading.id
            work.db.add(incident)
    close(turn, prompt, person.name)
    _close_others(turn, prompt)
    if account.resident_id is not None and values.get("is_own"):
        _settle_rest(turn, account)
    _say(turn, prompt, person, kept, learnt)
    return True


def _say(turn: Turn, prompt: Prompt, person: Resident, kept: list[Kept], learnt: str) -> None:
    if prompt.kind == "which":
        tell(turn, Taken(kept, []))
        return
    celsius = "、".join(str(k.said.celsius) for k in kept)
    turn.reply(
        turn.work.phrase(
            "temperature.claimed",
            name=where_words(turn.work, person),
            values=celsius,
            learnt=learnt,
        ),
        why="认好了",
    )


def _proxy(turn: Turn, account: Account, person: Resident) -> Resident | None:
    """Who reported for them, where it was somebody of another house."""
    if account.id == turn.account.id:
        return proxy_of(turn, person)
    speaker = turn.work.person_behind(account)
    return proxy_between(speaker, person)


def _learn(turn: Turn, account: Account, person: Resident, values: dict[str, object]) -> str:
    """The word is remembered for its speaker; an own reading binds the account, but to no cadre."""
    work, spoken = turn.work, str(values["spoken"])
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
    if not values.get("may_learn", True) or not is_single(spoken):
        return ""
    known = work.db.get(SameName, (account.id, spoken))
    if known is None:
        known = SameName(account_id=account.id or 0, spoken=spoken, resident_id=person.id or 0)
    known.resident_id = person.id or 0
    work.db.add(known)
    speaker = work.person_behind(account)
    by = speaker.name if speaker else account.display_name
    return work.phrase("temperature.claim_learnt", by=by, who=spoken, name=person.name)


def _name_fever(turn: Turn, pending: Pending, person: Resident) -> Incident | None:
    """The fever of somebody unknown gets its person; whoever was told hears who it is."""
    work = turn.work
    query = select(Incident).where(
        Incident.kind == IncidentKind.FEVER,
        col(Incident.resident_id).is_(None),
        col(Incident.closed_at).is_(None),
        Incident.message_id == pending.message_id,
        col(Incident.summary).contains(pending.spoken_who, autoescape=True),
    )
    incident = work.db.exec(query).first()
    if incident is None:
        return None
    incident.resident_id, incident.place_id = person.id, person.place_id
    work.db.add(incident)
    alerts.log_step(work, incident, "named", turn.speaker, person.name)
    for told in told_residents(work.db, incident.id or 0):
        if turn.speaker is not None and told == turn.speaker.id:
            continue
        work.to_resident(
            told,
            work.phrase(
                "temperature.claim_fever",
                who=pending.spoken_who,
                celsius=pending.number,
                name=alerts.who_words(work, person),
            ),
            "alert",
            key=f"named:{incident.id}:{told}",
            is_urgent=True,
            number=incident.id,
            why="发热的人认出来了",
        )
    return incident


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
    """The same question to other grid workers needs no answer any more."""
    query = select(Prompt).where(
        Prompt.kind == answered.kind,
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
    close(turn, prompt, "同名")
    claims = Claims([(_unknown(turn, prompt, one), tuple(people)) for one in pendings[:1]])
    ask_workers(turn, claims)


def _unknown(turn: Turn, prompt: Prompt, pending: Pending) -> Unknown:
    values = prompt.values
    return Unknown(
        spoken=pending.spoken_who,
        celsius=Decimal(pending.tenths or 0) / 10,
        slot=turn.work.rules.slot_for(pending.at),
        is_own=values.get("is_own", False),
        may_learn=values.get("may_learn", True),
    )
