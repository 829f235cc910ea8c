"""一家人 houses: numbers that were said of several people together, and nobody said whose is whose.

as many numbers as people ──► they have all reported; the numbers stay the house's
fewer, or more            ──► the speaker is asked once who was measured
nobody knows whose house  ──► the grid worker is asked
a fever among them        ──► the team hears of the house at once; the speaker is asked whose it is
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlmodel import col, select

from bot.domain.registry import Resident
from bot.domain.rules import SlotDay, Verdict
from bot.domain.temperature import Pending
from bot.router import Turn
from bot.work import Work
from handlers.assigning import Asks, Unknown, alarm, ask_which, keep_unassigned
from handlers.record import record
from handlers.said import FEVERS, Origin, Said
from handlers.taken import Taken, is_relay_list, proxy_of

_SEPARATOR = "、"


@dataclass(frozen=True, slots=True)
class Together:
    """Values that were said of some people of one house, with how the house is called."""

    spoken: str
    values: tuple[Decimal, ...]
    slot: SlotDay
    site: str = ""
    is_correction: bool = False
    origin: Pending | None = None  # in which it waited; None: just said
    is_asked: bool = False  # whose its fevers are has been asked
    known: tuple[Decimal, ...] = ()  # of these it was said whose they are

    @property
    def number(self) -> str:
        """All of them, as they are shown."""
        return _SEPARATOR.join(str(v) for v in self.values)


def take(turn: Turn, together: Together, people: Sequence[Resident], taken: Taken) -> None:
    """All of these were measured: none of them is missing; whose each value is stays open.

    A value that somebody must look after is asked about at once.
    """
    work = turn.work
    taken.houses.append(f"{together.spoken} {together.number}")
    odd = [v for v in together.values if work.rules.judge(v, together.site) is not Verdict.NORMAL]
    odd = [v for v in odd if v not in together.known]
    if together.is_asked:
        odd = [v for v in odd if v not in _fevers(turn, together)]
    if not work.is_exercise:
        for person in people:
            _cover(turn, together, person)
        if not is_relay_list(turn.said.text):
            proxy_of(turn, people[0])
    for value in odd:
        ask_which(turn, _whose(turn, together, value, people), people, taken.claims, is_sure=True)


def _whose(turn: Turn, together: Together, value: Decimal, people: Sequence[Resident]) -> Unknown:
    return Unknown(
        spoken=f"{together.spoken} {value}",
        celsius=value,
        slot=together.slot,
        site=together.site,
        may_learn=False,
        home=tuple(people),
        message_id=together.origin.message_id if together.origin else None,
    )


def _cover(turn: Turn, together: Together, person: Resident) -> None:
    """One of those of whom the values were said together."""
    work, slot = turn.work, together.slot
    query = select(Pending).where(
        Pending.kind == "household",
        Pending.resident_id == person.id,
        Pending.day == slot.day,
        Pending.slot == slot.slot.name,
        col(Pending.closed_at).is_(None),
    )
    known = list(work.db.exec(query).all())
    if any(row.number == together.number for row in known):
        return
    for row in known if together.is_correction else ():
        row.closed_at, row.outcome = work.now, "更正"
        work.db.add(row)
    origin = together.origin
    work.db.add(
        Pending(
            kind="household",
            place_id=person.place_id,
            account_id=origin.account_id if origin else turn.account.id,
            resident_id=person.id,
            spoken_who=together.spoken,
            number=together.number,
            site=together.site,
            day=slot.day,
            slot=slot.slot.name,
            message_id=_message_of(turn, origin),
            at=origin.at if origin else work.now,
        )
    )
    work.db.flush()
    work.note(f"记 {person.name} 家里一起报的 {together.number} {slot.slot.name}")
    work.mark_fact()


def _message_of(turn: Turn, origin: Pending | None) -> int | None:
    if origin is not None:
        return origin.message_id
    return turn.work.message_id


def ask_members(turn: Turn, together: Together, home: Sequence[Resident], taken: Taken) -> None:
    """Not as many as the house has: who was measured is asked once; a fever alarms meanwhile."""
    for value in _fevers(turn, together):
        ask_which(turn, _whose(turn, together, value, home), home, taken.claims, is_sure=True)
    unknown = _unknown(turn, together, Asks.MEMBERS, home)
    ask_which(turn, unknown, home, taken.claims, is_sure=True)


def wait_for_house(
    turn: Turn, together: Together, guesses: Sequence[Resident], taken: Taken
) -> None:
    """Nobody can tell whose house it is: the grid worker is asked, once for all its values."""
    unknown = _unknown(turn, together, Asks.HOUSE, ())
    if not keep_unassigned(turn, unknown, guesses, taken.claims):
        return
    taken.unknown.append(together.spoken)
    for value in _fevers(turn, together):
        alarm(turn, _whose(turn, together, value, ()))


def measured(turn: Turn, together: Together, people: Sequence[Resident], taken: Taken) -> None:
    """Who was measured is known now: one value is each one's, several stay the house's."""
    if len(together.values) > 1:
        take(turn, together, people, taken)
        return
    pending = together.origin
    for person in people:
        said = Said(
            person=person,
            celsius=together.values[0],
            slot=together.slot,
            site=together.site,
            by_account=pending.account_id if pending else turn.account.id,
            proxy=proxy_of(turn, person),
            reason="问过",
            origin=Origin.of(pending) if pending else None,
        )
        taken.kept.append(record(turn.work, said))


def waited(work: Work, pending: Pending, *, is_asked: bool) -> Together:
    """What waited for somebody's word, as it was said."""
    slots = {slot.name: slot for slot in work.rules.slots}
    slot, day_slot = slots.get(pending.slot), work.rules.slot_for(pending.at)
    if slot is not None and pending.day is not None:
        day_slot = SlotDay(pending.day, slot)
    return Together(
        spoken=pending.spoken_who,
        values=tuple(Decimal(v) for v in pending.number.split(_SEPARATOR)),
        slot=day_slot,
        site=pending.site,
        origin=pending,
        is_asked=is_asked,
    )


def _fevers(turn: Turn, together: Together) -> list[Decimal]:
    rules = turn.work.rules
    return [v for v in together.values if rules.judge(v, together.site) in FEVERS]


def _unknown(turn: Turn, together: Together, asks: Asks, home: Sequence[Resident]) -> Unknown:
    return Unknown(
        spoken=together.spoken,
        celsius=None,
        slot=together.slot,
        site=together.site,
        is_relay=is_relay_list(turn.said.text),
        may_learn=asks is Asks.HOUSE,
        values=together.number,
        asks=asks,
        home=tuple(home),
    )
