"""Kinship words from each place in a house, turned round."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.kin_words import is_single, kins_of
from bot.domain.kinship import Member, meant

HOUSE = [
    Member(1, "张桂芳", ""),
    Member(2, "王德福", "老伴"),
    Member(3, "王强", "儿子"),
    Member(4, "李梅", "儿媳妇"),
    Member(5, "王小宝", "孙子"),
    Member(6, "王小雪", "孙女"),
]
WHO = {member.name: member.id for member in HOUSE}

SAID = [
    # speaker, word, whom it means
    ("张桂芳", "老伴", "王德福"),
    ("张桂芳", "老头子", "王德福"),
    ("张桂芳", "孩子他爸", "王德福"),
    ("张桂芳", "儿子", "王强"),
    ("张桂芳", "大儿子", "王强"),
    ("张桂芳", "儿媳", "李梅"),
    ("张桂芳", "孙子", "王小宝"),
    ("张桂芳", "孙女", "王小雪"),
    ("王德福", "老伴", "张桂芳"),
    ("王德福", "老婆", "张桂芳"),
    ("王德福", "孙子", "王小宝"),
    ("王德福", "儿子", "王强"),
    ("王强", "媳妇", "李梅"),
    ("王强", "老婆", "李梅"),
    ("王强", "我爸", "王德福"),
    ("王强", "爸", "王德福"),
    ("王强", "妈", "张桂芳"),
    ("王强", "儿子", "王小宝"),
    ("王强", "闺女", "王小雪"),
    ("李梅", "老公", "王强"),
    ("李梅", "公公", "王德福"),
    ("李梅", "婆婆", "张桂芳"),
    ("李梅", "儿子", "王小宝"),
    ("王小宝", "爷爷", "王德福"),
    ("王小宝", "奶奶", "张桂芳"),
    ("王小宝", "爸爸", "王强"),
    ("王小宝", "妈妈", "李梅"),
    ("王小宝", "妹妹", "王小雪"),
    ("王小雪", "哥哥", "王小宝"),
]


@pytest.mark.parametrize(("speaker", "word", "whom"), SAID)
def test_whom_a_word_means(speaker: str, word: str, whom: str) -> None:
    bare = word.removeprefix("我")
    assert [m.name for m in meant(HOUSE, WHO[speaker], bare)] == [whom]


@pytest.mark.parametrize(
    ("house", "speaker", "word", "names"),
    [
        (
            [Member(1, "甲", ""), Member(2, "乙", "儿子"), Member(3, "丙", "儿子")],
            1,
            "儿子",
            "乙丙",
        ),
        (
            [Member(1, "甲", ""), Member(2, "乙", "大孙子"), Member(3, "丙", "小孙子")],
            1,
            "孙子",
            "乙丙",
        ),
        (
            [Member(1, "甲", ""), Member(2, "乙", "大孙子"), Member(3, "丙", "小孙子")],
            1,
            "小孙子",
            "丙",
        ),
        (
            [Member(1, "甲", ""), Member(2, "乙", "大孙子"), Member(3, "丙", "小孙子")],
            1,
            "大孙子",
            "乙",
        ),
        ([Member(1, "甲", ""), Member(2, "乙", "儿子")], 1, "孙子", ""),
        ([Member(1, "甲", "")], 1, "老伴", ""),
    ],
)
def test_what_is_not_sure_is_all_of_them_or_none(
    house: list[Member], speaker: int, word: str, names: str
) -> None:
    assert "".join(m.name for m in meant(house, speaker, word)) == names


@pytest.mark.parametrize("word", ["37.3", "隔壁老王", "猪", "", "大", "体温", "书记"])
def test_what_is_no_kinship_word(word: str) -> None:
    assert kins_of(word) == ()


def house(*called: str) -> list[Member]:
    """Members named by their numbers; the householder is 甲, a word may bring a name: 王芳=儿媳."""
    made = [Member(1, "甲", "")]
    for number, word in enumerate(called, 2):
        name, _, own = word.rpartition("=")
        made.append(Member(number, name or own, own))
    return made


OTHERS = [
    # house, speaker, word, whom ("" where nobody is sure)
    (house("老伴", "大儿子", "二儿子"), 1, "老大", "大儿子"),
    (house("老伴", "大儿子", "二儿子"), 2, "老二", "二儿子"),
    (house("大儿子", "小儿子"), 1, "二儿子", "小儿子"),
    (house("大孙子", "小孙子"), 1, "小的", "小孙子"),
    (house("大孙子"), 1, "小孙子", ""),
    (house("儿子"), 1, "二儿子", ""),
    (house("儿子"), 1, "小儿子", "儿子"),
    (house("大儿子", "儿子"), 1, "二儿子", "儿子"),
    (house("老公", "儿子"), 1, "他爸", "老公"),
    (house("老伴", "王强=儿子", "李梅=儿媳", "孙子"), 4, "他爸", "王强"),
    (house("王福=老伴", "王强=儿子", "李梅=儿媳", "孙子"), 4, "他爷", "王福"),
    (house("王福=老伴", "王强=儿子", "李梅=儿媳", "孙子"), 4, "孩子他爷", "王福"),
    (house("老婆", "儿子", "爸", "妈"), 2, "公公", "爸"),
    (house("老婆", "儿子", "爸", "妈"), 2, "婆婆", "妈"),
    (house("老婆", "儿子", "爸", "妈"), 3, "爷爷", "爸"),
    (house("老婆", "儿子", "岳母"), 3, "姥姥", "岳母"),
    (house("老婆", "儿子", "岳母"), 4, "女婿", "甲"),
    (house("老伴", "赵敏=闺女", "刘刚=女婿"), 4, "媳妇", "赵敏"),
    (house("王梅=媳妇", "儿子"), 1, "媳妇", "王梅"),
    (house("王梅=媳妇", "儿子"), 2, "老公", "甲"),
    (house("王梅=媳妇", "儿子"), 3, "妈", "王梅"),
    (house("老伴", "儿子", "李梅=媳妇", "孙子"), 5, "妈", "李梅"),
    (house("弟弟", "儿子"), 3, "叔", "弟弟"),
    (house("弟弟", "儿子"), 2, "侄子", "儿子"),
]


@pytest.mark.parametrize(("members", "speaker", "word", "whom"), OTHERS)
def test_other_houses(members: list[Member], speaker: int, word: str, whom: str) -> None:
    assert "".join(m.name for m in meant(members, speaker, word)) == whom


@pytest.mark.parametrize(
    ("members", "speaker", "word"),
    [
        ([Member(1, "王德福", ""), Member(2, "孙秀兰", "老伴")], 1, "老头"),  # a man says it
        ([Member(1, "王德福", ""), Member(2, "小宝", "孙子")], 2, "奶奶"),  # there is a 爷爷 only
        ([Member(1, "李大勇", ""), Member(2, "小明", "儿子")], 2, "妈"),
        ([Member(1, "甲", ""), Member(2, "乙", "老公"), Member(3, "丙", "儿子")], 3, "媳妇"),
    ],
)
def test_whom_it_cannot_be(members: list[Member], speaker: int, word: str) -> None:
    assert meant(members, speaker, word) == []


@pytest.mark.parametrize(
    ("word", "is_one"),
    [
        ("老伴", True),
        ("爸", True),
        ("大儿子", True),
        ("小的", True),
        ("老孙头", True),
        ("孙子", False),
    ],
)
def test_what_a_speaker_can_mean_only_once(word: str, is_one: bool) -> None:
    assert is_single(word) is is_one


words = st.sampled_from(
    sorted({word for _, word, _ in SAID} | {"孩子", "娃", "姥姥", "女婿", "猪"})
)
houses = st.lists(
    st.sampled_from(["老伴", "儿子", "闺女", "儿媳妇", "孙子", "爸", "妈", "别的"]), max_size=6
)


@given(houses, words, st.integers(0, 7))
def test_nobody_means_themselves_or_a_stranger(called: list[str], word: str, who: int) -> None:
    house = [Member(0, "户主", ""), *(Member(n, f"人{n}", c) for n, c in enumerate(called, 1))]
    found = meant(house, who, word)
    assert all(m in house for m in found)
    assert who not in {m.id for m in found}
    assert len({m.id for m in found}) == len(found)
