"""Places and who sees what: below, never beside."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import Session

from bot.domain.audit import Audit, verify
from bot.domain.audit import note as audit
from bot.domain.registry import (
    Place,
    Resident,
    Role,
    Scope,
    add_place,
    holders,
    is_below,
    may_see,
    path_words,
    places_above,
    places_below,
    residents_of_place,
    scope_of,
    village_of,
)
from tests.unit.kernel.ground import at, closing, memory

DAY = date(2020, 2, 3)


class Tree(NamedTuple):
    """A county with two villages; the first has two groups."""

    session: Session
    county: Place
    town: Place
    village: Place
    one: Place
    two: Place
    beside: Place


@pytest.fixture
def tree() -> Iterator[Tree]:
    store = memory()
    with store.begin() as session:
        county = add_place(session, None, "朝阳县", "county")
        town = add_place(session, county, "柳树沟镇", "township")
        village = add_place(session, town, "柳树沟村", "village")
        one = add_place(session, village, "一组", "villager_group")
        two = add_place(session, village, "二组", "villager_group")
        beside = add_place(session, town, "小庄村", "village")
        yield Tree(session, county, town, village, one, two, beside)
    store.close()


def key(place: Place) -> int:
    assert place.id is not None
    return place.id


def person(
    tree: Tree, name: str, place: Place, role: str = "", at_place: Place | None = None
) -> Resident:
    resident = Resident(name=name, place_id=key(place))
    tree.session.add(resident)
    tree.session.flush()
    if role:
        tree.session.add(
            Role(resident_id=resident.id or 0, place_id=key(at_place or place), role=role)
        )
        tree.session.flush()
    return resident


def test_above_and_below(tree: Tree) -> None:
    names = [place.name for place in places_above(tree.session, key(tree.one))]
    assert names == ["一组", "柳树沟村", "柳树沟镇", "朝阳县"]
    below = {key(p) for p in (tree.village, tree.one, tree.two)}
    assert set(places_below(tree.session, key(tree.village))) == below
    assert is_below(tree.session, key(tree.one), key(tree.county))
    assert not is_below(tree.session, key(tree.county), key(tree.one))
    assert not is_below(tree.session, key(tree.beside), key(tree.village))


def test_as_people_say_it(tree: Tree) -> None:
    assert path_words(tree.session, key(tree.one)) == "柳树沟村一组"
    assert path_words(tree.session, key(tree.village)) == "柳树沟村"
    assert village_of(tree.session, key(tree.one)).name == "柳树沟村"
    assert village_of(tree.session, key(tree.town)).name == "柳树沟镇"


def test_a_cadre_sees_below_never_beside_and_never_above(tree: Tree) -> None:
    cadre = person(tree, "李书记", tree.village, "village_secretary")
    scope = scope_of(tree.session, cadre.id or 0, DAY)
    seen = {
        place.name
        for place in (tree.county, tree.town, tree.village, tree.one, tree.two, tree.beside)
        if may_see(tree.session, scope, key(place))
    }
    assert seen == {"柳树沟村", "一组", "二组"}
    assert not may_see(tree.session, Scope(0, ()), key(tree.one))


@pytest.mark.parametrize(
    ("starts", "ends", "holds"),
    [(None, None, True), (0, None, True), (1, None, False), (None, 0, True), (None, -1, False)],
)
def test_a_role_holds_from_its_first_to_its_last_day(
    tree: Tree, starts: int | None, ends: int | None, holds: bool
) -> None:
    cadre = person(tree, "王网格", tree.one)
    role = Role(resident_id=cadre.id or 0, place_id=key(tree.one), role="grid_worker")
    role.from_on = DAY + timedelta(days=starts) if starts is not None else None
    role.to_on = DAY + timedelta(days=ends) if ends is not None else None
    tree.session.add(role)
    tree.session.flush()
    assert scope_of(tree.session, cadre.id or 0, DAY).is_cadre is holds
    assert (holders(tree.session, key(tree.one), "grid_worker", DAY) == [cadre]) is holds


def test_the_nearest_level_that_has_one_holds_a_role(tree: Tree) -> None:
    far = person(tree, "县医", tree.county, "village_doctor")
    assert holders(tree.session, key(tree.one), "village_doctor", DAY) == [far]
    near = person(tree, "张大夫", tree.village, "village_doctor")
    assert holders(tree.session, key(tree.one), "village_doctor", DAY) == [near]
    assert holders(tree.session, key(tree.beside), "village_doctor", DAY) == [far]
    assert holders(tree.session, key(tree.one), "buyer", DAY) == []


def test_who_lives_below(tree: Tree) -> None:
    one = person(tree, "甲", tree.one)
    gone = person(tree, "乙", tree.two)
    gone.gone = "moved"
    person(tree, "丙", tree.beside)
    tree.session.flush()
    assert residents_of_place(tree.session, key(tree.village)) == [one]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 30), max_size=25))
def test_the_closure_is_the_tree(parents: list[int]) -> None:
    store = memory()
    with closing(store), store.begin() as session:
        places: list[Place] = []
        for number, index in enumerate(parents):
            parent = places[index % len(places)] if places and index % 4 else None
            places.append(add_place(session, parent, f"地{number}", "grid"))
        by_id = {place.id: place for place in places}
        for place in places:
            walked, step = [], place
            while True:
                walked.append(step.id)
                if step.parent_id is None:
                    break
                step = by_id[step.parent_id]
            assert [p.id for p in places_above(session, place.id or 0)] == walked


def test_the_chain_of_the_audit_shows_any_later_change(tree: Tree) -> None:
    for number in range(5):
        audit(tree.session, at(number), "reading.corrected", words=f"第{number}次")
    assert verify(tree.session) == (5, None)
    line = tree.session.get_one(Audit, 3)
    line.note = "改了"
    tree.session.add(line)
    tree.session.flush()
    assert verify(tree.session) == (3, 3)
    line.note = "第2次"
    tree.session.flush()
    assert verify(tree.session) == (5, None)
    tree.session.delete(tree.session.get_one(Audit, 2))
    tree.session.flush()
    assert verify(tree.session)[1] == 3
