"""Commands about content: ask a question of it, check a pack."""

import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from app.cli_base import fail, say
from bot import content as packs
from bot.clock import SystemClock, local_day
from bot.content import HOME, SIGNERS, load_gate, load_pack, parse_toml, signatures_of
from bot.language.answers import answer_record, best_day, item_from_record, item_record
from bot.language.faq import Engine
from bot.language.faq_check import check_pack
from bot.language.items import Item, ItemEngine
from bot.language.lexicon import Lexicon
from bot.language.pack_diff import changes

content = typer.Typer(help="内容包：检查、更新。", no_args_is_help=True)
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


@content.command(
    help="更新内容包：先看改了什么，两个人签字才换上。\n\n"
    "例：shouwang content update content/flu 新的/flu --as 编写人\n\n"
    "    shouwang content update content/flu 新的/flu --as 复核人"
)
def update(
    old: Annotated[Path, typer.Argument(help="正在用的包（新包写它将来的位置）", metavar="旧")],
    new: Annotated[Path, typer.Argument(help="改好的包", metavar="新")],
    who: Annotated[str, typer.Option("--as", help="签字人；不写只看改了什么")] = "",
) -> None:
    """Show what changes; the second person's signature puts it in place and keeps the old one."""
    base, _ = load_gate(HOME / "language")
    before = load_pack(old) if (old / "pack.toml").exists() else None
    after = load_pack(new)
    if before is not None and before.id != after.id:
        fail(f"不是同一个包：{old} 是 {before.id}，{new} 是 {after.id}", 2)
    if old.resolve() == new.resolve():
        fail("旧的和新的是同一个文件夹：先复制一份再改", 2)
    found = changes(before, after)
    for line in found:
        say(line)
    say(f"{after.title}：{len(found)} 处不同，{len(after.entries)} 条")
    problems = check_pack(after, base=base)
    for problem in problems:
        say(f"要改：{problem}")
    if problems:
        fail(f"{len(problems)} 处要改，不能签字")
    if found and who.strip():
        _sign(old, new, who.strip())
    elif found:
        say("还没有签字：看过没问题，两个人各用 --as 名字 签一次")


def _sign(old: Path, new: Path, name: str) -> None:
    """One more name under the new files; with the second they take the place of the old ones."""
    kept = signatures_of(new)
    if name in {other for other, _ in kept.names}:
        fail(f"{name} 已经签过这一版，要另一个人签")
    kept = kept.signed(name, local_day(SystemClock().now()))
    kept.write(new)
    names = "、".join(other for other, _ in kept.names)
    if len(kept.names) < SIGNERS:
        say(f"{names} 签了。再有一个人签就换上；签过以后再改，要重新签")
        return
    staged, gone = (old.parent / f".{old.name}.{what}" for what in ("new", "gone"))
    for folder in (staged, gone):
        shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(new, staged)
    if old.exists():
        shutil.make_archive(str(old.parent / f"{old.name}.before"), "zip", old)
        old.rename(gone)
    staged.rename(old)
    shutil.rmtree(gone, ignore_errors=True)
    say(f"{names} 都签了，换上了：{old}。旧的存成 {old.name}.before.zip，重启以后生效")
