"""The engine on a small pack: dated truth, groups, forwards, several questions, silence."""

from dataclasses import replace
from datetime import date

import pytest

from bot.language.answers import (
    answer_record,
    best_day,
    item_from_record,
    item_record,
)
from bot.language.faq import Action, Asked, Engine
from bot.language.faq_check import check_pack, numbers
from bot.language.gate import Gate
from bot.language.items import Item, ItemEngine
from bot.language.lexicon import Lexicon
from bot.language.pack import Pack, entry_from_toml, pack_from_toml

DAY = date(2020, 2, 10)
FORWARD = (
    "紧急通知：今晚十二点直升机在全县上空喷洒消毒药水，"
    "请各家关好门窗收好衣服，不要外出，转给亲戚朋友"
)


def source() -> dict[str, object]:
    return {"title": "疾控中心", "url": "https://example.org/a", "on": date(2020, 1, 30)}


def rows() -> list[dict[str, object]]:
    return [
        {
            "id": "mask-change",
            "question": "口罩多久换一次",
            "wordings": ["口罩几天换", "一个口罩戴多久", "口罩该换了咋看", "口罩勤换不"],
            "answer": "湿了脏了就换，最多8小时。",
            "must": [["口罩"], ["换", "戴…多久"]],
            "relation": "how_long",
            "facts": ["累计不超过8小时"],
            "source": source(),
        },
        {
            "id": "wash",
            "question": "怎么洗手才干净",
            "wordings": ["洗手咋洗", "手要搓多久", "洗手的法子", "七步洗手咋做"],
            "answer": "流水加肥皂，搓20秒。",
            "must": [["洗手", "搓手", "手要搓"]],
            "relation": "how",
            "facts": ["不少于二十秒"],
            "source": source(),
            "valid_to": date(2020, 6, 1),
        },
        {
            "id": "pets-spread",
            "question": "猫狗会传染病毒吗",
            "wordings": ["养的狗传不传病毒", "猫能传人不", "宠物带病毒吗", "狗会得这病吗"],
            "answer": "没有证据。",
            "verdict": "false",
            "must": [["猫", "狗", "宠物"], ["传", "带病毒", "得这病"]],
            "relation": "spreads",
            "source": source(),
        },
        {
            "id": "plane",
            "question": "飞机要来撒药吗",
            "wordings": ["今晚飞机喷药是真的吗", "直升机撒消毒药", "飞机洒药", FORWARD],
            "answer": "假的，没这回事。",
            "verdict": "false",
            "must": [["飞机", "直升机"], ["药", "消毒"]],
            "source": source(),
        },
    ]


def make_pack() -> Pack:
    head = {"id": "small", "title": "小包", "valid_from": date(2020, 1, 1)}
    words = {"relation": {"spreads": ["传"], "prevents": ["防"]}}
    return pack_from_toml("small", head, {"faq.toml": {"entry": rows()}}, words)


BASE = Lexicon.from_toml(
    {"same": {"怎么": ["咋"]}, "group": {"框架": ["吗", "的", "有人", "知道", "啊", "我"]}}, "base"
)
RULE = {"id": "dose", "action": "doctor", "must": [["吃"], ["几片"]], "fires": [], "silent": []}


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine([make_pack()], gate=Gate.from_toml({"rule": [RULE]}, BASE), base_lexicon=BASE)


def private(engine: Engine, text: str, on: date = DAY) -> Asked:
    return engine.ask(text, on=on, addressed=True, in_group=False)


def group(engine: Engine, text: str) -> Asked:
    return engine.ask(text, on=DAY, addressed=False, in_group=True)


def ids(asked: Asked) -> list[str]:
    return [hit.entry.id for hit in asked.hits]


@pytest.mark.parametrize("text", ["口罩几天换一回啊", "这口罩咋看该不该换", "口罩多久换"])
def test_question_in_other_words_is_answered(engine: Engine, text: str) -> None:
    asked = private(engine, text)
    assert asked.action is Action.ANSWER
    assert ids(asked) == ["mask-change"]
    assert asked.steps


def test_two_questions_get_two_answers(engine: Engine) -> None:
    assert set(ids(private(engine, "口罩多久换一次 洗手咋洗"))) == {"mask-change", "wash"}


def test_entry_past_its_days_is_not_said_but_shown(engine: Engine) -> None:
    asked = private(engine, "洗手咋洗", on=date(2020, 7, 1))
    assert asked.action is not Action.ANSWER
    assert asked.nearest[0].entry.id == "wash"
    assert "有效期" in asked.nearest[0].why


def test_gate_goes_first(engine: Engine) -> None:
    assert private(engine, "洗手以后吃几片").action is Action.DOCTOR


def test_statement_asks_for_no_rule(engine: Engine) -> None:
    assert private(engine, "俺家口罩今天刚换了一盒新的在柜子里").action is Action.NONE


@pytest.mark.parametrize(
    "text",
    ["你那口罩多久换一次", "口罩换了三回了", "我昨天看戏 口罩多久换一次", "哈哈 口罩多久换一次"],
)
def test_group_talk_among_neighbours_is_left_alone(engine: Engine, text: str) -> None:
    assert group(engine, text).action is Action.NONE


def test_forward_with_edits_is_recognised_in_a_group(engine: Engine) -> None:
    edited = FORWARD.replace("全县", "咱镇").replace("十二点", "十一点")
    asked = group(engine, f"{edited}！！！")
    assert asked.action is Action.ANSWER
    assert asked.is_forward
    assert ids(asked) == ["plane"]


def test_nothing_like_it_is_silence(engine: Engine) -> None:
    asked = private(engine, "麦子什么时候浇水")
    assert asked.action is Action.NONE
    assert not asked.hits
    assert asked.is_question


@pytest.mark.parametrize("text", ["", " ", "？？？", "😀", "@小守", "口" * 3000])
def test_odd_text_is_harmless(engine: Engine, text: str) -> None:
    assert not private(engine, text).hits


def test_unknown_group_is_named() -> None:
    row = {**rows()[0], "must": [["@没有"]]}
    pack = pack_from_toml("p", {"id": "p", "title": "t"}, {"faq.toml": {"entry": [row]}})
    with pytest.raises(ValueError, match=r"mask-change.*没有"):
        Engine([pack], gate=Gate([], Lexicon()))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"question": ""}, "question"),
        ({"wordings": "口罩"}, "wordings"),
        ({"must": [[]]}, "must"),
        ({"verdict": "maybe"}, "verdict"),
        ({"relation": "eats"}, "relation"),
        ({"source": {"title": "a"}}, "日期"),
        ({"valid_to": "2020-01-01"}, "valid_to"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_bad_entry_names_file_and_entry(change: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said) as fault:
        entry_from_toml({**rows()[0], **change}, "small/faq.toml: 第 1 条")
    assert "small/faq.toml" in str(fault.value)
    assert "mask-change" in str(fault.value)


def test_two_entries_of_one_id_are_refused() -> None:
    with pytest.raises(ValueError, match="mask-change"):
        pack_from_toml("p", {"id": "p", "title": "t"}, {"faq.toml": {"entry": [rows()[0]] * 2}})


def test_check_finds_nothing_in_a_good_pack() -> None:
    assert check_pack(make_pack(), base=BASE) == []


def test_check_names_each_problem() -> None:
    pack = make_pack()
    first, second = pack.entries[:2]
    bad = replace(
        first, source=None, answer="戴24小时" + "长" * 120, wordings=("洗手咋洗", "口罩换")
    )
    problems = "\n".join(
        check_pack(replace(pack, entries=(second, bad)), base=BASE, on=date(2021, 1, 1))
    )
    for part in ("source", "不能超过", "至少要", "24", "wash 里也有", "只问到了 wash", "有效期"):
        assert part in problems


def test_numbers_are_the_same_spoken_or_in_figures() -> None:
    assert numbers("十四天、1.5米、一二三二〇") == {"14", "1.5", "12320"}
    assert numbers("一个人") == frozenset()


def test_answer_record_is_what_ask_prints(engine: Engine) -> None:
    record = answer_record(engine, {"id": 7, "text": "猫会传染病毒吗", "more": 1}, DAY)
    assert record["id"] == 7
    assert record["action"] == "answer"
    answers = record["answers"]
    assert isinstance(answers, list)
    assert answers[0]["entry"] == "pets-spread"
    assert answers[0]["verdict"] == "false"
    assert answers[0]["source"] == "疾控中心 https://example.org/a 2020-01-30"


@pytest.mark.parametrize("record", [{}, {"id": "a"}, {"text": "b"}, {"id": "a", "text": 3}])
def test_bad_record_says_so_in_chinese(engine: Engine, record: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="缺"):
        answer_record(engine, record, DAY)


def test_best_day_is_today_while_the_pack_lives_and_its_own_days_after() -> None:
    pack = replace(make_pack(), valid_to=date(2020, 12, 31))
    assert best_day([pack], DAY) == DAY
    assert best_day([pack], date(2026, 1, 1)) <= date(2020, 6, 1)


ITEMS = [
    Item("a", "喝绿豆汤可以预防新冠病毒？", "没有证据。"),
    Item("b", "嚼槟榔可以预防新冠病毒？", "没有证据，槟榔致癌。"),
    Item("c", "乘坐电梯会感染新冠病毒？", "按键可能有病毒，出电梯洗手。"),
    Item("d", "地铁全线停运？", "不实消息。"),
]
ITEM_WORDS = Lexicon(
    group={"框架": ("可以", "能", "预防", "新冠", "病毒", "吗", "会", "感染", "喝", "的")}
)


@pytest.fixture(scope="module")
def items() -> ItemEngine:
    return ItemEngine(ITEMS, ITEM_WORDS)


@pytest.mark.parametrize(
    ("text", "best"),
    [("槟榔能预防新冠吗", "b"), ("坐电梯会不会感染病毒", "c"), ("绿豆汤防新冠", "a")],
)
def test_named_thing_decides_among_items(items: ItemEngine, text: str, best: str) -> None:
    assert items.ask(text).best == best


def test_same_frame_with_another_thing_is_not_answered(items: ItemEngine) -> None:
    assert items.ask("吃榴莲可以预防新冠病毒").action == "none"


def test_item_record_names_the_best_below_the_bar(items: ItemEngine) -> None:
    record = item_record(items, {"id": "q", "text": "听说高铁停运"})
    assert record["action"] in {"answer", "none"}
    assert record["best"] == "d"


def test_item_lines_are_checked() -> None:
    assert item_from_record({"id": 1, "title": "标题", "body": None}) == Item("1", "标题")
    for record in ({"title": "a"}, {"id": 1}, {"id": 1, "title": "a", "body": 2}):
        with pytest.raises(ValueError, match=r"缺|不是"):
            item_from_record(record)


def test_empty_list_has_no_best() -> None:
    assert ItemEngine([]).ask("口罩").best is None


def with_lapsed_twin() -> Pack:
    """The small pack, with an older entry that asks the same as `wash` and is over."""
    pack = make_pack()
    wash = next(entry for entry in pack.entries if entry.id == "wash")
    old = replace(wash, id="wash-old", answer="旧的。", valid_to=date(2020, 2, 1))
    return replace(pack, entries=(old, *pack.entries))


def test_an_entry_past_its_days_takes_nothing_from_its_successor() -> None:
    gate = Gate.from_toml({"rule": [RULE]}, BASE)
    alone, beside = (
        Engine([pack], gate=gate, base_lexicon=BASE) for pack in (make_pack(), with_lapsed_twin())
    )
    found = private(beside, "洗手咋洗")
    assert ids(found) == ["wash"]
    assert found.expired is None
    assert found.hits[0].confidence == pytest.approx(
        private(alone, "洗手咋洗").hits[0].confidence, abs=0.1
    )


def test_what_would_have_been_said_is_named_when_all_is_over(engine: Engine) -> None:
    over = date(2020, 7, 1)
    asked = private(engine, "洗手咋洗", on=over)
    assert asked.expired is not None
    assert asked.expired.entry.id == "wash"
    assert asked.action is Action.CADRE
    for text in ("麦子什么时候浇水", "口罩几天换", "俺家今天刚洗手洗脸睡觉了"):
        assert private(engine, text, on=over).expired is None, text


def test_one_that_is_to_come_is_neither_said_nor_over() -> None:
    early = replace(make_pack(), valid_from=date(2020, 3, 1))
    asked = private(Engine([early], gate=Gate([], BASE), base_lexicon=BASE), "洗手咋洗")
    assert not asked.hits
    assert asked.expired is None


def test_talk_of_ours_among_neighbours_is_known_as_such(engine: Engine) -> None:
    assert group(engine, "你那口罩多久换一次").is_ours
    assert not group(engine, "你吃了吗").is_ours
    assert not group(engine, "口罩换了三回了").is_ours


def disease_pack(name: str, entry_id: str, question: str, *, own: str, more: str = "") -> Pack:
    row = {
        "id": entry_id,
        "question": question,
        "wordings": [f"{own}会不会传人", f"{own}咋传的", f"{own}传不传人", f"{own}怎么传染"],
        "answer": "会。",
        "must": [[own, "这病"], ["传"]],
        "not": ["牛"],
        "source": source(),
    }
    words = {"disease": {"names": [own]}, "same": {own: [f"{own}病", *more.split()]}}
    return pack_from_toml(name, {"id": name, "title": name}, {"faq.toml": {"entry": [row]}}, words)


@pytest.fixture(scope="module")
def two() -> Engine:
    """Two packs that fold 狗尾 and 水 their own way."""
    packs = [
        disease_pack("a", "red", "红热是怎么传染的", own="红热", more="狗尾"),
        disease_pack("b", "blue", "蓝热是怎么传染的", own="蓝热"),
    ]
    return Engine(packs, gate=Gate([], BASE), base_lexicon=BASE)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("红热会传人吗", ["red"]),
        ("蓝热病会传人吗", ["blue"]),
        ("狗尾会传人吗", ["red"]),
        ("红热蓝热是一样传的吗", []),
        ("这病会传人吗", []),
        ("红热会传给牛吗", []),
    ],
)
def test_illness_that_is_named_chooses_the_pack(two: Engine, text: str, said: list[str]) -> None:
    assert ids(private(two, text)) == said


def test_not_word_is_a_veto_however_near_the_wording() -> None:
    first = {**rows()[0], "not": ["牛"]}
    pack = pack_from_toml("p", {"id": "p", "title": "t"}, {"faq.toml": {"entry": [first]}})
    engine = Engine([pack], gate=Gate([], BASE), base_lexicon=BASE)
    assert ids(private(engine, "口罩多久换一次")) == ["mask-change"]
    assert ids(private(engine, "牛的口罩多久换一次")) == []


def test_relay_list_is_nothing_passed_on(engine: Engine) -> None:
    names = "\n".join(f"{n}. 张三 36亩 飞机撒药" for n in range(1, 9))
    asked = group(engine, f"飞机打药消毒报名，亩数写在后头\n{names}")
    assert asked.action is Action.NONE
    assert not asked.is_forward


def test_last_rules_are_asked_where_no_entry_answers() -> None:
    rule = {**RULE, "id": "bite", "must": [["咬"]], "last": True}
    engine = Engine([make_pack()], gate=Gate.from_toml({"rule": [rule]}, BASE), base_lexicon=BASE)
    assert private(engine, "让狗咬了要紧吗").action is Action.DOCTOR
    assert ids(private(engine, "猫咬人会传染病毒吗")) == ["pets-spread"]
    assert group(engine, "让狗咬了要紧吗").action is Action.NONE
