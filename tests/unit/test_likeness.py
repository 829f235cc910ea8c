"""How alike two names are, and what a form of address tells."""

import pytest

from bot.likeness import called, dull, is_name, score, sound, tones, without_title


@pytest.mark.parametrize(
    ("one", "other", "by_sound", "by_tones", "by_dull"),
    [
        ("王桂芝", "王贵枝", True, True, True),
        ("李光田", "李广添", True, False, True),
        ("张伟", "张玮", True, True, True),
        ("陈金花", "程今发", False, False, True),
        ("刘娜", "刘拉", False, False, True),
        ("王强", "王刚", False, False, False),
    ],
)
def test_names_alike(one: str, other: str, by_sound: bool, by_tones: bool, by_dull: bool) -> None:
    assert (sound(one) == sound(other)) is by_sound
    assert (tones(one) == tones(other)) is by_tones
    assert (dull(one) == dull(other)) is by_dull


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("老孙头", ("孙", True)),
        ("孙奶奶", ("孙", False)),
        ("王大爷", ("王", True)),
        ("小李", ("李", None)),
        ("李姐", ("李", False)),
        ("老王家的", ("王", False)),
        ("大勇", None),
        ("王桂芝", None),
        ("孙", None),
    ],
)
def test_what_a_form_of_address_tells(text: str, told: tuple[str, bool | None] | None) -> None:
    assert called(text) == told


@pytest.mark.parametrize(
    ("said", "name", "least"),
    [
        ("王桂芝", "王桂芝", 100),
        ("王贵枝", "王桂芝", 95),
        ("桂芝妈", "王桂芝", 80),
        ("强子", "马强", 70),
        ("阿强", "马强", 70),
        ("王桂枝", "王桂珍", 60),
        ("体温", "王桂芝", 0),
        ("强子", "王桂芝", 0),
    ],
)
def test_how_well_a_name_fits(said: str, name: str, least: int) -> None:
    found = score(said, name)
    assert found >= least
    assert (found == 0) is (least == 0)


@pytest.mark.parametrize(
    ("text", "name"), [("秀英婶", "秀英"), ("王桂芝大娘", "王桂芝"), ("王婶", ""), ("秀英", "")]
)
def test_a_title_behind_a_name(text: str, name: str) -> None:
    assert without_title(text) == name


@pytest.mark.parametrize(("text", "is_one"), [("王伟", True), ("王", False), ("Tom", False)])
def test_what_could_be_a_name(text: str, is_one: bool) -> None:
    assert is_name(text) is is_one
