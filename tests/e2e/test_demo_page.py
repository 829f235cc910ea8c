"""The demo page in a real browser, over a small scripted village."""

import copy
import re
import socket
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI

from app.console.demo import APP, ASSETS, DemoError, router

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

CHINA = timezone(timedelta(hours=8))
START = datetime(2020, 2, 3, 8, 12, tzinfo=CHINA)
PHONE = {"width": 360, "height": 640}
DESK = {"width": 1440, "height": 900}
OWN = {"X-Demo": "1"}

PEOPLE = [
    ("张桂芳", "村民", "三组 张桂芳家"),
    ("王德福", "村民", "三组 张桂芳家"),
    ("王小宝", "村民", "三组 张桂芳家"),
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
    ("三组群", "刘芳", "早上好，今儿个零下十七度，出门多穿点", "text", "静：没人叫它，也没有体温", []),
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
        missing = [name for name in owed if name not in self.readings]
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
                "owed": len(owed),
                "reported": len(owed) - len(missing),
                "missing": missing,
                "fevers": [{"name": name, "value": v, "state": state} for name, v in hot],
                "incidents": [
                    {"word": "发热", "who": name, "state": state, "at": "08:12"} for name, _ in hot
                ],
            },
            "rules": "cn-2020-01",
            "speed": 1,
        }

    async def say(
        self, chat: str, speaker: str, text: str, voice: bool, quote: int | None
    ) -> None:
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
            self.think("说：接了发热", [f"接 {speaker}"], [])
            self.add(chat, "守望", "记下了，您接了。量完回“复测 37.1”、“转诊”或“排除”。")
        elif text.startswith("发通知"):
            self.think("说：先给您看一遍", ["拟 通知"], [])
            self.add(chat, "守望", "发给三组群，12人。\n要发就回 4821。")
        else:
            self.think("说：私下问的，私下答", [], [])
            self.add(chat, "守望", "还没报的：张桂芳、王德福、王小宝、马强。")

    def hear(self, chat: str, speaker: str, text: str) -> None:
        found = re.findall(r"(\S*?)(\d\d\.\d)", text)
        names = {"我": speaker, "": speaker}
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
