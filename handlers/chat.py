"""All the rest: quiet on order, help, opting out, pasted identity numbers, gateways' receipts."""

import json
import re
from datetime import timedelta

from sqlmodel import col, select

from bot import inbox
from bot.domain.incidents import IncidentKind
from bot.domain.registry import RoleName, path_words
from bot.language.commands import Verb
from bot.message import MessageKind
from bot.outbox import Outbox
from bot.router import Router, Turn
from bot.work import Work
from handlers import alerts, channel_health, outgoing

router = Router()

IDENTITY = re.compile(
    r"(?<!\d)[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?!\d)"
)
_SPAN = re.compile(r"(\d{1,3}|[一二两三四五六七八九十半])\s*个?\s*(小时|钟头|分钟|分|天)")
_COUNT = {
    "半": 0.5,
    "一": 1,
    "两": 2,
    "二": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
    "十": 10,
}
_UNIT = {"小时": 60, "钟头": 60, "分钟": 1, "分": 1, "天": 24 * 60}
LOOP = 3  # equal texts of one sender in an hour after which the bot is quiet


@router.first
def on_loop(turn: Turn) -> bool:
    """Three equal texts in an hour from one sender: a machine perhaps; be quiet (rule S.5)."""
    message = turn.work.message
    if message is None or turn.said.report.readings or turn.said.report.danger:
        return False
    if len(turn.inbound.text) < 2 or turn.said.command is not None:
        return False
    if inbox.said_before(turn.work.db, message, turn.work.now - timedelta(hours=1)) < LOOP:
        return False
    turn.work.note("静：同一句话一小时里说了三遍，不再应（规则 S5）")
    return True


@router.first
def on_leak(turn: Turn) -> bool:
    """Identity numbers in a group: poster and secretary are asked privately to recall them.

    The numbers are kept nowhere: the message's own words are dropped at once.
    """
    numbers = IDENTITY.findall(turn.inbound.text)
    if not turn.is_group or not numbers:
        return False
    work = turn.work
    if work.message is not None:
        work.message.payload = IDENTITY.sub("〔证件号〕", work.message.payload)
    turn.reply_privately(work.phrase("leak.poster"), why="群里贴了身份证号，私下请他撤回")
    if turn.place_id is None:
        return True
    who = turn.speaker.name if turn.speaker else turn.account.display_name
    alerts.open_incident(
        work,
        IncidentKind.LEAK,
        turn.place_id,
        work.phrase(
            "leak.summary",
            who=who,
            chat=turn.chat.title if turn.chat else path_words(work.db, turn.place_id),
            count=len(numbers),
        ),
        tell=alerts.first_holders(work, turn.place_id, (RoleName.VILLAGE_SECRETARY,)),
        chat_id=turn.chat.id if turn.chat else None,
    )
    return True


@router.on_verb(Verb.MUTE_BOT)
def on_mute(turn: Turn) -> None:
    """小守闭嘴 2小时: quiet in this chat; emergencies and notices still come."""
    if turn.chat is None:
        turn.reply(turn.work.phrase("mute.where"), why="私聊里没有群可闭嘴")
        return
    span = _span(turn.said.command.get("span") if turn.said.command else "")
    turn.chat.muted_until = turn.work.now + span
    turn.work.db.add(turn.chat)
    turn.reply_privately(
        turn.work.phrase("mute.done", minutes=int(span / timedelta(minutes=1))),
        why="闭嘴了，私下应一声",
    )


def _span(words: str) -> timedelta:
    match = _SPAN.search(words)
    if match is None:
        return timedelta(hours=2)
    count = _COUNT.get(match[1]) or float(match[1])
    return timedelta(minutes=min(count * _UNIT[match[2]], 24 * 60))


@router.on_verb(Verb.UNMUTE_BOT)
def on_unmute(turn: Turn) -> None:
    """小守说话: speaks again in this chat."""
    if turn.chat is not None:
        turn.chat.muted_until = None
        turn.work.db.add(turn.chat)
        turn.reply_privately(turn.work.phrase("mute.over"), why="又能说话了")


@router.on_verb(Verb.OPT_OUT, cadres=False)
def on_opt_out(turn: Turn) -> None:
    """别再发了: no publicity to this person any more; what they owe is still asked for."""
    if turn.speaker is None or turn.is_group:
        return
    turn.speaker.takes_publicity = False
    turn.work.db.add(turn.speaker)
    turn.reply_privately(turn.work.phrase("publicity.off"), why="宣传类的停了")


@router.on_verb(Verb.OPT_IN, cadres=False)
def on_opt_in(turn: Turn) -> None:
    """再发吧: publicity again."""
    if turn.speaker is None or turn.is_group:
        return
    turn.speaker.takes_publicity = True
    turn.work.db.add(turn.speaker)
    turn.reply_privately(turn.work.phrase("publicity.on"), why="恢复了")


@router.on_verb(Verb.HELP, cadres=False)
def on_help(turn: Turn) -> None:
    """帮助: what this person may say."""
    key = "help.cadre" if turn.scope.is_cadre else "help.resident"
    turn.reply_privately(turn.work.phrase(key), why="问帮助")


@router.on_event(MessageKind.RECEIPT)
def on_gateway_receipt(turn: Turn) -> None:
    """What a gateway says became of our messages: taken, sent, delivered or failed."""
    refs = turn.inbound.extra.get("refs")
    keys = json.loads(refs) if refs else [turn.inbound.ref]
    for row in turn.work.db.exec(
        select(Outbox).where(
            Outbox.channel == turn.inbound.channel, col(Outbox.key).in_([str(k) for k in keys])
        )
    ).all():
        _settle(turn.work, row, turn.inbound.state, turn.inbound.reason, turn.inbound.extra)


def _settle(work: Work, row: Outbox, state: str, reason: str, extra: dict[str, str]) -> None:
    if row.state in ("expired", "superseded"):
        return
    if state == "failed":
        again = extra.get("retryable") == "true"
        row.state, row.reason = ("queued", reason) if again else ("failed", reason)
        row.due_at = work.now + timedelta(minutes=1) if again else row.due_at
    elif state in ("taken", "sent", "delivered"):
        row.state, row.sent_at, row.left_at = (
            "sent",
            row.sent_at or work.now,
            row.left_at or work.now,
        )
        row.reason = ""
    work.db.add(row)
    outgoing.settled(work.db, [row.id or 0])


@router.on_event(MessageKind.HEARTBEAT)
def on_heartbeat(turn: Turn) -> None:
    """A gateway says that it lives; of one whose login is gone somebody must know."""
    turn.work.note(f"通道 {turn.inbound.channel}：{turn.inbound.state}")
    if turn.inbound.state == "logged_out":
        channel_health.down(turn.work, turn.inbound.channel, "掉线了")
