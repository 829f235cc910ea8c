"""How often ordinary talk, which asks nothing of us, gets an answer, with every pack in force.

The lines: tests/data/ordinary_* by other hands, then the generator of bench/ordinary.py. Some of
them do speak of what a pack is about (谁说喝醋防病毒, 体温多少算发烧): those are left out, counted
and shown. Each line is heard in the group, and again as if it had been said to us alone, which is
the harder case.
"""

import argparse
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

from ordinary import Chat

from bot.content import HOME, load_gate, load_pack
from bot.language.faq import Action, Engine
from bot.language.lexicon import plain
from bot.language.pack import Pack

DATA = Path(__file__).resolve().parents[1] / "tests" / "data"
DAY = date(2026, 7, 1)
PROMISE = 0.001
OURS = re.compile(
    r"病毒|新冠|肺炎|疫|口罩|隔离|消毒|体温|耳温|腋下|测温|算正常|去量|发烧|发热|低烧|退烧|烧到|正常人|要上报"
    r"|\d度.{0,3}(?:以上|送医院|上报)|[过越]了?3[789]|核酸|抗原|抗体|确诊|密接|感染|症状|流感|潜伏"
    r"|中暑|高温|天[气儿]?[^，。 ]{0,3}热|三伏|热浪|避暑|酒精|84兑|洗手|谣|偏方|送医院|健康码|防病"
    r"|治病"
    r"|蚊|老鼠|耗子|蜱|发大?水|洪水|淹|熏|杀菌|通风|通通风|捂汗|发汗|拉肚子|呕吐|诺如|手足口|漂白粉"
    r"|开学|逢集|走亲戚|吃席|冰箱里.*吃|病啊灾"
)
ALARMS = (Action.EMERGENCY, Action.DOCTOR)


def hands() -> Iterator[str]:
    """Lines that people wrote."""
    for path in sorted(DATA.glob("ordinary_*.txt")):
        yield from filter(None, path.read_text("utf-8").splitlines())
    for path in sorted(DATA.glob("ordinary_*.jsonl")):
        for row in path.read_text("utf-8").splitlines():
            yield str(json.loads(row)["text"])


def lines(count: int, seed: int) -> tuple[list[str], list[str]]:
    """`count` lines that ask nothing of us, and those that came between and may.

    What the content itself knows for ordinary talk is left out.
    """
    chat = Chat(seed)
    known = frozenset(load_gate(HOME / "language")[0].ordinary)
    written = (line for line in hands() if plain(line) not in known)
    talk, ours = list[str](), list[str]()
    while len(talk) < count:
        text = next(written, None) or "".join(part.words for part in chat.message())
        (ours if OURS.search(text) else talk).append(text)
    return talk, ours


def in_force(pack: Pack) -> Pack:
    """The pack without first and last days."""
    entries = tuple(replace(one, valid_from=None, valid_to=None) for one in pack.entries)
    return replace(pack, entries=entries, valid_from=None, valid_to=None)


def engine() -> Engine:
    """All packs that are shipped, whatever their days."""
    base, gate = load_gate(HOME / "language")
    folders = sorted(path.parent for path in HOME.glob("*/pack.toml"))
    return Engine([in_force(load_pack(one)) for one in folders], gate=gate, base_lexicon=base)


def run(asked: Engine, said: list[str], to_us: bool, show: int) -> float:
    """Print what was answered; the share of it."""
    seen: Counter[str] = Counter()
    heard: defaultdict[str, list[str]] = defaultdict(list)
    for text in said:
        found = asked.ask(text, on=DAY, addressed=to_us, in_group=not to_us)
        if found.action is Action.ANSWER:
            question = found.hits[0].entry.question
            heard[question].append(text)
            seen["answered"] += 1
        elif found.action in ALARMS:
            heard[f"({found.action}) {found.steps[0]}"].append(text)
            seen[str(found.action)] += 1
    for question, texts in sorted(heard.items(), key=lambda pair: len(pair[1])):
        print(f"  {len(texts):4} {question}")
        for text in texts[:show]:
            print(f"         {text[:120]!r}")
    where = "to us alone" if to_us else "in the group"
    share = seen["answered"] / len(said)
    alarms = ", ".join(f"{name} {seen[name]}" for name in map(str, ALARMS))
    print(f"{where}: {seen['answered']} of {len(said)} answered ({share:.3%}); {alarms}")
    return share


def main() -> int:
    """1 where more is answered than we promise."""
    options = argparse.ArgumentParser(description="how much of ordinary talk is answered")
    options.add_argument("--lines", type=int, default=20_000)
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--show", type=int, default=3, help="of each entry print so many lines")
    chosen = options.parse_args()
    talk, ours = lines(chosen.lines, chosen.seed)
    asked = engine()
    print(f"{len(ours)} lines that may be ours, in the group")
    run(asked, ours, False, 1)
    print(f"{len(talk)} lines of ordinary talk")
    shares = [run(asked, talk, to_us, chosen.show) for to_us in (False, True)]
    return int(max(shares) > PROMISE)


if __name__ == "__main__":
    sys.exit(main())
