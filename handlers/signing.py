"""Shared: 签字 signing, two people for whatever is said in public: an author and a second one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import col, select

from bot.clock import local_day
from bot.domain.prompts import ask
from bot.domain.registry import (
    Place,
    Resident,
    Role,
    RoleName,
    Scope,
    held_on,
    is_below,
    places_above,
)
from bot.router import Turn
from bot.work import Work

PUBLISHERS = (
    RoleName.VILLAGE_SECRETARY,
    RoleName.TOWNSHIP_DUTY,
    RoleName.TOWNSHIP_HEAD,
    RoleName.COUNTY_DUTY,
)
LIFE = timedelta(hours=48)
OWN, SECOND = "sign_own", "sign_second"  # kinds of prompts


@dataclass(frozen=True, slots=True)
class Paper:
    """What is signed: a kind (entry, rebuttal), its number, its place and who wrote it."""

    kind: str
    number: int
    place_id: int
    author_id: int


def own_place(work: Work, scope: Scope, place_id: int) -> Place | None:
    """The widest place for which this person may publish and below which a place lies."""
    own = [
        place
        for role, place in scope.roles
        if role in PUBLISHERS and is_below(work.db, place_id, place)
    ]
    above = [place for place in places_above(work.db, place_id) if place.id in own]
    return above[-1] if above else None


def publishes(scope: Scope) -> bool:
    """Whether this person may write what is said in public at all."""
    return scope.has(*PUBLISHERS)


def seconds(work: Work, paper: Paper) -> list[Resident]:
    """Who may be the second: publishers at its place or the nearest above; never its author."""
    for place in places_above(work.db, paper.place_id):
        query = (
            select(Resident)
            .join(Role, col(Role.resident_id) == Resident.id)
            .where(
                Role.place_id == place.id,
                col(Role.role).in_(PUBLISHERS),
                Resident.id != paper.author_id,
                *held_on(local_day(work.now)),
            )
            .order_by(col(Role.id))
        )
        found = list({p.id: p for p in work.db.exec(query).all()}.values())
        if found:
            return found
    return []


def names(people: Sequence[Resident]) -> str:
    """Who they are, for whoever waits for one of them."""
    return "、".join(person.name for person in people)


def ask_author(turn: Turn, paper: Paper, phrase: str, **values: object) -> None:
    """Show its author how it will look, with the code that goes on."""
    work = turn.work
    code = work.code(OWN, paper.kind, paper.number)
    turn.reply(
        work.phrase(phrase, number=paper.number, code=code, **values),
        number=paper.number,
        code=code,
        why="先看样子，回码才往下走",
    )
    ask(
        work.db,
        turn.account.id or 0,
        OWN,
        work.now,
        work.now + LIFE,
        say_back=code,
        paper=paper.kind,
        number=paper.number,
    )


def ask_seconds(work: Work, paper: Paper, phrase: str, **values: object) -> list[Resident]:
    """Ask each who may be the second, with a code of their own; whom."""
    author = work.db.get_one(Resident, paper.author_id)
    asked = []
    for person in seconds(work, paper):
        account = work.account_for(person.id or 0)
        if account is None:
            continue
        code = work.code(SECOND, paper.kind, paper.number, person.id)
        work.to_account(
            account,
            work.phrase(phrase, number=paper.number, code=code, author=author.name, **values),
            "alert",
            key=f"{SECOND}:{paper.kind}:{paper.number}:{person.id}",
            number=paper.number,
            code=code,
            why="要第二个人签字",
        )
        ask(
            work.db,
            account.id or 0,
            SECOND,
            work.now,
            work.now + LIFE,
            say_back=code,
            paper=paper.kind,
            number=paper.number,
        )
        asked.append(person)
    return asked


def on_code(
    turn: Turn,
    kind: str,
    confirmed: Callable[[Turn, int], None],
    approved: Callable[[Turn, int], None],
) -> bool:
    """Where a code says yes to such a paper: use it up and go on, by its author or the second."""
    if turn.speaker is None or (turn.is_group and turn.in_village_chat):
        return False
    text = turn.said.text.strip()
    for prompt in turn.prompts:
        is_code = prompt.kind in (OWN, SECOND) and text == prompt.say_back
        if is_code and prompt.values["paper"] == kind:
            prompt.closed_at = turn.work.now
            turn.work.db.add(prompt)
            (confirmed if prompt.kind == OWN else approved)(turn, prompt.values["number"])
            return True
    return False
