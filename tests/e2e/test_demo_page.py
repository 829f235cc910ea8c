"""The demo page in a real browser, over a small scripted village."""

import copy
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import Any

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, Locator, Page, expect

from app.console.demo import APP, ASSETS, DemoError, router

CHINA = timezone(timedelta(hours=8))
START = datetime(2020, 2, 3, 8, 12, tzinfo=CHINA)
PHONE = {"width": 360, "height": 640}
DESK = {"width": 1440, "height": 900}
OWN = {"X-Demo": "1"}

# Whatever can be pressed and is smaller than a thumb.
SMALL_TARGETS = """() => [...document.querySelectorAll("button, select, textarea, summary, a")]
  .map((node) => [node.textContent, node.getBoundingClientRect()])
  .filter(([, box]) => box.bottom > 0 && box.width && (box.width < 44 || box.height < 44))
  .map(([words, box]) => `${words} ${box.width}x${box.height}`)"""

# Words whose colour differs from what lies behind them by less than 7:1 (WCAG AA asks for 4.5:1).
FAINT_WORDS = """() => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => parts(colour).slice(0, 3)
    .map((one) => one / 255)
    .map((one) => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4)
    .reduce((sum, one, i) => sum + one * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (node) => {
    const [r, g, b, alpha = 1] = parts(getComputedStyle(node).backgroundColor);
    return alpha === 1 ? `rgb(${r}, ${g}, ${b})` : behind(node.parentElement);
  };
  return [...document.body.querySelectorAll("*")]
    .filter((node) => [...node.childNodes].some((kid) => kid.nodeType === 3 && kid.data.trim()))
    .filter((node) => node.getBoundingClientRect().width && node.tagName !== "OPTION")
    .map((node) => {
      const [low, high] = [light(getComputedStyle(node).color), light(behind(node))]
        .sort((a, b) => a - b);
      return [(high + 0.05) / (low + 0.05), node.className, node.textContent];
    })
    .filter(([ratio]) => ratio < 7);
}"""

PEOPLE = [
    ("张桂芳", "村民", "三组 张桂芳家"),
    ("王德福", "村民", "三组 张桂芳家的老伴"),
    ("王小宝", "村民", "三组 张桂芳家的孙子"),
    ("马强", "村民", "三组 马强家"),
    ("刘芳", "村民", "三组 刘芳家"),
    ("老孙头", "村民", "三组 老孙头家"),
    ("王网格", "网格员", "三组"),
    ("张大夫", "村医", "柳树沟村"),
    ("李书记", "村支书", "柳树沟村"),
]
CHATS = [
    {"id": "三组群", "title": "三组群", "kind": "residents", "members": 12},
    {"id": "村干部群", "title": "村干部群", "kind": "cadres", "members": 4},
]
SAID = [
    (
        "三组群",
        "刘芳",
        "早上好，今儿个零下十七度，出门多穿点",
        "text",
        "静：没人叫它，也没有体温",
        [],
    ),
    ("三组群", "刘芳", "我36.4", "text", "静：没人叫它", ["记 刘芳 36.4 早 正常"]),
    ("三组群", "老孙头", "三十六度五", "voice", "静：没人叫它", ["记 老孙头 36.5 早 正常"]),
]


class FakeWorld:
    """A village that knows six tricks: enough to see each part of the page move."""

    def __init__(self) -> None:
        self.version = 0
        self.begin()

    def begin(self) -> None:
        self.now = START
        self.lines: list[dict[str, Any]] = []
        self.recalled: list[int] = []
        self.thoughts: list[dict[str, Any]] = []
        self.readings: dict[str, str] = {}
        self.taken = False
        self.refused_until = START
        for chat, who, text, kind, why, notes in SAID:
            self.add(chat, who, text, kind=kind)
            self.think(why, notes, [])
            if notes:
                self.readings[who] = notes[0].split()[2]

    def add(self, chat: str, who: str, text: str, *, kind: str = "text", quote: str = "") -> None:
        self.version += 1
        line = {
            "n": len(self.lines) + 1,
            "chat": chat,
            "who": who,
            "is_bot": who == "守望",
            "text": text,
            "at": f"{self.now:%H:%M}",
            "kind": kind,
            "quote": quote,
            "is_recalled": False,
            "is_other_bot": who == "天气助手",
        }
        self.lines.append(line)

    def think(self, why: str, notes: list[str], steps: list[tuple[str, str, str]]) -> None:
        thought = {
            "n": len(self.lines),
            "silent": why.startswith("静"),
            "why": why,
            "notes": notes,
            "steps": [{"words": a, "outcome": b, "why": c} for a, b, c in steps],
        }
        self.thoughts.append(thought)

    async def state(self, after: int) -> dict[str, object]:
        owed = [name for name, role, _ in PEOPLE if role == "村民"]
        missing = [name for name in [*owed, "李奶奶"] if name not in self.readings]
        hot = [(name, value) for name, value in self.readings.items() if value >= "37.3"]
        state = "已接 张大夫" if self.taken else "未接"
        return {
            "now": self.now.isoformat(),
            "now_words": f"{self.now.month}月{self.now.day}日 {self.now:%H:%M} 周一",
            "version": self.version,
            "people": [{"id": a, "name": a, "role": b, "home": c} for a, b, c in PEOPLE],
            "chats": CHATS,
            "lines": [line for line in copy.deepcopy(self.lines) if line["n"] > after],
            "recalled": self.recalled,
            "thoughts": self.thoughts,
            "next": {"at": "08:27", "words": "没人接就告诉李书记"} if hot else None,
            "board": {
                "slot": "早",
                "owed": len(owed) + 1,
                "reported": len(owed) + 1 - len(missing),
                "missing": missing,
                "fevers": [{"name": name, "value": v, "state": state} for name, v in hot],
                "incidents": [
                    {"word": "发热", "who": name, "state": state, "at": "08:12"} for name, _ in hot
                ],
            },
            "rules": "cn-2020-01",
            "speed": 1,
        }

    async def say(self, chat: str, speaker: str, text: str, voice: bool, quote: int | None) -> None:
        if speaker not in {name for name, _, _ in PEOPLE}:
            raise DemoError(f"村里没有{speaker}。")
        if len(text) > 20_000:
            raise DemoError("太长了，一条最多两万个字。")
        quoted = self.lines[quote - 1] if quote else None
        words = f"{quoted['who']}：{quoted['text']}" if quoted else ""
        kind = "voice" if voice else "quote" if quoted else "text"
        self.add(chat, speaker, text, kind=kind, quote=words)
        if chat.startswith("私:"):
            self.answer(chat, speaker, text)
        else:
            self.hear(chat, speaker, text)

    def answer(self, chat: str, speaker: str, text: str) -> None:
        if text == "接":
            self.taken = True
            self.think("说：接了", ["说：接了", "说：告诉先前的人", f"接 {speaker}"], [])
            self.add(chat, "守望", "记下了，您接了。看完回：复测 多少 / 转诊 / 排除。")
        elif text.startswith("发通知"):
            self.think("说：先给您看一遍", ["拟 通知"], [])
            self.add(chat, "守望", "发给三组群，12人。\n要发就回 4821。")
        else:
            self.think("说：私下问的，私下答", [], [])
            self.add(chat, "守望", "还没报的：张桂芳、王德福、王小宝、马强。")

    def hear(self, chat: str, speaker: str, text: str) -> None:
        found = re.findall(r"(\S*?)(\d\d\.\d)", text)
        names = {"我": speaker, "": speaker, "老伴": "王德福", "孙子": "王小宝"}
        notes, steps = [], []
        for who, value in found:
            name = names.get(who, who)
            self.readings[name] = value
            notes.append(f"记 {name} {value} 早 {'发热' if value >= '37.3' else '正常'}")
            steps.append((value, "reading", "体温：带一位小数，在35到43之间"))
        fevers = [note for note in notes if "发热" in note]
        if fevers:
            notes.append(f"派 张大夫 {self.now:%H:%M}")
        if "三百六" in text:
            steps.append(("三百六", "no", "没有人是这个温度，是玩笑"))
        self.think("说：问的是登记过的谣言" if "真的吗" in text else "静：没人叫它", notes, steps)
        if "真的吗" in text:
            self.add(chat, "守望", "不能。喝酒杀不了身上的病毒。\n出处：国家卫健委 2020-01-27")
        if fevers:
            name, value = fevers[0].split()[1:3]
            self.add(
                "私:张大夫", "守望", f"{name} {value}，群里 {self.now:%H:%M} 报的。您接就回“接”。"
            )

    async def recall(self, line: int) -> None:
        self.version += 1
        self.recalled.append(line)

    async def move(self, to: str) -> None:
        self.version += 1
        morning = (self.now + timedelta(days=1)).replace(hour=6, minute=30)
        self.now = morning if to == "morning" else self.now + timedelta(minutes=15)
        self.add("三组群", "守望", "早上好，吃饭前量一下体温，发在群里就行。")

    async def outage(self, minutes: int) -> None:
        self.version += 1
        self.refused_until = self.now + timedelta(minutes=minutes)

    async def reset(self) -> None:
        self.version = 0
        self.begin()

    async def as_talk(self) -> str:
        said = (f"{line['who']}：{line['text']}\n" for line in self.lines if not line["is_bot"])
        return "时间 2020-02-03 08:12\n[三组群]\n" + "".join(said)


@pytest.fixture(scope="module")
def world() -> FakeWorld:
    return FakeWorld()


@pytest.fixture(scope="module")
def address(world: FakeWorld) -> Iterator[str]:
    app = FastAPI()
    app.include_router(router(world))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, ws="none"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture(autouse=True)
def _as_at_first(world: FakeWorld) -> None:
    world.version = 0
    world.begin()


@contextmanager
def visit(browser: Browser, address: str, **kind: Any) -> Iterator[Page]:
    """One window; at its end it must not have complained, nor asked anybody else for anything."""
    complaints: list[str] = []
    asked: list[str] = []
    with browser.new_context(**kind) as context:
        context.set_default_timeout(8000)
        context.on("request", lambda request: asked.append(request.url))
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        context.on("console", lambda line: complaints.append(f"{line.type}: {line.text}"))
        page = context.new_page()
        page.goto(address + "/demo")
        page.locator("#group-lines .line").first.wait_for()
        yield page
    # Chromium itself writes a line for an answer of 422, which is how an error comes.
    assert [line for line in complaints if "status of 422" not in line] == []
    assert [url for url in asked if not url.startswith(address)] == []


@pytest.fixture
def desk(browser: Browser, address: str) -> Iterator[Page]:
    with visit(browser, address, viewport=DESK) as page:
        yield page


@pytest.fixture
def phone(browser: Browser, address: str) -> Iterator[Page]:
    with visit(browser, address, viewport=PHONE, has_touch=True, is_mobile=True) as page:
        yield page


def say(page: Page, text: str) -> Locator:
    """Says it in the group; the line that then stands there."""
    page.locator("#group-text").fill(text)
    page.locator("#group-send").click()
    line = page.locator("#group-lines .mine").filter(has_text=text.split("\n")[0]).last
    line.wait_for()
    return line


def take(page: Page, deed: str) -> None:
    """Presses one of 试试."""
    page.locator(f'.tries [data-try="{deed}"]').click()


# ---- without a browser ---------------------------------------------------------------------


def test_page_is_small_and_self_contained(address: str) -> None:
    page = httpx2.get(address + "/demo")
    policy = page.headers["content-security-policy"]
    assert page.status_code == 200
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "//" not in page.text.replace("<!doctype html>", "")
    assert not re.search(r"<style|<script(?![^>]* src=)|\s(style|on\w+)=", page.text)
    assert "<noscript>" in page.text
    weight = len(page.content) + sum((APP / "static" / name).stat().st_size for name in ASSETS)
    assert weight <= 60_000


def test_files_may_be_kept_because_their_address_changes(address: str) -> None:
    page = httpx2.get(address + "/demo").text
    for name, kind in ASSETS.items():
        found = re.search(rf"/demo/{re.escape(name)}\?v=\w{{12}}", page)
        assert found
        file = httpx2.get(address + found[0])
        assert file.headers["content-type"] == kind
        assert "immutable" in file.headers["cache-control"]
        assert file.content == (APP / "static" / name).read_bytes()


def test_only_text_goes_into_the_page() -> None:
    script = (APP / "static" / "demo.js").read_text("utf-8")
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert word not in script
    assert "|safe" not in (APP / "templates" / "demo.html").read_text("utf-8")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Demo": "0"},
        {"X-Demo": "1", "Sec-Fetch-Site": "cross-site"},
        {"X-Demo": "1", "Sec-Fetch-Site": "same-site"},
        {"X-Demo": "1", "Origin": "http://elsewhere.example"},
        {"X-Demo": "1", "Origin": "null"},
    ],
)
def test_foreign_post_is_refused(address: str, world: FakeWorld, headers: dict[str, str]) -> None:
    before = len(world.lines)
    words = {"chat": "三组群", "speaker": "马强", "text": "36.5"}
    answer = httpx2.post(address + "/demo/say", json=words, headers=headers)
    assert answer.status_code == 403
    assert "error" in answer.json()
    assert len(world.lines) == before


@pytest.mark.parametrize("more", [{}, {"Sec-Fetch-Site": "same-origin"}])
def test_own_post_is_done(address: str, world: FakeWorld, more: dict[str, str]) -> None:
    words = {"chat": "三组群", "speaker": "马强", "text": "我36.5"}
    answer = httpx2.post(address + "/demo/say", json=words, headers=OWN | more)
    assert answer.status_code == 200
    assert world.readings["马强"] == "36.5"


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("say", {"chat": "三组群", "speaker": "外星人", "text": "36.5"}),
        ("say", {"chat": "三组群", "speaker": "马强", "text": "好" * 20_001}),
        ("say", {"chat": "三组群", "speaker": "马强"}),
        ("say", {"chat": "三组群", "speaker": "马强", "text": 36.5}),
        ("recall", {"line": "1"}),
        ("move", {"to": "yesterday"}),
        ("outage", {"minutes": 0}),
        ("outage", [1]),
    ],
)
def test_mistake_is_told_in_one_sentence(address: str, path: str, words: object) -> None:
    answer = httpx2.post(f"{address}/demo/{path}", json=words, headers=OWN)
    assert answer.status_code == 422
    assert re.fullmatch(r"[\u4e00-\u9fff，]+。", answer.json()["error"])
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_oversized_and_broken_posts_are_refused(address: str) -> None:
    large = httpx2.post(address + "/demo/say", content=b" " * 600_000, headers=OWN)
    assert large.status_code == 413
    kind = {"Content-Type": "application/json"}
    broken = httpx2.post(address + "/demo/say", content=b"{\xff", headers=OWN | kind)
    assert broken.status_code == 422
    assert "error" in broken.json()


def test_talk_is_a_file(address: str) -> None:
    talk = httpx2.get(address + "/demo/talk")
    assert talk.headers["content-type"] == "text/plain; charset=utf-8"
    assert "filename*=UTF-8''%E5%AF%B9%E8%AF%9D.talk" in talk.headers["content-disposition"]
    assert talk.text.startswith("时间 2020-02-03 08:12")


# ---- in a browser --------------------------------------------------------------------------


@pytest.mark.browser
def test_message_its_bubble_and_its_thought(desk: Page) -> None:
    line = say(desk, "我36.6")
    expect(line.locator(".look")).to_have_text("没说话 · 记 张桂芳 36.6 早 正常")
    expect(desk.locator("#group-text")).to_have_value("")
    expect(desk.locator("#thought .why")).to_have_text("静：没人叫它")
    expect(desk.locator("#thought .notes li")).to_have_text("记张桂芳 36.6 早 正常")
    expect(desk.locator("#thought .steps")).to_contain_text("算体温")
    expect(desk.locator("#count")).to_have_text("3/7")
    expect(desk.locator("#status")).to_have_text("张桂芳说：我36.6")


@pytest.mark.browser
def test_bot_line_and_an_older_thought(desk: Page) -> None:
    take(desk, "rumour")
    desk.locator("#group-send").click()
    expect(desk.locator("#group-lines .bot")).to_contain_text("出处：国家卫健委")
    expect(desk.locator("#thought .why")).to_have_text("说：问的是登记过的谣言")
    desk.locator("#group-lines .look").first.click()
    expect(desk.locator("#thought .why")).to_contain_text("也没有体温")
    desk.locator("#latest").click()
    expect(desk.locator("#thought .why")).to_contain_text("谣言")


@pytest.mark.browser
def test_fever_reaches_the_doctor_who_takes_it(desk: Page) -> None:
    take(desk, "fever")
    expect(desk.locator("#me")).to_have_value("张桂芳")
    desk.locator("#group-send").click()
    expect(desk.locator("#private-lines .bot")).to_contain_text("张桂芳 38.2")
    expect(desk.locator("#fevers .open")).to_have_text("未接")
    desk.locator("#private-lines .replies button", has_text="接").click()
    expect(desk.locator("#fevers .held")).to_have_text("已接 张大夫")
    replies = desk.locator("#private-lines .replies button")
    expect(replies).to_have_text(["复测 …", "转诊", "排除"])
    expect(desk.locator("#thought .notes em")).to_have_text("接")
    expect(desk.locator("#thought .ideas li")).to_have_text("说：告诉先前的人")
    replies.first.click()
    expect(desk.locator("#private-text")).to_have_value("复测 ")


@pytest.mark.browser
def test_another_person_speaks_and_lines_change_sides(desk: Page) -> None:
    expect(desk.locator("#group-lines .mine")).to_have_count(0)
    desk.locator("#me").select_option("刘芳")
    expect(desk.locator("#group-lines .mine")).to_have_count(2)
    expect(say(desk, "吃了吗").locator(".face")).to_have_text("刘")
    expect(desk.locator("#missing button", has_text="李奶奶")).to_have_count(0)  # has no phone
    desk.locator("#missing button", has_text="马强").click()
    expect(desk.locator("#me")).to_have_value("马强")


@pytest.mark.browser
def test_whole_family_in_one_line(desk: Page) -> None:
    take(desk, "family")
    expect(desk.locator("#group-text")).to_have_value("我36.5 老伴36.4 孙子36.7")
    desk.locator("#group-send").click()
    expect(desk.locator("#group-lines .look").last).to_have_text("没说话 · 记3")
    expect(desk.locator("#thought .notes li")).to_have_count(3)
    expect(desk.locator("#slot")).to_have_text("早报，还差 2 人")


@pytest.mark.browser
def test_grid_worker_asks_and_secretary_sends(desk: Page) -> None:
    take(desk, "missing")
    expect(desk.locator("#phone")).to_have_value("王网格")
    desk.keyboard.press("Enter")
    expect(desk.locator("#private-lines .bot")).to_contain_text("还没报的")
    take(desk, "notice")
    expect(desk.locator("#private-text")).to_have_value(re.compile("^发通知 三组 .*有效到2月5日$"))
    desk.locator("#private-send").click()
    code = desk.locator("#private-lines .replies button", has_text="4821")
    code.click()
    expect(desk.locator("#private-lines .mine").last).to_contain_text("4821")


@pytest.mark.browser
def test_markup_is_shown_as_text(desk: Page) -> None:
    for text in ("<img src=x onerror=alert(1)>", "<b>36.5</b>", "\u202e反过来\u202d", "{{7*7}}"):
        expect(say(desk, text).locator(".text")).to_have_text(text)
        expect(desk.locator("#thought blockquote span")).to_have_text(text)
    expect(desk.locator(".told img, .text b, #thought img, #thought blockquote i")).to_have_count(0)


@pytest.mark.browser
def test_error_is_shown_and_the_words_are_kept(desk: Page) -> None:
    long = "好" * 20_001
    desk.locator("#group-text").fill(long)
    desk.locator("#group-send").click()
    expect(desk.locator("#error")).to_contain_text("太长了")
    expect(desk.locator("#group-text")).to_have_value(long)
    desk.locator("#error-off").click()
    expect(desk.locator("#error")).to_be_hidden()
    desk.locator("#group-text").fill("  ")
    desk.locator("#group-send").click()
    expect(desk.locator("#error")).to_contain_text("先写点什么")
    say(desk, "36.5")
    expect(desk.locator("#error")).to_be_hidden()


@pytest.mark.browser
def test_clock_moves(desk: Page) -> None:
    desk.get_by_role("button", name="+15分").click()
    expect(desk.locator("#hour")).to_have_text("08:27")
    expect(desk.locator("#status")).to_contain_text("08:27")
    expect(desk.locator("#group-lines .between").last).to_have_text("08:27")
    desk.get_by_role("button", name="到明早").click()
    expect(desk.locator("#day")).to_have_text("2月4日 周一")
    expect(desk.locator("#group-lines .between").last).to_have_text("过了一夜 · 06:30")


@pytest.mark.browser
def test_long_relay_is_folded(desk: Page) -> None:
    rows = [f"{n}. 第{n}户 36.{n % 9}" for n in range(1, 41)]
    desk.locator("#group-text").fill("#接龙\n早体温\n" + "\n".join(rows))
    desk.locator("#group-send").click()
    line = desk.locator("#group-lines .mine").last
    more = line.get_by_role("button", name="展开")
    expect(more).to_have_attribute("aria-expanded", "false")
    short = line.locator(".text").evaluate("node => node.clientHeight")
    more.click()
    expect(line.get_by_role("button", name="收起")).to_have_attribute("aria-expanded", "true")
    assert line.locator(".text").evaluate("node => node.clientHeight") > 4 * short


@pytest.mark.browser
def test_keyboard_sends_but_not_in_the_middle_of_a_word(desk: Page) -> None:
    area = desk.locator("#group-text")
    area.focus()
    desk.keyboard.type("36.5")
    area.dispatch_event("keydown", {"key": "Enter", "isComposing": True})
    desk.keyboard.press("Shift+Enter")
    desk.keyboard.type("36.6")
    expect(area).to_have_value("36.5\n36.6")
    desk.keyboard.press("Enter")
    expect(desk.locator("#group-lines .mine .text")).to_have_text("36.5\n36.6")
    expect(area).to_be_focused()
    assert area.evaluate("node => getComputedStyle(node).outlineWidth") == "3px"


@pytest.mark.browser
def test_recall_quote_and_voice(desk: Page, world: FakeWorld) -> None:
    take(desk, "recall")
    expect(desk.locator("#error")).to_contain_text("没有可撤回的话")
    desk.locator("#group-voice").click()
    expect(say(desk, "三十六度七").locator(".heard")).to_have_text("语音")
    desk.get_by_role("button", name="引用这条").click()
    expect(desk.locator("#quoting")).to_contain_text("三十六度七")
    expect(say(desk, "听见了").locator(".quote")).to_have_text("张桂芳：三十六度七")
    assert world.lines[-1]["kind"] == "quote"
    take(desk, "recall")
    expect(desk.locator("#group-lines .gone")).to_contain_text("张桂芳撤回了一条消息")
    expect(desk.locator("#group-lines")).not_to_contain_text("听见了")


@pytest.mark.browser
def test_outage_and_all_over_again(desk: Page) -> None:
    say(desk, "36.5")
    take(desk, "outage")
    expect(desk.locator("#outage")).to_contain_text("断网中，到 08:22")
    desk.get_by_role("button", name="+15分").click()
    expect(desk.locator("#outage")).to_be_hidden()
    take(desk, "reset")
    expect(desk.locator("#group-lines .line")).to_have_count(3)
    expect(desk.locator("#hour")).to_have_text("08:12")
    say(desk, "又来了")


@pytest.mark.browser
def test_what_others_do_appears_by_itself(desk: Page, world: FakeWorld) -> None:
    world.add("村干部群", "李书记", "八点半开会")
    world.add("三组群", "天气助手", "今天-17到-6℃")
    expect(desk.locator("#group-lines")).to_contain_text("今天-17到-6℃")
    expect(desk.locator("#group-lines .name em")).to_have_text("机器人")
    expect(desk.locator("#rooms .badge")).to_have_text("1")
    desk.locator("#rooms button", has_text="村干部群").click()
    expect(desk.locator("#group-title")).to_have_text("村干部群（4）")
    expect(desk.locator("#group-lines .line")).to_have_count(1)
    world.add("私:王网格", "守望", "365是36.5度吗？")
    desk.locator("#fresh button", has_text="王网格").click()
    expect(desk.locator("#private-lines .replies button")).to_have_text(["是", "不是"])
    expect(desk.locator("#fresh")).to_be_hidden()


@pytest.mark.browser
def test_last_line_stays_in_sight(desk: Page, world: FakeWorld) -> None:
    desk.locator("#phone").select_option("李书记")
    for name, _, _ in PEOPLE:
        for n in range(9):
            world.add(f"私:{name}", "守望", f"第{n}句，说给{name}听")
    expect(desk.locator("#fresh button")).to_have_count(len(PEOPLE) - 1)
    expect(desk.locator("#private-lines .line").last).to_be_in_viewport(ratio=1)
    expect(desk.locator("#private-newer")).to_be_hidden()


@pytest.mark.browser
def test_played_things_are_saved(desk: Page) -> None:
    say(desk, "我36.9")
    desk.locator("#more summary").click()
    with desk.expect_download() as saving:
        desk.get_by_role("link", name="存成对话").click()
    assert saving.value.suggested_filename == "对话.talk"
    assert "张桂芳：我36.9" in saving.value.path().read_text("utf-8")


@pytest.mark.browser
def test_greeting_is_shown_once(desk: Page) -> None:
    expect(desk.locator("#hello")).to_be_visible()
    desk.get_by_role("button", name="知道了").click()
    expect(desk.locator("#hello")).to_be_hidden()
    desk.reload()
    desk.locator("#group-lines .line").first.wait_for()
    expect(desk.locator("#hello")).to_be_hidden()


@pytest.mark.browser
def test_phone_tabs_and_their_badges(phone: Page) -> None:
    expect(phone.locator("#panel-private")).to_be_hidden()
    take(phone, "fever")
    phone.locator("#group-send").tap()
    expect(phone.locator("#badge-private")).to_have_text("1")
    expect(phone.locator("#badge-mind")).to_have_text("1")
    phone.get_by_role("button", name="它在想什么").tap()
    expect(phone.locator("#panel-group")).to_be_hidden()
    expect(phone.locator("#badge-mind")).to_be_hidden()
    phone.get_by_role("button", name="看手机").tap()
    expect(phone.locator("#panel-private")).to_be_visible()
    expect(phone.locator("#phone")).to_have_value("张大夫")
    expect(phone.locator("#badge-private")).to_be_hidden()
    phone.locator("#private-lines .replies button").tap()
    expect(phone.locator("#private-lines")).to_contain_text("记下了，您接了")


@pytest.mark.browser
@pytest.mark.parametrize("size", ["标准", "大字", "特大"])
def test_phone_fits_in_every_size_of_letters(phone: Page, size: str) -> None:
    say(phone, "我38.2 有点咳嗽" * 30)
    phone.locator("#more summary").tap()
    phone.get_by_role("button", name=size).tap()
    phone.locator("#more summary").tap()
    for tab in ("群", "私聊", "它在想什么"):
        phone.locator(".tabs button", has_text=tab).tap()
        assert phone.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        assert phone.evaluate(SMALL_TARGETS) == []
    phone.locator(".tabs button").first.tap()
    expect(phone.locator("#group-send")).to_be_in_viewport(ratio=1)


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out(browser: Browser, address: str, scheme: str) -> None:
    with visit(browser, address, viewport=DESK, color_scheme=scheme) as page:
        take(page, "fever")
        page.locator("#group-send").click()
        expect(page.locator("#fevers .open")).to_be_visible()
        page.locator("#group-text").fill(" ")
        page.locator("#group-send").click()
        expect(page.locator("#error")).to_be_visible()
        assert page.evaluate(FAINT_WORDS) == []


@pytest.mark.browser
def test_still_where_no_motion_is_wanted(browser: Browser, address: str) -> None:
    with visit(browser, address, viewport=DESK, reduced_motion="reduce") as page:
        moving = page.locator("#ring").evaluate("node => getComputedStyle(node).transitionDuration")
        assert moving == "0s"
