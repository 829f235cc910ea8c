"""How people in a drill talk: temperatures in many wordings, and all the talk that is none."""

from collections.abc import Sequence
from random import Random

from app.drill.people import CALLS, Person

DIGITS = "零一二三四五六七八九"
FULL = str.maketrans("0123456789.", "０１２３４５６７８９．")

PLAIN = {
    "plain": (
        "{n}",
        "我{n}",
        "体温{n}",
        "今天{n}",
        "报一下 {n}",
        "{n}，正常",
        "早上好，{n}度",
        "{n}℃",
        "我量的{n}",
        "刚量完，{n}",
        "我的体温是{n}度",
        "{n} 没事",
        "体温：{n}",
        "本人{n}",
        "我这边{n}，一切正常",
        "腋下{n}",
    ),
    "north": (
        "俺今儿个量了{c} 不烧",
        "俺{n}",
        "我试了试表，{n}",
        "刚夹完，{c}，没啥事",
        "咱{n}，好着呢",
        "俺量了 {n} 嘎嘎好",
        "{c}，搁家呆着呢",
        "今儿{n}，不咳嗽",
        "俺今天{n}，身上得劲着呢",
    ),
    "southwest": (
        "我将才量了哈，{c}",
        "{n}，莫得问题",
        "今天{n}，巴适得很",
        "我{n}哈",
        "量了的，{c}",
        "{n}，没得事",
        "量了{n}哈，都好",
        "我晓得，{n}",
    ),
}
ILL = ("", "", " 有点咳嗽", "，嗓子疼", "，身上没劲", "，头疼", " 咋办", "，有点发冷")
SPOKEN_AFTER = ("", "", "没事", "都挺好", "不咳嗽")
LATE_MORNING = (
    "早上忘报了 {n}",
    "补早上的 {n}",
    "补报早上{n}",
    "早上的 {n}，才想起来",
    "早上量的{n}，忘发了",
)
LATE_EVENING = ("补晚上的 {n}", "晚上{n}，刚忙完", "晚上的补一下 {n}", "今晚{n}，忘报了")
LAST_EVENING = (
    "昨晚{a} 今早{b}",
    "昨天晚上{a}，今天早上{b}",
    "补昨晚的{a}，今早{b}",
    "昨晚{a}，今早{b}",
)
BOTH_SLOTS = ("早{a}晚{b}", "早上{a} 晚上{b}", "今天早{a} 晚{b}", "早上{a}，晚上{b}，早上忘报了")
CORRECTIONS = (
    "刚才报错了 是{b}不是{a}",
    "打错了，是{b}",
    "更正一下 {b}",
    "不好意思写错了，应该是{b}",
    "刚才那个不对，我是{b}",
    "{a}发错了，是{b}",
)
PROXIES = (
    "替{name}报 {n} 没手机",
    "帮{name}报一下，{n}",
    "{name}让我帮着报，{n}",
    "{name} {n}，我替报的",
    "代{name}报{n}",
)
RELAY_HEADS = ("#接龙 {slot}体温", "#接龙\n{slot}体温接龙", "接龙：{slot}上体温")

# Ordinary talk: not one of these is a reading of anybody.
TALK = (
    "我体温三百六 快成仙了哈哈",
    "明天零下15度 最高才3度",
    "发面水温三十七度正好",
    "买菜花了36块5",
    "36路5点那趟停了",
    "今儿得了37.5分",
    "烤箱调到38度发酵",
    "孵小鸡得37.8度",
    "孵鸡蛋的箱子我调的38度",
    "洗澡水40度正好",
    "给娃冲奶粉水温40度就行",
    "大棚里今天35度，把帘子卷起来点",
    "鞋我穿38的，还有没有",
    "有39码的棉鞋没",
    "俺今年36了，本命年",
    "孩子都37斤了",
    "猪长到一百三十八斤",
    "白菜3块6一斤",
    "豆油39.9一桶，供销社来货了",
    "电费这个月交了38.5",
    "手机还剩37%的电",
    "离镇上36里地",
    "昨天走了36000步",
    "炕烧到40度了，烙得慌",
    "热水器定在42度",
    "家里暖气36度，热得穿不住",
    "天气预报说南方都37度",
    "武汉最高温才13度",
    "酒是42度的，劲大",
    "52度的白酒一瓶38",
    "彩票开了36 37 41",
    "车牌尾号365的挪一下车",
    "快递取件码 3-6-3652",
    "房间号3605",
    "联系电话 0421-3650365",
    "下午3:65谁发明的，哈哈",
    "三十六计走为上",
    "8点36的车还开吗",
    "你家几点做饭",
    "都在家待着，别串门",
    "这天真冷，风跟刀子似的",
    "谁家有多的葱",
    "超市今天开门不",
    "口罩还有卖的没",
    "收到",
    "好的",
    "👍",
    "谢谢干部们，辛苦了",
    "哈哈哈哈",
    "老李家的羊跑出来了，谁看见了",
    "孩子网课卡得不行",
    "视频里那个人穿得真少",
    "晚上吃啥",
    "初八的火车票退了没",
    "俺媳妇说能洗",
    "这破机器人滚犊子",
    "羊下了两只羔",
    "今天停电不",
    "化肥啥时候到",
    "考了38名，全班39个人",
    "刷到一个视频，41万赞",
    "一天刷了37个视频",
    "麻将我赢了36块",
    "水费36度，一共38块",
    "这个月用了38度电",
    "家里电表走了37个字",
    "鱼缸水温26度，鱼没事",
    "牛发烧39度5，找兽医了",
    "猪体温39度，兽医说正常",
    "电脑CPU都烧到43度了",
)
QUOTES = ("咋了", "你没事吧", "多喝水", "快跟大夫说", "真的假的")
HEARSAY = (
    "听说大营有个39度的",
    "别的村有人烧到38.5",
    "电视上说那人烧到39度",
    "我同学他们村有个38度的，拉走了",
)
DANGERS = (
    "{who}喘不上气脸发紫了咋办啊",
    "{who}昏过去了，叫不醒",
    "快来人，{who}抽搐了",
    "{who}喘不上气了，嘴唇发紫",
    "{who}晕倒了叫不应",
)
DANGER_JOKES = ("笑得我喘不上气了哈哈哈", "跑得我喘不上气", "看电视剧气得我快昏过去了")


def arabic(tenths: int) -> str:
    """365 → 36.5."""
    return f"{tenths // 10}.{tenths % 10}"


def chinese(tenths: int, rng: Random | None = None) -> str:
    """365 → 三十六度五; with a generator also 三十六点五 and 三十六度半 for a five."""
    whole, rest = divmod(tenths, 10)
    words = f"{DIGITS[whole // 10]}十{DIGITS[whole % 10] if whole % 10 else ''}"
    if rest == 0:
        return words + "度"
    if rng is not None and rest == 5 and rng.random() < 0.2:
        return words + "度半"
    if rng is not None and rng.random() < 0.25:
        return f"{words}点{DIGITS[rest]}"
    return f"{words}度{DIGITS[rest]}"


def number(tenths: int, rng: Random) -> str:
    """A temperature as somebody types it."""
    plain = arabic(tenths)
    roll = rng.random()
    if roll < 0.62:
        return plain
    if roll < 0.70:
        return plain.replace(".", "。")
    if roll < 0.76:
        return plain.translate(FULL)
    if roll < 0.84:
        return f"{tenths // 10}度{tenths % 10}" if tenths % 10 else f"{tenths // 10}度"
    if roll < 0.90:
        return f"{tenths // 10}点{tenths % 10}"
    return chinese(tenths, rng)


def slip(tenths: int, rng: Random) -> str:
    """A temperature with its point lost: 365, or 365度."""
    return rng.choice(("{n}", "{n}", "体温{n}", "我{n}")).format(n=tenths)


def fill(template: str, rng: Random, tenths: int) -> str:
    """A wording with its number typed ({n}) or in words ({c})."""
    return template.format(n=number(tenths, rng), c=chinese(tenths, rng))


def own(person_dialect: str, tenths: int, rng: Random, *, is_ill: bool) -> str:
    """One's own temperature."""
    choices = (
        PLAIN[person_dialect] if not is_ill else ("我{n}", "{n}", "俺{n}", "体温{n}", "量了{n}")
    )
    return fill(rng.choice(choices), rng, tenths) + (rng.choice(ILL) if is_ill else "")


def call(speaker: Person, other: Person, rng: Random) -> str:
    """What a speaker calls another member of the house."""
    words = CALLS.get(speaker.part, {}).get(other.part)
    return rng.choice(words) if words and rng.random() < 0.85 else other.name


def family(speaker: Person, values: Sequence[tuple[Person, int]], rng: Random) -> str:
    """A house in one message: 我36.5 老伴36.7 孙子38.1."""
    between = rng.choice((" ", "，", "、", "\n", " "))
    mark = rng.choice(("", "", "", ":", " "))
    parts = []
    for person, tenths in values:
        who = rng.choice(("我", "我", "俺")) if person is speaker else call(speaker, person, rng)
        parts.append(f"{who}{mark}{number(tenths, rng)}")
    head = rng.choice(("", "", "", "报体温：", "今天的：", "俺家："))
    return (
        head
        + between.join(parts)
        + rng.choice(("", "", "，都正常" if all(t < 373 for _, t in values) else ""))
    )


def voice(speaker: Person, values: Sequence[tuple[Person, int]], rng: Random) -> str:
    """The platform's transcript of a voice message: numbers in words, hardly a comma."""
    parts = []
    for person, tenths in values:
        who = "我" if person is speaker else call(speaker, person, rng)
        parts.append(f"{who}{chinese(tenths)}")
    return rng.choice(("", "", "那个", "嗯")) + "".join(parts) + rng.choice(SPOKEN_AFTER)


def relay(head: str, lines: Sequence[tuple[str, int]], rng: Random) -> str:
    """A relay list as it stands: each line a name and a number."""
    rows = [f"{i}. {name} {arabic(tenths)}" for i, (name, tenths) in enumerate(lines, 1)]
    if rng.random() < 0.15:
        rows[-1] = rows[-1].replace(".", "。").replace("。", ".", 1)
    return "\n".join([head, *rows])
