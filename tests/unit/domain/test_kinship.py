"""Kinship words from each place in a house, turned round."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.kinship import Member, kins_of, meant

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
