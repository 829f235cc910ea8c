"""Commands about content: ask a question of it, check a pack."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from app.cli_base import fail, say
from bot import content as packs
from bot.clock import SystemClock, local_day
from bot.content import HOME, load_gate, load_pack, parse_toml
from bot.language.answers import answer_record, best_day, item_from_record, item_record
from bot.language.faq import Engine
from bot.language.faq_check import check_pack
from bot.language.items import Item, ItemEngine
from bot.language.lexicon import Lexicon

content = typer.Typer(help="内容包：检查。", no_args_is_help=True)
Answer = Callable[[dict[str, object]], dict[str, object]]


def answerer(folders: list[Path], items: Path | None, on: str, explain: bool) -> Answer:
    """What answers one record of `shouwang ask`."""
    base, gate = load_gate(HOME / "language")
    if items is not None:
        own = Lexicon.from_toml(
            parse_toml(HOME / "language" / "gate_items.toml"), "gate_items.toml"
        )
        engine = ItemEngine(_items(items), base.merged(own))
        return lambda record: item_record(engine, record)
    chosen = [load_pack(f) for f in folders] if folders else [load_pack(HOME / "cn-covid-2020")]
    asked = Engine(chosen, gate=gate, base_lexicon=base)
    day = _day(on) if on else best_day(chosen, local_day(SystemClock().now()))

    def answer(record: dict[str, object]) -> dict[str, object]:
        out = answer_record(asked, record, day)
        if explain:
            found = asked.ask(str(record["text"]), on=day, addressed=True, in_group=False)
            out["steps"] = list(found.steps)
        return out

    return answer


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        fail(f"--on 要写成 2020-02-03 这样，不是“{text}”", 2)


def _items(path: Path) -> list[Item]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return [item_from_record(json.loads(line)) for line in lines if line.strip()]
    except OSError as error:
        fail(f"{path} 打不开（{error.strerror}）")
    except ValueError as error:
        fail(f"{path.name} 里有一行不对：{error}")


@content.command(
    help="检查内容包：出处、期限、撞车的问法、没有根据的数字。\n\n例：shouwang content check"
)
def check(
    folders: Annotated[
        list[Path] | None, typer.Argument(help="包的文件夹；不写就查自带的", metavar="文件夹…")
    ] = None,
    on: Annotated[str, typer.Option(help="也列出那天已过期的，如 2020-03-01")] = "",
) -> None:
    """Exit status 1 where anything keeps a pack from being let in."""
    base, _ = load_gate(HOME / "language")
    chosen = folders or sorted(p.parent for p in HOME.glob("*/pack.toml"))
    faults = 0
    for folder in chosen:
        pack = load_pack(folder)
        problems = check_pack(pack, base=base, on=_day(on) if on else None)
        for problem in problems:
            say(f"{folder.name}：{problem}")
        faults += len(problems)
        say(f"{folder.name}：{len(pack.entries)} 条，{len(problems)} 处要改")
    packs.load_rules(HOME / "rules")
    raise typer.Exit(1 if faults else 0)
