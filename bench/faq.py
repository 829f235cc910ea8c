"""How long a question takes over 1,000 and 10,000 entries, how long a pack loads, what it holds.

The entries are those of the largest pack, each varied in the things that it names: 大蒜 becomes
another thing that no entry knows, in question, wordings and signatures alike. The questions are the
labelled ones. Each size runs in a process of its own, so that memory is its own.
"""

import argparse
import gc
import json
import multiprocessing
import random
import resource
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

from offtopic import in_force

from bot.content import HOME, load_gate, load_pack
from bot.language.faq import Engine
from bot.language.lexicon import cut, warm
from bot.language.pack import Entry, Groups, Pack

QUESTIONS = Path(__file__).resolve().parents[1] / "tests" / "data" / "questions"
DAY = date(2026, 7, 1)
SIGNS = "梧桐榆槐楠桂枫榕柳杉柏樟椿楸檀棕柘桦栎栗榛橡柿梨杏李桃梅枣橙柑柚橘荔茄葵芹菠韭葱姜荠藕菱"
# Median and p99 of a question in ms, seconds to load, MiB held, for each number of entries.
PROMISES = {1_000: (3.0, 10.0, 1.5, 60.0), 10_000: (15.0, 60.0, 15.0, 600.0)}


def varied(entries: list[Entry], count: int) -> Iterator[Entry]:
    """So many entries: the given ones, then copies that speak of other things."""
    draw = random.Random(3)  # noqa: S311 - no secret, the same entries every time
    yield from entries[:count]
    for at in range(count - len(entries)):
        model = entries[at % len(entries)]
        yield _other(model, at, draw)


def _other(model: Entry, at: int, draw: random.Random) -> Entry:
    """A copy, never asked for yet, whose rarest named things are replaced by ones of two signs."""
    named = [word for word in cut(model.question) if len(word) > 1]
    table = {word: "".join(draw.choices(SIGNS, k=2)) for word in named}

    def put(text: str) -> str:
        for word, other in table.items():
            text = text.replace(word, other)
        return text

    def groups(several: Groups) -> Groups:
        return tuple(
            tuple(word if "@" in word else put(word) for word in group) for group in several
        )

    return replace(
        model,
        id=f"{model.id}-{at}",
        question=put(model.question),
        wordings=tuple(map(put, model.wordings)),
        must=groups(model.must),
        or_must=tuple(map(groups, model.or_must)),
        heard=(),
    )


def pack_of(count: int) -> Pack:
    """One pack with so many entries."""
    pack = in_force(load_pack(HOME / "cn-covid-2020"))
    return replace(pack, entries=tuple(varied(list(pack.entries), count)))


def asked() -> list[str]:
    """The labelled questions."""
    return [
        str(json.loads(row)["text"])
        for name in ("own", "fresh1", "fresh2", "fresh3", "flu", "flood-heat")
        for row in (QUESTIONS / f"{name}.jsonl").read_text("utf-8").splitlines()
    ]


def held() -> float:
    """MiB of this process."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize() / 2**20


def measured(count: int) -> tuple[float, float, float, float]:
    """Median and p99 in ms, seconds to build the engine, MiB that it holds over the base."""
    base, gate = load_gate(HOME / "language")
    warm()
    pack = pack_of(count)
    gc.collect()
    before, begun = held(), time.process_time()
    engine = Engine([pack], gate=gate, base_lexicon=base)
    loaded = time.process_time() - begun
    times = []
    for text in asked():
        begun = time.process_time()
        engine.ask(text, on=DAY, addressed=True, in_group=False)
        times.append((time.process_time() - begun) * 1000)
    gc.collect()
    times.sort()
    return statistics.median(times), times[int(len(times) * 0.99)], loaded, held() - before


def main() -> int:
    """1 where a figure is over its promise."""
    options = argparse.ArgumentParser(description="speed and memory of the answering engine")
    options.add_argument("--entries", type=int, nargs="*", default=list(PROMISES))
    failed = False
    for count in options.parse_args().entries:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            figures = pool.apply(measured, (count,))
        promised = PROMISES.get(count, PROMISES[10_000])
        names = ("median ms", "p99 ms", "load s", "MiB held")
        for name, figure, promise in zip(names, figures, promised, strict=True):
            print(f"{count:6} entries  {name:10} {figure:8.2f}   promise {promise:g}")
            failed |= figure > promise
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
