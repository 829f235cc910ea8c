r"""The ordinary chat: messages without any body temperature, and how often one is seen in them.

bench/ordinary/ holds the material. `slots.toml`: the words and numbers that fill a {slot}. `*.txt`:
the frames, one a line under the [domain] it talks of; one that starts with `!` is never joined to
another, since a bare number in it is understood only from its own words. `relays/*.txt`: a head,
`|` and the line that is repeated. `notices/*.txt`: paragraphs of forwarded texts. `\n`: a new line.
"""

import argparse
import random
import re
import statistics
import sys
import time
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from bot.language.meaning import Report, Utterance
from bot.language.readings import read, warm

MATERIAL = Path(__file__).with_suffix("")
PROMISE = 20  # messages out of 100,000
FIRST_DAY = date(2020, 1, 20)
DIGITS = "零一二三四五六七八九"
SLOT = re.compile(r"\{(\w+)\}")
MARK = "[，。、！ ]"
NUMERIC = f"[0-9a-zA-Z{DIGITS}十百半两]"
POINT = re.compile(r"(?<=\d)\.(?=\d)")
# Ways to type the same words, each with its share. Marks between two numbers always stay.
HABITS = (
    (0.25, re.compile("[，。]"), " "),
    (0.15, re.compile(f"(?<!{NUMERIC}){MARK}|{MARK}(?!{NUMERIC})"), ""),
    (0.03, POINT, "。"),
    (0.03, POINT, "点"),
)


@dataclass(frozen=True, slots=True)
class Frame:
    """One sentence with slots."""

    domain: str
    text: str
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A frame as filled; the words of all parts are the message."""

    frame: Frame
    words: str


@dataclass(slots=True)
class Failure:
    """A frame in which something was seen: how often, and once in full."""

    text: str
    why: str
    times: int = 0


@dataclass(slots=True)
class Tally:
    """What a run saw; `failures` by kind (readings, clarify) and frame."""

    failures: dict[tuple[str, Frame], Failure] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)
    micros: list[float] = field(default_factory=list)


def spoken(number: int) -> str:
    """A number below 1000 as it is said."""
    if number < 10:
        return DIGITS[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return (DIGITS[tens] if tens > 1 else "") + "十" + (DIGITS[ones] if ones else "")
    hundreds, rest = divmod(number, 100)
    if 10 <= rest < 20:
        return f"{DIGITS[hundreds]}百一{spoken(rest)}"
    return (
        f"{DIGITS[hundreds]}百" + ("零" if 0 < rest < 10 else "") + (spoken(rest) if rest else "")
    )


def frames_of(folder: Path) -> list[Frame]:
    """The frames of every text file of one folder."""
    frames, domain = list[Frame](), ""
    for path in sorted(folder.glob("*.txt")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("["):
                domain = line.strip("[]")
            elif line and not line.startswith("#"):
                text = line.removeprefix("!").replace("\\n", "\n")
                frames.append(Frame(domain, text, line.startswith("!")))
    return frames


class Chat:
    """An endless chat, the same from the same seed."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)  # noqa: S311 - a corpus from a seed, no secret
        slots = tomllib.loads((MATERIAL / "slots.toml").read_text(encoding="utf-8"))
        self.words: dict[str, list[str]] = slots["words"]
        self.numbers: dict[str, tuple[int, int]] = slots["numbers"]
        self.roster = frozenset(self.words["name"])
        self.frames = frames_of(MATERIAL)
        self.joinable = [frame for frame in self.frames if not frame.alone]
        self.relays = frames_of(MATERIAL / "relays")
        self.notices = frames_of(MATERIAL / "notices")

    def message(self) -> list[Part]:
        """The next message: a list, a forwarded text, or one or two sentences."""
        kind = self.rng.random()
        if kind < 0.03:
            return [self._relay()]
        if kind < 0.05:
            return self._notice()
        frame = self.rng.choice(self.frames)
        if frame.alone:
            return [self._part(frame)]
        before = self.fill("{greeting}，") if self.rng.random() < 0.15 else ""
        after = self.fill("，{closing}") if self.rng.random() < 0.18 else ""
        if kind < 0.25:
            glue = self.rng.choice(["，", " ", "。", "\n"])
            other = self._part(self.rng.choice(self.joinable), "", after)
            return self._typed([self._part(frame, before, glue), other])
        return self._typed([self._part(frame, before, after)])

    def said(self, parts: list[Part]) -> Utterance:
        """The message as somebody of the village sends it."""
        return Utterance(
            text="".join(part.words for part in parts),
            sender=self.fill("{sender}"),
            is_group=True,
            sent_on=FIRST_DAY + timedelta(days=self.rng.randrange(365)),
            sent_minute=self.rng.randint(6 * 60, 22 * 60),
            is_voice=self.rng.random() < 0.1,
            names=self.roster,
        )

    def fill(self, text: str) -> str:
        """The text with every slot filled, and the slots in what filled them."""
        return SLOT.sub(lambda slot: self._filled(slot[1]), text)

    def _filled(self, slot: str) -> str:
        if slot in self.words:
            return self.fill(self.rng.choice(self.words[slot]))
        number = self.rng.randint(*self.numbers[slot.removesuffix("_")])
        return spoken(number) if slot.endswith("_") else str(number)

    def _part(self, frame: Frame, before: str = "", after: str = "") -> Part:
        return Part(frame, before + self.fill(frame.text) + after)

    def _typed(self, parts: list[Part]) -> list[Part]:
        """The same words as hasty people type them."""
        kind = self.rng.random()
        for share, found, instead in HABITS:
            if kind < share:
                return [Part(part.frame, found.sub(instead, part.words)) for part in parts]
            kind -= share
        return parts

    def _relay(self) -> Part:
        frame = self.rng.choice(self.relays)
        head, _, line = frame.text.partition("|")
        mark = self.rng.choice([". ", "、", " ", "．"])
        lines = [f"{n}{mark}{self.fill(line)}" for n in range(1, self.rng.randint(3, 16))]
        return Part(frame, "\n".join([self.fill(head), *lines]))

    def _notice(self) -> list[Part]:
        wanted, parts = self.rng.randint(60, 3000), list[Part]()
        while not parts or sum(len(part.words) for part in parts) < wanted:
            parts.append(self._part(self.rng.choice(self.notices), "", "\n"))
        return parts


def run(chat: Chat, messages: int, show: int) -> Tally:
    """Reads so many messages of the chat and prints the first of them."""
    tally = Tally()
    for count in range(messages):
        parts = chat.message()
        said = chat.said(parts)
        if count < show:
            print(f"{said.sender}：{said.text}")
        begun = time.perf_counter_ns()
        report = read(said)
        tally.micros.append((time.perf_counter_ns() - begun) / 1000)
        if report.readings or report.clarify:
            note(tally, parts, said, report)
    return tally


def note(tally: Tally, parts: list[Part], said: Utterance, report: Report) -> None:
    """Counts what was seen, each number against the frame it stands in."""
    for kind, found in (("readings", report.readings), ("clarify", report.clarify)):
        tally.seen[kind] += bool(found)
        for span in (one.span for one in found):
            why = next((f"{s.words}: {s.why}" for s in report.steps if s.span == span), "")
            end = 0
            for part in parts:
                end += len(part.words)
                if span[0] < end:
                    new = Failure(f"{said.sender}：{said.text}", why)
                    tally.failures.setdefault((kind, part.frame), new).times += 1
                    break


def tell(chat: Chat, tally: Tally) -> None:
    """Prints what a run saw, the commonest last."""
    for (kind, frame), failure in sorted(tally.failures.items(), key=lambda item: item[1].times):
        print(f"{kind} x{failure.times} [{frame.domain}] {frame.text[:80]!r}")
        print(f"    {failure.text[:300]!r}\n    {failure.why[:200]}")
    reasons = Counter(failure.why.rpartition(": ")[2] for failure in tally.failures.values())
    print("frames by reason:", ", ".join(f"{why} {n}" for why, n in reasons.most_common(12)))
    kinds = {*chat.frames, *chat.relays, *chat.notices}
    print(f"frames {len(kinds)} of {len({frame.domain for frame in kinds})} domains")
    micros = sorted(tally.micros)
    seen = tally.seen
    print(
        f"messages {len(micros)}, seen: {seen['readings']} readings, {seen['clarify']} to be asked"
    )
    print(f"messages/s {len(micros) / sum(micros) * 1e6:.0f}")
    worst = micros[int(len(micros) * 0.99)]
    print(f"µs: median {statistics.median(micros):.0f}, p99 {worst:.0f}, max {micros[-1]:.0f}")


def main() -> int:
    """Runs the chat; 1 where more was seen in it than we promise."""
    options = argparse.ArgumentParser(description="how often a reading is seen where there is none")
    options.add_argument("--messages", type=int, default=100_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--show", type=int, default=0, help="print so many of the messages")
    chosen = options.parse_args()
    warm()
    chat = Chat(chosen.seed)
    tally = run(chat, chosen.messages, chosen.show)
    tell(chat, tally)
    return int(max(tally.seen["readings"], tally.seen["clarify"]) > PROMISE)


if __name__ == "__main__":
    sys.exit(main())
