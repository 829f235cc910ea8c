"""Whose a number is: said behind it, passed on for others, compared, shared, in a row of names."""

from datetime import date

import pytest

from bot.language.meaning import Utterance
from bot.language.readings import read

TOLD = """
昨晚上烧，38度3，今早上退到37度2了——说的是我家老闺女 => 老闺女 38.3, 老闺女 37.2
量出来38.4，给孩子量的 => 孩子 38.4
36.6，别误会，这是我老公的数 => 老公 36.6
昨晚38.6，今早37.2，儿子能下地了 => 儿子 38.6, 儿子 37.2
38.6，媳妇给我熬了粥 => self 38.6
替我在呼和浩特的二姐报一个，36.8，她那边也天天量 => 二姐 36.8
替隔壁庄大娘报，36度，她不会弄手机 => 庄大娘 36.0
老人不会用手机，我帮着报，36.2 => 老人 36.2
姥爷不会使手机我替他说 量的是三十六度一 => 姥爷 36.1
老太太死活不让量，我趁她睡着夹的，36.4 => 老太太 36.4
我姥娘九十一了，自个儿眯着眼念给我听：36度2 => 姥娘 36.2
儿媳妇给我报的36.5 => self 36.5
弟弟嫌我啰嗦，36.5 => self 36.5
赵桂英 36.5（女儿代填） => 赵桂英 36.5
我妈36.3，我爸比她高零点二，36.5 => 妈 36.3, 爸 36.5
我36.4，爸妈还有小妹也都是 => self 36.4, 爸 36.4, 妈 36.4, 小妹 36.4
我36.6，媳妇、闺女同上 => self 36.6, 媳妇 36.6, 闺女 36.6
我跟我弟差不多，我36.5他36.6 => self 36.5, 弟 36.6
爸爸妈妈和我都是36.6 => 爸爸 36.6, 妈妈 36.6, self 36.6
父/母/我：36.3/36.5/36.4 => 父 36.3, 母 36.5, self 36.4
小的那个38.4，大的还没发作，36.7 => 小的那个 38.4, 大的 36.7
儿36.7，媳36.5，孙37.0 => 儿 36.7, 媳 36.5, 孙 37.0
wo 36.3, laopo 36.6, dou hao => self 36.3, laopo 36.6
我老汉儿36.6 => 老汉儿 36.6
额娃37度2，额达额妈都是36度5 => 娃 37.2, 达 36.5, 妈 36.5
春生36.5夏至36.3秋实36.8 => 春生 36.5, 夏至 36.3, 秋实 36.8
石榴37.8，果果36.9，石榴有点咳 => 石榴 37.8, 果果 36.9
石头36.6板凳36.7，俩娃都好，我这当爷爷的36.1 => 石头 36.6, 板凳 36.7, self 36.1
豆粕36.5 玉米38.8 =>
室内36.5 室外36.2 =>
王六斤36.5，王二麻子36.6，马大哈36.4 => 王六斤 36.5, 王二麻子 36.6, 马大哈 36.4
全老太36.2，台春花36.5 => 全老太 36.2, 台春花 36.5
谷雨生 36.5 => 谷雨生 36.5
孤老伍嗲36.1 => 伍嗲 36.1
给对门的老孙头报一下，36.7 => 老孙头 36.7
西厢房那个房客小路我给量了，37度5 => 小路 37.5
"""
ASKED = """
李逵你老婆多少度 => 老婆
小兰你家老二多少度 => 老二
兰子 恁家二小还烧不烧 => 二小
二柱他娘咋样了，还烧不 => 二柱他娘
赵小兰 老人量了没有 => 老人
你们家几个人，都多少度 => household
小兰，你多少度 => self
"""


def lines(listed: str) -> list[tuple[str, str]]:
    pairs = (line.split("=>") for line in listed.strip().splitlines())
    return [(text.strip(), found.strip()) for text, found in pairs]


def whose(text: str, sender: str) -> list[tuple[str, float]]:
    report = read(Utterance(text, sender, True, date(2020, 2, 15), 1200))
    return sorted((r.who, float(r.celsius)) for r in report.readings)


@pytest.mark.parametrize(("text", "found"), lines(TOLD))
def test_whose_numbers_are(text: str, found: str) -> None:
    people = [one.split() for one in found.split(",") if one]
    assert whose(text, "甲乙") == sorted((who, float(degrees)) for who, degrees in people)


@pytest.mark.parametrize(("question", "who"), lines(ASKED))
def test_an_answer_is_about_whom_the_quoted_question_asks_of(question: str, who: str) -> None:
    text = f"「村医：{question}」\n- - - - - - - - - - - - - - -\n36.5"
    assert whose(text, "赵小兰") == [(who, 36.5)]


def test_a_modest_name_is_the_sender() -> None:
    assert whose("报告！秦某体温36度8", "退休老兵秦") == [("self", 36.8)]
