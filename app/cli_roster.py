"""Commands about people and chats: import, template, accounts without a person, chats and channels.

What reads tables and compares sounds is imported where it is used: `serve` needs none of it, and it
takes 60 MiB.
"""

from pathlib import Path
from typing import Annotated

import typer
from sqlmodel import Session, col, select

from app.cli_base import DATA, fail, say
from app.cli_data import open_store
from app.settings import load_secret
from app.work import work_on
from bot.clock import SystemClock
from bot.domain.notices import places_named
from bot.domain.registry import WORD_OF_PURPOSE, Chat, ChatPurpose, Place, Resident, path_words
from bot.errors import BotError
from bot.people import by_name
from bot.seal import Sealer
from handlers import record

app = typer.Typer(help="花名册：导入、模板、认领账号。", no_args_is_help=True)
chats = typer.Typer(help="群：登记、列出。", no_args_is_help=True)


def _place(session: Session, words: str) -> Place:
    """The one place of a name or of a path's end."""
    found = places_named(session, words)
    if len(found) != 1:
        fail(
            f"没有“{words}”这个地方，先用 roster import 导入花名册"
            if not found
            else f"叫“{words}”的不止一处，写全一点，如 {path_words(session, found[0].id or 0)}"
        )
    return found[0]


@app.command(
    "import",
    help="导入花名册（xlsx 或 csv），先 --dry-run 看看。"
    "\n\n例：shouwang roster import 花名册.xlsx --dry-run",
)
def import_(
    file: Annotated[Path, typer.Argument(help="花名册文件", metavar="文件")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只看会怎样，什么也不写")] = False,
    place: Annotated[str, typer.Option(help="表里没写地方的人住哪：村或组的名字")] = "",
    data: DATA = None,
) -> None:
    """Plan, show, and write unless --dry-run; broken rows are named and left out, exit status 1."""
    from app.sheets import read_file
    from handlers import roster

    sheets = read_file(file)
    now = SystemClock().now()
    with open_store(data) as (settings, store), store.begin() as session:
        sealer = Sealer(load_secret(settings.data))
        default = _place(session, place) if place else None
        planned = roster.plan(session, sheets.rows, default, sealer, now)
        done = planned if dry_run else roster.apply(session, planned, sealer, now, source=file.name)
        for person in (*done.add, *done.change)[:200]:
            say(str(person))
        for error in (*sheets.problems, *done.errors):
            say(f"✗ {error}")
        for note in done.notes:
            say(f"! {note}")
        if sheets.unused:
            say(f"没用上的列：{'、'.join(sheets.unused)}")
        say(("（只看，没写）" if dry_run else "") + done.summary())
    raise typer.Exit(1 if done.errors or sheets.problems else 0)


@app.command(help="写一个空的花名册模板。\n\n例：shouwang roster template 花名册.xlsx")
def template(file: Annotated[Path, typer.Argument(help="写到哪", metavar="文件")]) -> None:
    """Headings, an example row and notes."""
    if file.exists():
        fail(f"{file} 已经有了，换个名字，免得盖掉")
    from app.sheets import roster_template

    roster_template(file)
    say(f"写好了：{file}")


@app.command(help="还对不上人的账号，和猜的人。\n\n例：shouwang roster unbound 柳树沟村")
def unbound(
    place: Annotated[str, typer.Argument(help="村或组", metavar="地方")],
    data: DATA = None,
) -> None:
    """Accounts without a resident, those with waiting readings first."""
    from handlers import roster

    with open_store(data) as (_, store), store.reading() as session:
        rows = roster.unbound(session, _place(session, place).id or 0)
        for row in rows:
            guesses = "、".join(f"{g.resident.name}（{g.place}）" for g in row.guesses)
            say(
                f"{row.account.channel}:{row.account.account}  {row.account.display_name}  "
                f"等着的读数 {row.waiting}  可能是：{guesses or '猜不出'}"
            )
        if not rows:
            say("都对上了")


@app.command(
    help="认领：这个账号就是这个人。\n\n例：shouwang roster bind county:zhangsan 张三 --place 三组"
)
def bind(
    account: Annotated[str, typer.Argument(help="通道:账号", metavar="账号")],
    name: Annotated[str, typer.Argument(help="花名册上的名字", metavar="名字")],
    place: Annotated[str, typer.Option(help="同名的人用这个分开")] = "",
    replace: Annotated[bool, typer.Option("--replace", help="已绑给别人，确实换了人")] = False,
    data: DATA = None,
) -> None:
    """Bind an account; readings that waited for it become the person's."""
    channel, _, ref = account.partition(":")
    from handlers import roster

    if not ref:
        fail("账号要写成 通道:账号，如 county:zhangsan", 2)
    with open_store(data) as (settings, store), store.begin() as session:
        people = _people(session, name, place)
        if len(people) != 1:
            fail(
                f"花名册上没有“{name}”" if not people else f"叫“{name}”的不止一位，加 --place 分开"
            )
        work = work_on(session, settings)
        bound = roster.bind(session, people[0], channel, ref, work.now, replace=replace)
        kept = record.adopt(work, bound)
        say(f"{account} 就是 {people[0].name}；等着的读数记下 {kept} 个")


def _people(session: Session, name: str, place: str) -> list[Resident]:
    if place:
        return by_name(session, _place(session, place).id or 0, name)
    query = select(Resident).where(Resident.name == name, Resident.gone == "")
    return list(session.exec(query).all())


@chats.command(
    "add",
    help="登记一个群：谁的、做什么用、从哪听、往哪说。\n\n"
    "例：shouwang chat add 三组群 --place 三组 --kind 村民 --in county:wrABC --out push:三组群",
)
def add_chat(
    title: Annotated[str, typer.Argument(help="群名", metavar="群名")],
    place: Annotated[str, typer.Option(help="哪个村、组的群")],
    kind: Annotated[str, typer.Option(help="村民、干部或包保")] = "村民",
    heard: Annotated[str, typer.Option("--in", help="从哪听：通道:群号")] = "",
    said: Annotated[str, typer.Option("--out", help="往哪说：通道:群号；不写就和听的一样")] = "",
    members: Annotated[int, typer.Option(min=0, help="群里多少人（算群发要多久）")] = 0,
    data: DATA = None,
) -> None:
    """Register a chat with its inbound and its outbound channel."""
    from handlers import roster

    in_channel, _, in_ref = heard.partition(":")
    out_channel, _, out_ref = said.partition(":")
    with open_store(data) as (settings, store), store.begin() as session:
        for channel in filter(None, (in_channel, out_channel)):
            if channel not in settings.channels:
                fail(f"设置里没有通道“{channel}”：先在 shouwang.toml 里写 [channels.{channel}]")
        try:
            chat = roster.register_chat(
                session,
                _place(session, place),
                kind,
                title,
                in_channel,
                in_ref,
                out_channel,
                out_ref,
            )
        except BotError as error:
            fail(error.detail)
        chat.members = members or chat.members
        session.add(chat)
        say(f"登记好了：{title}")


@chats.command("list", help="登记了的群，和听到过却没登记的群。\n\n例：shouwang chat list")
def list_chats(data: DATA = None) -> None:
    """All chats, those that nobody has registered last."""
    with open_store(data) as (_, store), store.reading() as session:
        for chat in session.exec(
            select(Chat).order_by(col(Chat.place_id).is_(None), col(Chat.id))
        ).all():
            where = path_words(session, chat.place_id) if chat.place_id else "还没登记"
            out = f" → {chat.out_channel}:{chat.out_ref}" if chat.out_channel else ""
            kind = WORD_OF_PURPOSE[ChatPurpose(chat.purpose)]
            say(
                f"{chat.title or '（没有名字）'}  {where}  {kind}  "
                f"{chat.in_channel}:{chat.in_ref}{out}"
            )
