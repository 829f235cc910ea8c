"""Shared: whom danger or a complaint is about, found as a reading's person is, or in words."""

from dataclasses import dataclass

from sqlmodel import col, select

from bot.domain.incidents import Incident, IncidentKind, open_incident
from bot.domain.kin_words import kins_of
from bot.domain.registry import Resident
from bot.hearing import Asked, Ear
from bot.language.meaning import SELF, Symptom
from bot.mentions import asked_of
from bot.message import MessageKind
from bot.router import Turn
from bot.spoken import whom
from handlers import alerts


@dataclass(frozen=True, slots=True)
class Subject:
    """Somebody who needs help: a resident, or only what was said of them.

    words: for the team; with whom it may be where nobody is sure.
    """

    person: Resident | None
    words: str
    place_id: int | None


def subject_of(turn: Turn, symptom: Symptom | None) -> Subject:
    """Whom a complaint is about; nobody rather than somebody else."""
    work = turn.work
    ear = Ear(work.db, turn.account, turn.speaker, turn.place_id)
    asked = _asked(turn, ear, symptom)
    found = whom(ear, asked)
    if found.one is not None:
        return Subject(found.one, alerts.who_words(work, found.one), found.one.place_id)
    if asked.who == SELF:
        return Subject(None, turn.account.display_name, turn.place_id)
    words = asked.key
    if kins_of(asked.who) and not asked.owner:
        words = f"{turn.speaker.name if turn.speaker else turn.account.display_name}的{asked.who}"
    likely = found.people or found.guesses or _of_house(ear, asked)
    if likely:
        names = "、".join(alerts.who_words(work, p) for p in likely)
        words = work.phrase("incident.perhaps", who=words, names=names)
    return Subject(None, words, turn.place_id)


def _asked(turn: Turn, ear: Ear, symptom: Symptom | None) -> Asked:
    """The word with what stands before the complaint: 小翠她爸, 二组老王家的."""
    who = symptom.who if symptom else SELF
    if symptom is None or who == SELF:
        return Asked(SELF)
    text = turn.said.text
    at = text.find(symptom.name)
    before = text[:at] if at >= 0 else text
    if who not in before:  # 喘不上气了我爸
        before = text
    is_voice = turn.inbound.kind is MessageKind.VOICE
    return asked_of(ear, before, who, is_voice=is_voice)


def _of_house(ear: Ear, asked: Asked) -> tuple[Resident, ...]:
    """老王家的: somebody of a house of that name."""
    if not asked.who.endswith("家"):
        return ()
    found = whom(ear, Asked(asked.who.removesuffix("家"), mark=asked.mark))
    return found.people or found.guesses


def is_open(turn: Turn, kind: IncidentKind, subject: Subject) -> bool:
    """Whether somebody looks after this already."""
    work = turn.work
    if subject.person is not None:
        person_id = subject.person.id or 0
        known = open_incident(work.db, kind, person_id, is_exercise=work.is_exercise)
        return known is not None
    query = select(Incident.id).where(
        Incident.kind == kind,
        col(Incident.resident_id).is_(None),
        col(Incident.closed_at).is_(None),
        col(Incident.is_exercise).is_(work.is_exercise),
        Incident.place_id == subject.place_id,
        col(Incident.summary).startswith(f"{subject.words} ", autoescape=True),
    )
    return work.db.exec(query).first() is not None
