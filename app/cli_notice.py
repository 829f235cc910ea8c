"""Commands about notices: send, approve, list; the use cases and rules of the chat."""

from datetime import date, timedelta
from typing import Annotated

import typer
from sqlmodel import Session, col, select

from app.cli_base import DATA, fail, say
from app.cli_data import open_store
from app.work import work_on
from bot.clock import at, clock_words, local_day
from bot.domain.notices import Notice, NoticeState, deliveries
from bot.domain.registry import Chat, Resident, Role, path_words, scope_of
from bot.errors import RuleError
from bot.work import Work
from handlers import broadcast

app = typer.Typer(help="通知：写、批、看。", no_args_is_help=True)


def _cadre(session: Session, name: str) -> Resident:
    """The one cadre of a name."""
    query = (
        select(Resident)
        .join(Role, col(Role.resident_id) == Resident.id)
        .where(Resident.name == name)
    )
    found = list({p.id: p for p in session.exec(query).all()}.values())
    if len(found) != 1:
        fail(
            f"没有叫“{name}”的干部"
            if not found
            else f"叫“{name}”的干部不止一位，请先在花名册里分开"
        )
    return found[0]


@app.command(
    help="写一条通知并确认。\n\n例：shouwang notice send --as 李书记 --place 柳树沟村 "
    "--until 2020-02-03 --text 明天大集停了"
)
def send(
    who: Annotated[str, typer.Option("--as", help="以哪位干部的名义")],
    text: Annotated[str, typer.Option(help="通知全文")],
    until: Annotated[str, typer.Option(help="有效到哪天，如 2020-02-03")],
    place: Annotated[str, typer.Option(help="发到哪里：村、组的名字；不写是他管的地方")] = "",
    chat: Annotated[list[str] | None, typer.Option(help="只发到这些群（群名，可写几个）")] = None,
    urgent: Annotated[bool, typer.Option("--urgent", help="紧急：夜里也发")] = False,
    data: DATA = None,
) -> None:
    """Draft and confirm as its author; more than one chat waits for a second, higher person."""
    try:
        last = date.fromisoformat(until)
    except ValueError:
        fail(f"--until 要写成 2020-02-03 这样，不是“{until}”", 2)
    with open_store(data) as (settings, store), store.begin() as session:
        work = work_on(session, settings)
        author = _cadre(session, who)
        scope = scope_of(session, author.id or 0, local_day(work.now))
        try:
            target = broadcast.place_for(work, scope, place)
            notice = broadcast.issue(
                work,
                author_id=author.id or 0,
                place_id=target.id or 0,
                text=text,
                due_at=work.now,
                expires_at=at(last + timedelta(days=1), 0),
                is_urgent=urgent,
                only_chats=tuple(chat or ()),
            )
            chats = broadcast.receivers(work, notice)
            if not chats:
                fail(
                    f"{path_words(session, notice.place_id)} 没有这样的群："
                    "先用 shouwang chat add 登记"
                )
            broadcast.approve(work, notice, author.id or 0)
        except RuleError as error:
            fail(work.phrase(error.phrase, **error.values))
        say(_words(work, notice, len(chats)))


def _words(work: Work, notice: Notice, chats: int) -> str:
    match notice.state:
        case NoticeState.PENDING:
            who = "、".join(p.name for p in broadcast.approvers(work, notice)) or "还没有能批的人"
            return (
                f"通知 {notice.id} 写好了，{chats} 个群，等第二个人批（{who}）："
                f"shouwang notice approve --as 名字 {notice.id}"
            )
        case NoticeState.APPROVED:
            return f"通知 {notice.id} 定好了，{chats} 个群，到点就发"
        case _:
            return f"通知 {notice.id} 正在发往 {chats} 个群"


@app.command(help="批一条通知（不能批自己写的）。\n\n例：shouwang notice approve --as 王镇 12")
def approve(
    who: Annotated[str, typer.Option("--as", help="以哪位干部的名义")],
    number: Annotated[int, typer.Argument(help="通知的编号", metavar="编号")],
    data: DATA = None,
) -> None:
    """The second person's yes."""
    with open_store(data) as (settings, store), store.begin() as session:
        work = work_on(session, settings)
        notice = session.get(Notice, number)
        if notice is None:
            fail(f"没有通知 {number}")
        try:
            broadcast.approve(work, notice, _cadre(session, who).id or 0)
        except RuleError as error:
            fail(work.phrase(error.phrase, **error.values))
        say(_words(work, notice, len(broadcast.receivers(work, notice))))


@app.command("list", help="最近的通知和送达。\n\n例：shouwang notice list")
def show(data: DATA = None) -> None:
    """The latest notices with what became of each delivery."""
    with open_store(data) as (_, store), store.reading() as session:
        for notice in session.exec(select(Notice).order_by(col(Notice.id).desc()).limit(20)).all():
            rows = deliveries(session, notice.id or 0)
            sent = sum(row.state == "sent" for row in rows)
            say(
                f"{notice.id}  {STATES[NoticeState(notice.state)]}  {clock_words(notice.due_at)}  "
                f"{sent}/{len(rows)} 个群  {notice.title}"
            )
            for row in rows:
                if row.state != "sent":
                    chat = session.get(Chat, row.chat_id)
                    say(f"    {chat.title if chat else row.chat_id}：{row.state} {row.reason}")


STATES = {
    NoticeState.DRAFT: "草稿",
    NoticeState.PENDING: "待批",
    NoticeState.APPROVED: "定好",
    NoticeState.SENDING: "在发",
    NoticeState.SENT: "发完",
    NoticeState.CANCELLED: "取消",
    NoticeState.SUPERSEDED: "已更正",
    NoticeState.EXPIRED: "过期",
}
