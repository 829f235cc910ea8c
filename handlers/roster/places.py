"""Places of a roster: from the cells of a row to a place, there or still to be made."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from sqlmodel import Session, col, select

from bot.domain.registry import Place, PlaceKind, add_place
from handlers.roster.fields import half
from handlers.roster.model import PLACE_COLUMNS, Column, Row, RowError, Words

Part = tuple[str, PlaceKind]  # name and kind of one level

_LEVELS = {kind: level for level, (_, kind) in enumerate(PLACE_COLUMNS)}
_COLUMNS = tuple(column for column, _ in PLACE_COLUMNS)
_VILLAGE = _LEVELS[PlaceKind.VILLAGE]
_ZH = "零一二三四五六七八九"
_NUMBER = re.compile(r"第?(\d{1,3})(?=组|小组|村民小组|网格|队|社|$)")
_EXACT_END = {PlaceKind.VILLAGE: "村", PlaceKind.VILLAGER_GROUP: "组", PlaceKind.GRID: "网格"}
_SAME_END = re.compile(r"(?<=.)(?:村民委员会|村委会|行政村|村民小组|小组|街道办事处|街道办)$")
_SEPARATOR = re.compile(r"[/\\>→\s,，、|-]+")


@dataclass(frozen=True, slots=True)
class Spot:
    """A place: one that exists, and below it names that do not exist yet."""

    base_id: int | None
    new: tuple[Part, ...] = ()


def _zh(number: int) -> str:
    tens, ones = divmod(number, 10)
    if number >= 100 or number == 0:
        return str(number)
    head = ("" if tens == 1 else _ZH[tens]) + "十" if tens else ""
    return head + (_ZH[ones] if ones else "")


@lru_cache(maxsize=10_000)
def place_name(text: str) -> str:
    """A name as it is kept: 第3村民小组 and 3组 are 三组, 柳树沟村委会 is 柳树沟村."""
    plain = re.sub(r"\s+", "", half(text))
    plain = _NUMBER.sub(lambda found: _zh(int(found[1])), plain)
    plain = re.sub(r"^第(?=[一二三四五六七八九十]+(?:组|小组|村民小组|网格|队|社|$))", "", plain)
    short = _SAME_END.sub("", plain)
    if short == plain:
        return plain
    end = plain[len(short) :]
    if end.startswith("街道"):
        return short + "街道"
    return short + ("组" if "组" in end else "" if short.endswith(("村", "社区")) else "村")


@lru_cache(maxsize=10_000)
def place_key(text: str) -> str:
    """What two ways of writing one place have in common."""
    return re.sub(r"(?<=.)(?:村|组|队|社)$", "", place_name(text))


@dataclass
class Places:
    """All places, read once, and what the rows name."""

    db: Session
    words: Words
    default: Place | None
    _by_id: dict[int, Place] = field(default_factory=dict)
    _children: dict[int | None, list[Place]] = field(default_factory=dict)
    _made: dict[Spot, int] = field(default_factory=dict)
    _spots: dict[tuple[str, ...], Spot] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for place in self.db.exec(select(Place).order_by(col(Place.id))):
            self._by_id[place.id or 0] = place
            self._children.setdefault(place.parent_id, []).append(place)

    def spot(self, row: Row) -> Spot | RowError:
        """Where the person of a row lives."""
        cells = tuple(row.said(column) for column in (Column.PLACE, *_COLUMNS))
        known = self._spots.get(cells)
        if known is not None:
            return known
        wanted = self._parts(row)
        if not wanted and self.default is None:
            return row.error(
                Column.VILLAGE, "没写是哪个村", "填上村和组，或导入时指定地点（--place）"
            )
        found = self._walk(row, wanted)
        if isinstance(found, Spot):
            self._spots[cells] = found
        return found

    def charge(self, row: Row, home: Spot) -> Spot | RowError:
        """The place of 负责地点, else where the person lives."""
        text = row.said(Column.CHARGE)
        if not text:
            return home
        parts = self._split(text)
        if not parts:
            return row.error(
                Column.CHARGE, f"“{text[:12]}”看不出是哪里", "写成“三组”“柳树沟村”这样"
            )
        above = [p for p in self.chain(home) if _LEVELS.get(p[1], 9) < _LEVELS[parts[0][1]]]
        found = self._walk(row, [*above, *parts])
        if isinstance(found, RowError):
            return found
        return self.at_level(found, [parts[-1][1]]) or found

    def chain(self, spot: Spot) -> list[Part]:
        """The levels of a spot, widest first."""
        parts: list[Part] = []
        place = self._by_id.get(spot.base_id or 0)
        while place is not None:
            parts.append((place.name, PlaceKind(place.kind)))
            place = self._by_id.get(place.parent_id or 0)
        return [*reversed(parts), *spot.new]

    def at_level(self, spot: Spot, kinds: Iterable[PlaceKind]) -> Spot | None:
        """The spot itself or the nearest above it that is of one of these kinds."""
        wanted = set(kinds)
        for cut in range(len(spot.new), 0, -1):
            if spot.new[cut - 1][1] in wanted:
                return Spot(spot.base_id, spot.new[:cut])
        place = self._by_id.get(spot.base_id or 0)
        while place is not None:
            if place.kind in wanted:
                return Spot(place.id)
            place = self._by_id.get(place.parent_id or 0)
        return None

    def covers(self, wide: Spot, place_id: int) -> bool:
        """Whether a place is the spot or lies below it."""
        if wide.new:
            return False
        place = self._by_id.get(place_id)
        while place is not None and place.id != wide.base_id:
            place = self._by_id.get(place.parent_id or 0)
        return place is not None

    def words_of(self, spot: Spot) -> str:
        """A spot as people say it."""
        parts = self.chain(spot)
        village = [i for i, (_, kind) in enumerate(parts) if kind is PlaceKind.VILLAGE]
        return "".join(name for name, _ in parts[village[-1] if village else 0 :])

    def make(self, spot: Spot) -> int:
        """Make what does not exist yet; the id of the place."""
        if not spot.new and spot.base_id is not None:
            return spot.base_id
        if spot not in self._made:
            above = Spot(spot.base_id, spot.new[:-1])
            has_parent = above.new or above.base_id is not None
            parent = self.db.get_one(Place, self.make(above)) if has_parent else None
            name, kind = spot.new[-1]
            self._made[spot] = add_place(self.db, parent, name, kind).id or 0
        return self._made[spot]

    def _parts(self, row: Row) -> list[Part]:
        """The levels that a row names, widest first; a finer column wins over 地点."""
        found = {kind: name for name, kind in self._split(row.said(Column.PLACE))}
        for column, kind in PLACE_COLUMNS:
            text = row.said(column)
            if not text:
                continue
            is_narrow = kind in (PlaceKind.VILLAGER_GROUP, PlaceKind.GRID)
            split = self._split(text) if is_narrow else []
            if len(split) > 1 and split[-1][1] is kind:
                found.update({part_kind: name for name, part_kind in split})
            else:
                found[kind] = self._full(text, kind)
        return sorted(((n, k) for k, n in found.items()), key=lambda part: _LEVELS[part[1]])

    def _full(self, text: str, kind: PlaceKind) -> str:
        name = place_name(text)
        end = _EXACT_END.get(kind, "")
        if not end or self.words.kind_of(name) is not None:
            return name
        if kind is PlaceKind.VILLAGER_GROUP and not re.fullmatch(
            r"[一二三四五六七八九十]+|\d+", name
        ):
            return name  # a hamlet that has a name of its own
        return name + end

    def _split(self, text: str) -> list[Part]:
        """朝阳县/柳树沟镇/柳树沟村/三组, or the same run together."""
        parts: list[Part] = []
        for piece in _SEPARATOR.split(half(text)):
            for name in map(place_name, self._run_together(place_name(piece))):
                kind = self.words.kind_of(name)
                if kind is not None:
                    parts.append((name, kind))
        kinds = [kind for _, kind in parts]
        if kinds.count(PlaceKind.VILLAGER_GROUP) > 1 and PlaceKind.VILLAGE not in kinds:
            first = kinds.index(
                PlaceKind.VILLAGER_GROUP
            )  # 张家庄三组: a village named like a hamlet
            parts[first] = (parts[first][0], PlaceKind.VILLAGE)
        return parts

    def _run_together(self, text: str) -> list[str]:
        """Cut behind an ending, unless another follows at once (新乡市) or none is before."""
        names: list[str] = []
        start = at = 0
        ends = [end for end, _ in self.words.endings]
        while at < len(text):
            end = next((e for e in ends if text.startswith(e, at)), "")
            if not end or at == start:
                at += 1
                continue
            at += len(end)
            if not any(text.startswith(e, at) for e in ends):
                names.append(text[start:at])
                start = at
        return [*names, text[start:]] if start < len(text) else names

    def _walk(self, row: Row, wanted: list[Part]) -> Spot | RowError:
        above = self._above_default()
        base, new = self.default, list[Part]()
        floor = _LEVELS.get(PlaceKind(self.default.kind), -1) if self.default else -1
        for name, kind in wanted:
            if self.default is not None and _LEVELS[kind] <= floor:
                own = above.get(kind)
                if own is not None and place_key(own.name) != place_key(name):
                    return self._elsewhere(row, name, kind, own.name)
                continue  # a level above, the same or one that our tree does not have here
            found = [] if new else self._children_named(base, name, kind)
            if len(found) > 1:
                return row.error(
                    self._column(row, kind),
                    f"“{name}”有 {len(found)} 个",
                    "把上一级（村、乡镇）也填上",
                )
            if found:
                base = found[0]
            else:
                new.append((name, kind))
        spot = Spot(base.id if base else None, tuple(new))
        if (
            new
            and _LEVELS[new[0][1]] > _VILLAGE
            and self.at_level(spot, [PlaceKind.VILLAGE]) is None
        ):
            return row.error(Column.VILLAGE, f"只写了“{new[-1][0]}”，不知道是哪个村", "填上村")
        return spot

    def _above_default(self) -> dict[str, Place]:
        found: dict[str, Place] = {}
        place = self.default
        while place is not None:
            found.setdefault(place.kind, place)
            place = self._by_id.get(place.parent_id or 0)
        return found

    @staticmethod
    def _column(row: Row, kind: PlaceKind) -> Column:
        column = next(column for column, level in PLACE_COLUMNS if level is kind)
        return column if row.said(column) else Column.PLACE

    def _elsewhere(self, row: Row, name: str, kind: PlaceKind, own: str) -> RowError:
        return row.error(
            self._column(row, kind),
            f"写的是“{name}”，这次导入的却是“{own}”",
            "改正这一格，或换一个地点（--place）再导入",
        )

    def _children_named(self, parent: Place | None, name: str, kind: PlaceKind) -> list[Place]:
        """Places of that name and kind below the parent, at the nearest depth that has any."""
        key = place_key(name)
        near = self._children.get(parent.id if parent else None, [])
        while near:
            found = [p for p in near if p.kind == kind and place_key(p.name) == key]
            if found:
                exact = [p for p in found if p.name == name]
                return exact or found
            near = [child for place in near for child in self._children.get(place.id, [])]
        return []
