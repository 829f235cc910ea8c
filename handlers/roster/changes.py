"""What a roster's row would change of somebody whom we know: old → new, as it may be shown."""

from dataclasses import dataclass

from bot.domain.registry import Resident
from bot.seal import Sealer
from handlers.roster.houses import House
from handlers.roster.match import People, Placed
from handlers.roster.model import Column
from handlers.roster.places import Places, Spot

_GONE = {"moved": "已搬走", "died": "已去世"}


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a person: old → new as it may be shown, numbers masked."""

    column: Column
    old: str
    new: str

    def __str__(self) -> str:
        """电话 138****0001→138****0002."""
        return f"{self.column} {self.old or '（空）'}→{self.new}"


def own_changes(one: Placed, who: Resident, places: Places) -> list[FieldChange]:
    """What the row says otherwise of the person; a blank says nothing."""
    entry = one.entry
    changes: list[FieldChange] = []

    def differ(column: Column, old: str, new: str) -> None:
        if new and old != new:
            changes.append(FieldChange(column, old, new))

    differ(Column.NAME, who.name, entry.name)
    if who.gone:
        differ(Column.REMARK, _GONE.get(who.gone, who.gone), "在村")
    if not places.covers(one.spot, who.place_id):
        differ(
            Column.PLACE,
            places.words_of(Spot(who.place_id)),
            places.words_of(one.spot),
        )
    if one.id_hash and one.id_hash != who.id_number_hash:
        differ(Column.ID_NUMBER, who.id_number_mask, Sealer.mask_id_number(entry.id_number))
    if one.phone_hash and one.phone_hash != who.phone_hash:
        old = f"尾号 {who.phone_tail}" if who.phone_tail else ""
        differ(Column.PHONE, old, Sealer.mask_phone(entry.phone))
    differ(Column.BORN, str(who.born_on or ""), str(entry.born_on or ""))
    differ(Column.MARK, who.mark, entry.mark)
    for column, before, after in (
        (Column.NO_PHONE, who.has_no_phone, entry.has_no_phone),
        (Column.ALONE, who.lives_alone, entry.lives_alone),
    ):
        if after is not None and before is not after:
            changes.append(FieldChange(column, _yes(before), _yes(after)))
    return changes


def house_changes(
    at: int, one: Placed, who: Resident, house: House | None, known: People, unknown_relation: str
) -> list[FieldChange]:
    """What the row, at this place in the list, says otherwise of the person's house."""
    if house is None:
        return []
    entry = one.entry
    home = known.households.get(house.id or 0)
    changes: list[FieldChange] = []
    before = known.head_names.get(who.household_id or 0, "")
    heads_now = home is not None and home.householder_id == who.id
    if home is None or who.household_id != home.id or (at == house.head and not heads_now):
        changes.append(FieldChange(Column.HOUSEHOLDER, before, house.householder))
    called = called_of(entry.relation, entry.is_head, who.called, unknown_relation)
    if called != who.called:
        old = who.called or ("户主" if before == who.name else "")
        changes.append(FieldChange(Column.RELATION, old, called or "户主"))
    if home is not None and house.address and at == house.members[0]:
        changes.append(FieldChange(Column.ADDRESS, home.address, house.address))
    return changes


def called_of(relation: str, is_head: bool, before: str, unknown: str) -> str:
    """The kinship word to be kept: a real one is never lost to 家人."""
    if is_head:
        return ""
    return before if relation == unknown and before else relation


def _yes(flag: bool) -> str:
    return "是" if flag else "否"
