"""The checks of a pack: its sources have addresses, its numbers are those of its facts."""

from dataclasses import replace
from datetime import date

import pytest

from bot.language.faq_check import check_pack, numbers
from bot.language.pack import Entry, Pack, Source

ENTRY = Entry(
    id="rest",
    question="发烧要歇几天",
    wordings=("烧了歇多久", "发烧几天能下地", "烧退了还歇不歇", "发烧躺几天"),
    answer="歇两三天。",
    spoken="歇两三天。",
    source=Source("疾控中心", "https://example.org/a", date(2026, 1, 1)),
    facts=("休息2到3天",),
)


def problems(entry: Entry) -> list[str]:
    return check_pack(Pack("p", "t", (entry,)))


def test_an_entry_with_source_and_facts_has_no_problem() -> None:
    assert problems(ENTRY) == []


def test_a_source_without_an_address_is_refused() -> None:
    bare = replace(ENTRY, source=Source("疾控中心", "", date(2026, 1, 1)))
    assert problems(bare) == ["rest：出处没有地址 source.url"]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("两三天", {"2", "3"}),
        ("一两个月", {"1", "2"}),
        ("三五天", {"3", "5"}),
        ("二三十斤", {"20", "30"}),
        ("十七八岁", {"17", "18"}),
        ("一百二三十里", {"120", "130"}),
        ("三十八度", {"38"}),
        ("一二三二〇", {"12320"}),
        ("九五", {"95"}),
    ],
)
def test_an_estimate_is_two_numbers(said: str, meant: set[str]) -> None:
    assert numbers(said) == meant


def test_an_estimate_that_the_facts_do_not_have_is_named() -> None:
    assert problems(replace(ENTRY, facts=("休息2天",))) == [
        "rest：回答里的数字 3 在 facts 里找不到"
    ]
