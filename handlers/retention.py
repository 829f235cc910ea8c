"""保存期限 retention: texts without a fact go after some days; statistics stay."""

import logging
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlmodel import col

from bot.clock import at, local_day
from bot.domain.prompts import Prompt
from bot.domain.questions import EntrySaid, LastAnswer
from bot.inbox import forget_texts
from bot.work import Work

log = logging.getLogger("shouwang.retention")

NIGHT = 3 * 60 + 20
KEEP_PROMPTS = timedelta(days=7)


def forget(work: Work) -> int:
    """Drop what is over its time; how many message texts went.

    Misfire: run late it drops the same rows, run twice nothing more.
    """
    texts = forget_texts(work.db, work.now - work.rules.keep_text)
    work.db.exec(delete(Prompt).where(col(Prompt.expires_at) < work.now - KEEP_PROMPTS))
    work.db.exec(
        delete(EntrySaid).where(col(EntrySaid.day) < local_day(work.now) - timedelta(days=2))
    )
    work.db.exec(delete(LastAnswer).where(col(LastAnswer.at) < work.now - work.rules.keep_text))
    log.info("retention", extra={"count": texts})
    return texts


def next_run(work: Work) -> datetime | None:
    """The next night."""
    today = local_day(work.now)
    tonight = at(today, NIGHT)
    return tonight if tonight > work.now else at(today + timedelta(days=1), NIGHT)
