"""Long texts: never over the limit, nothing lost, cut where a reader would pause."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.split import size, split

NUMBER = re.compile(r"\((\d+)/(\d+)\) ")
NOTICE = (
    "各位村民：\n一、返乡人员请在 24 小时内登记，电话 0412-1234567。\n"
    "二、每日早晚各报一次体温，直接写 36.5 就行。发热 37.3 以上请马上说！\n"
    "三、详情看 https://example.org/notice/2020/0203?id=17 或问小守。\n\n"
)


def bodies(parts: list[str]) -> list[str]:
    """The parts without their numbers."""
    return [NUMBER.sub("", part, count=1) for part in parts]


def squeezed(text: str) -> str:
    """The text without white space: what a cut may drop."""
    return "".join(text.split())


def test_text_that_fits_is_left_alone() -> None:
    assert split("体温36.5\n", 2048) == ["体温36.5\n"]
    assert split("一" * 682 + "ab", 2048) == ["一" * 682 + "ab"]  # 2,048 bytes exactly
    assert len(split("一" * 683, 2048)) == 2  # 2,049


def test_parts_are_numbered_within_the_limit() -> None:
    parts = split(NOTICE * 30, 2048)
    assert [NUMBER.match(part) is not None for part in parts] == [True] * len(parts)
    assert [NUMBER.match(part).groups() for part in parts if NUMBER.match(part)] == [  # type: ignore[union-attr]  # matched above
        (str(n), str(len(parts))) for n in range(1, len(parts) + 1)
    ]
    assert all(size(part) <= 2048 for part in parts)
    assert squeezed("".join(bodies(parts))) == squeezed(NOTICE * 30)


def test_paragraphs_then_lines_are_kept_whole() -> None:
    for body in bodies(split(NOTICE * 30, 2048)):
        assert body.startswith("各位村民")
        assert body.endswith("小守。")
    lines = {line for line in NOTICE.split("\n") if line}
    for body in bodies(split(NOTICE, 180)):
        assert set(body.split("\n")) <= lines


def test_sentences_then_clauses() -> None:
    assert bodies(split("今天没有新增。" * 8, 80)) == ["今天没有新增。" * 3] * 2 + [
        "今天没有新增。" * 2
    ]
    assert bodies(split("他说“别慌！”然后走了", 32)) == ["他说“别慌！”", "然后走了"]
    assert all(body.endswith(("，", "完")) for body in bodies(split("先登记，" * 20 + "完", 50)))


@pytest.mark.parametrize(
    "whole", ["13800001111", "https://example.org/a/b?c=1&d=2", "36.5", "1,234.5", "0412-1234567"]
)
def test_numbers_and_addresses_are_not_cut(whole: str) -> None:
    for before in range(12):
        parts = split("请" * before + whole + "知悉" * 20, 80)
        assert any(whole in part for part in parts), before


@pytest.mark.parametrize("item", ["1. ", "一、", "12、"])
def test_the_number_of_an_item_stays_with_it(item: str) -> None:
    for before in range(4, 20):
        for body in bodies(split("请" * before + "。" + item + "返乡人员请马上登记" * 2, 60)):
            assert not body.endswith(item.strip()), before


@pytest.mark.parametrize("one", ["👨‍👩‍👧‍👦", "👍🏽", "🇨🇳", "e\u0301", "1️⃣", "❤️"])
def test_one_visible_character_is_never_cut(one: str) -> None:
    for body in bodies(split(one * 60, 50)):
        assert squeezed(body.replace(one, "")) == ""


def test_nothing_to_cut_at() -> None:
    parts = split("x" * 1000, 32)
    assert "".join(bodies(parts)) == "x" * 1000
    assert len(parts) > 9  # two digits in the number, and still within the limit
    assert all(size(part) <= 32 for part in parts)
    assert "".join(bodies(split("e" + "\u0301" * 500, 64))) == "e" + "\u0301" * 500


def test_only_white_space_says_nothing() -> None:
    assert split(" \n" * 100, 64) == []
    assert split("好" + "\n" * 100, 64) == ["好"]


def test_too_little_room() -> None:
    with pytest.raises(ValueError, match="32"):
        split("一", 31)


def test_a_quarter_megabyte_is_quick() -> None:
    began = time.process_time()
    split("防控靠大家。" * 14_000, 2048)
    split("防" * 85_000, 2048)
    assert time.process_time() - began < 2.0


@given(
    st.text(
        alphabet="一二。！，,.;: \n\t\r36a~é👍🏽🇨🇳\u200d\ufe0f\u0301（”\ud800\u3000", max_size=400
    )
    | st.text(max_size=400),
    st.integers(32, 120),
)
def test_whatever_comes(text: str, limit: int) -> None:
    parts = split(text, limit)
    assert all(size(part) <= limit for part in parts)
    if parts == [text]:
        return
    assert squeezed("".join(bodies(parts) if len(parts) > 1 else parts)) == squeezed(text)
