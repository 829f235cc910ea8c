"""Play a drill: say every planned line through the real hook in virtual time, then compare."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from time import perf_counter
from typing import Any

from app.drill import check
from app.drill.county import CountyMaker
from app.drill.days import Planner
from app.drill.people import Village
from app.drill.result import DrillResult
from app.drill.truth import Book, Heard, Line
from app.stage import Stage
from bot.clock import at as moment_at
from bot.clock import local
from bot.content import Content
from bot.domain.rules import SlotDay
from bot.errors import Unreachable
from bot.language.pack import Verdict
from bot.message import ChatKind, Outbound

RULE_PACK = "cn-2020-01"
FIRST_DAY = date(2020, 2, 3)
TICK = timedelta(seconds=20)  # how often the sender looks again while a platform is down
LAST_STEPS = timedelta(hours=2)
ASKS = "是就回"


@dataclass
class Drill:
    """One drill on one stage."""

    content: Content
    result: DrillResult
    progress: Callable[[int, int], None] | None = None
    _queue: list[tuple[datetime, int, Line | None]] = field(default_factory=list)
    _waiting: dict[str, Line] = field(default_factory=dict)
    _count: int = 0

    def play(self) -> DrillResult:
        """From the first morning to two hours past the last evening."""
        began = perf_counter()
        rng = Random(self.result.seed)  # noqa: S311 - a drill wants to be repeated, not to be secret
        start = moment_at(FIRST_DAY, -120)
        self.stage = Stage(self.content, RULE_PACK, start)
        self.stage.on_said = self._heard
        try:
            with self.stage.begin() as session:
                maker = CountyMaker(
                    self.stage.world(session), rng, self.stage.kernel.rules, FIRST_DAY
                )
                villages = maker.make(self.result.villages)
            self.book = Book(villages)
            self._plan(villages, rng)
            self._run()
            check.compare(self.book, self.stage, self.result, self._slots())
        finally:
            self.stage.close()
        self.result.seconds = perf_counter() - began
        return self.result

    def _slots(self) -> list[SlotDay]:
        rules = self.stage.kernel.rules
        return [
            one
            for n in range(self.result.days)
            for one in rules.slot_days(FIRST_DAY + timedelta(days=n))
        ]

    def _plan(self, villages: list[Village], rng: Random) -> None:
        entries = [
            e
            for p in self.content.packs
            for e in p.entries
            if e.verdict is Verdict.FALSE and (e.valid_from or FIRST_DAY) <= FIRST_DAY
        ]
        slots = self._slots()
        self._outages(slots, rng)
        self._planners: dict[str, Planner] = {}
        for village in villages:
            planner = Planner(self.book, rng, self.stage.kernel.rules, rumours=entries)
            self._planners[village.name] = planner
            for one in slots:
                planner.slot(village, one)
            for line in planner.lines:
                self._push(line)
            planner.lines.clear()

    def _outages(self, slots: list[SlotDay], rng: Random) -> None:
        """The platform takes nothing for a stretch, about once in two days."""
        for one in slots:
            if rng.random() < 0.25:
                start = one.starts_at + timedelta(seconds=rng.randint(0, 200 * 60))
                end = start + timedelta(minutes=rng.randint(10, 50))
                self.book.outages.append((start, end))
                moment = start
                while moment < end + timedelta(minutes=6):
                    moment += TICK
                    self._tick(moment)

    def _tick(self, moment: datetime) -> None:
        self._count += 1
        heapq.heappush(self._queue, (moment, self._count, None))

    def _push(self, line: Line) -> None:
        self._count += 1
        heapq.heappush(self._queue, (line.at, self._count, line))

    def _run(self) -> None:
        total, done = len(self._queue), 0
        while self._queue:
            moment, _, line = heapq.heappop(self._queue)
            self.stage.advance(max(moment, self.stage.clock.now()))
            if line is not None:
                self._say(line)
            done += 1
            if self.progress is not None:
                self.progress(done, max(total, done + len(self._queue)))
        last = self._slots()[-1].ends_at + LAST_STEPS
        self.stage.advance(max(last, self.stage.clock.now()))

    def _say(self, line: Line) -> None:
        """Once, or with the repeats that the platform makes of it."""
        if line.key:  # a repeat: the same event again
            self.stage.hear(self._event(line))
            return
        self.result.messages += 1
        line.key = f"d{self.result.messages}"
        self.book.lines[line.key] = line
        if line.asks_back is not None:
            self._waiting[line.speaker.account] = line.asks_back
        if line.style == "answer":
            planner = self._planners[line.village.name]
            for follows in planner.answered(line):
                self._push(follows)
            planner.lines.clear()
        self.stage.hear(self._event(line))
        for delay in line.repeats:
            self._count += 1
            heapq.heappush(self._queue, (line.at + delay, self._count, line))

    def _event(self, line: Line) -> dict[str, Any]:
        event: dict[str, Any] = {
            "v": 1,
            "id": line.key,
            "type": line.kind,
            "occurred_at": local(line.at).isoformat(),
            "chat": {
                "id": line.chat or line.speaker.account,
                "kind": ChatKind.GROUP if line.chat else ChatKind.PRIVATE,
            },
            "sender": {"id": line.speaker.account, "name": line.speaker.name},
        }
        if line.kind == "message":
            event["text"] = line.text
        if line.is_voice:
            event["media"] = [{"kind": "voice"}]
        if line.quoted is not None:
            whom, text = line.quoted
            event["quote"] = {"sender_id": whom.account, "sender_name": whom.name, "text": text}
        if line.recalls is not None:
            event["ref"] = line.recalls.key
        return event

    def _heard(self, message: Outbound, at: datetime) -> None:
        """Take what the bot says, unless the platform is down; people answer what they are asked.

        Raises:
            Unreachable: the platform is down.
        """
        if self.book.is_down(at):
            raise Unreachable("drill_outage")
        self.book.heard.append(Heard(at, message))
        if message.to.kind is ChatKind.PRIVATE and ASKS in message.text:
            answer = self._waiting.pop(message.to.chat, None)
            if answer is not None:
                answer.at = max(answer.at, at + timedelta(seconds=20))
                self._push(answer)


def run_drill(
    content: Content,
    *,
    villages: int,
    days: int,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> DrillResult:
    """Make a county with known truth from a seed, play it, and say what the system made of it.

    Args:
        content: what a deployment uses.
        villages: how many; a township for each six.
        days: from the first morning on, two slots each.
        seed: the same seed is the same drill, word for word.
        progress: called with (done, total) as it goes.
    """
    return Drill(content, DrillResult(villages, days, seed), progress).play()
