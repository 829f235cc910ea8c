"""Like questions and like claims: what joins, and what must never join."""

import pytest

from bot.content import HOME, load_gate
from bot.language.alike import Topics
from bot.language.cited import Cited, cited
from bot.language.follow_up import doubt, follow_up, is_bare_doubt, is_thanks
from bot.language.passed_on import headline, passed_on, same_claim
from tests.unit.language.test_faq import DAY


@pytest.fixture(scope="module")
def topics() -> Topics:
    return Topics(load_gate(HOME / "language")[0])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("村口那条路什么时候修好？", "村口的路啥时候能修完啊"),
        ("口罩去哪领", "在哪儿领口罩啊"),
        ("大集还开不开了", "请问大集还开吗"),
        ("几点停水", "啥时候停水"),
        ("通行证找谁开", "通行证谁给开啊"),
        ("卫生室今天开门吗", "卫生室今天开不开门"),
        ("啥时候发口罩", "口罩什么时候发啊 等好几天了"),
        ("村里的喇叭啥时候修", "村里那个喇叭什么时候能修好"),
    ],
)
def test_one_question_in_other_words(topics: Topics, one: str, other: str) -> None:
    assert topics.alike(one, other)
    assert topics.alike(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("口罩去哪领", "口罩去哪买"),
        ("口罩去哪领", "口罩什么时候发"),
        ("卫生室今天开门吗", "卫生室明天开门吗"),
        ("二组啥时候停水", "三组啥时候停水"),
        ("学校什么时候开学", "幼儿园什么时候开学"),
        ("村口那条路什么时候修", "后山那条路什么时候修"),
        ("通行证找谁开", "通行证要不要开"),
        ("怎么办", "怎么办呢"),
        ("", "大集还开吗"),
        ("什么时候", "多会儿"),
    ],
)
def test_two_questions_stay_two(topics: Topics, one: str, other: str) -> None:
    assert not topics.alike(one, other)
    assert not topics.alike(other, one)


GAS = "【转发】紧急通知！今晚零点开始全县统一停气三天，请大家提前囤好煤气罐，收到请转给家人和邻居！"
LONG = (
    "各位家人注意了，我表哥在市里上班，他说从明天早上八点开始所有的高速路口和国道都要封闭，"
    "出去的车一律不让回来，加油站也只给公家的车加油，超市里的米面油已经抢空了，家里没存粮的赶紧去买，"
    "晚了就买不到了，消息绝对可靠，赶紧转给你认识的人"
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (GAS, "紧急通知：刚刚得知，今晚零点开始全镇统一停气三天，请各家提前囤好煤气罐，互相转告"),
        ("听说喝高度酒能防病毒", "网上都说喝高度白酒可以防病毒"),
        ("听说东河桥明天要拆，大伙儿赶紧从西边绕", "听说东河桥后天要拆了，大伙赶紧从西边绕路走"),
        (LONG, LONG[:70] + "，转发"),
        (LONG, "【紧急】" + LONG.replace("八点", "九点").replace("市里", "省里") + "！！！🙏🙏"),
    ],
)
def test_an_edited_forward_is_the_same_claim(topics: Topics, one: str, other: str) -> None:
    assert passed_on(one) is not None
    assert passed_on(other) is not None
    assert same_claim(topics, one, other)
    assert same_claim(topics, other, one)
    shared = set(passed_on(one).marks) & set(passed_on(other).marks)  # type: ignore[union-attr]
    assert shared, "near texts find each other by their marks"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("听说喝高度酒能防病毒", "听说喝醋能防病毒"),
        ("都说喝绿茶能防病毒", "都说喝姜茶能防病毒"),
        (GAS, "【转发】紧急通知！今晚零点飞机要来村里撒药，请大家关好门窗，收到请转给家人和邻居！"),
        ("听说东河桥明天要拆", "听说西山路明天要封"),
        (GAS, LONG),
    ],
)
def test_the_same_frame_is_not_the_same_claim(topics: Topics, one: str, other: str) -> None:
    assert not same_claim(topics, one, other)
    assert not same_claim(topics, other, one)


@pytest.mark.parametrize(
    "text",
    [
        "我36.5",
        "大集还开吗",
        "听说喝酒能防病毒是真的吗",
        "#接龙\n1. 王桂芝 36.5\n2. 李大勇 36.6\n3. 赵敏 36.4，都说正常，听说明天还要量",
        "",
        "转发",
        "。。。。！！！",
    ],
)
def test_what_is_not_passed_on(text: str) -> None:
    assert passed_on(text) is None


def test_long_numbers_are_not_kept() -> None:
    found = passed_on(
        "【转发】有个骗子电话13912345678，身份证110101199003071234，大家千万别接，互相转告"
    )
    assert found is not None
    assert "139" not in found.text
    assert "1101" not in found.text


def test_a_claim_in_a_few_words() -> None:
    assert headline(GAS, 10) == "今晚零点开始全县统一……"
    assert headline("【转发】", 10)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (
            "没有停气这回事。出处：县燃气公司2月3日公告",
            Cited("没有停气这回事", "县燃气公司公告", DAY.replace(day=3), None),
        ),
        ("假的 出处 县疾控中心", Cited("假的", "县疾控中心", None, None)),
        (
            "x 来源：县住建局 2019年12月30日，有效到2月20日",
            Cited("x", "县住建局", DAY.replace(2019, 12, 30), DAY.replace(day=20)),
        ),
        ("县里说的", Cited("县里说的", "", None, None)),
        ("x 出处：", Cited("x", "", None, None)),
        ("x 出处 2月3日", Cited("x", "", DAY.replace(day=3), None)),
        ("x 出处 县里 12月30日", Cited("x", "县里", DAY.replace(2019, 12, 30), None)),
    ],
)
def test_words_with_their_source(words: str, found: Cited) -> None:
    assert cited(words, DAY) == found


@pytest.mark.parametrize("words", ["x 出处 县里 2月31日", "x 出处 县里 有效到 2月30日"])
def test_a_day_that_is_none_is_named(words: str) -> None:
    assert cited(words, DAY).problem


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("那孩子呢", "孩子"),
        ("孩子呢？", "孩子"),
        ("那老人也一样吗", "老人"),
        ("要是孕妇呢", "孕妇"),
        ("那孩子？", "孩子"),
        ("换成棉口罩呢", "棉口罩"),
        ("在家也要吗", "在家"),
        ("要是发烧了怎么办", "发烧了"),
        ("那行吧", None),
        ("那我等着", None),
        ("那怎么办", None),
        ("人呢", None),
        ("你呢", None),
        ("", None),
        ("那我上回跟你说的那个修路的事情后来怎么样了呢", None),
    ],
)
def test_what_is_asked_on(text: str, what: str | None) -> None:
    found = follow_up(text)
    assert (found.what if found else None) == what


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("不对", ""),
        ("你说的不对！", ""),
        ("好像不对", ""),
        ("不对吧，卫生院说两小时就换", "卫生院说两小时就换"),
        ("不对劲，我难受", None),
        ("不对称", None),
        ("对的", None),
        ("我觉得这事不对", None),
    ],
)
def test_what_is_doubted(text: str, why: str | None) -> None:
    assert doubt(text) == why


def test_thanks_and_bare_doubts() -> None:
    assert all(map(is_thanks, ("谢谢", "好的，谢谢您！", "多谢多谢", "辛苦了", "谢谢小守")))
    assert not any(map(is_thanks, ("谢天谢地", "谢大爷今天来不来", "", "谢谢，口罩多久换一次")))
    assert all(map(is_bare_doubt, ("这是真的吗", "真的假的", "靠谱不", "这个是谣言吗？")))
    assert not any(map(is_bare_doubt, ("口罩是真的吗", "", "真好", "是不是真的要封路")))
