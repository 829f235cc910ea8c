"""Every job and its hour: facts carry their due times, a tick asks what is due at `work.now`.

job              tick        what it does, and what it does with what it missed
notices.push     each minute approved notices that are due; valid ones are sent once, others expire
missing.walk     each minute reminders, closing lists, silences; none of a closed slot is sent
incidents.walk   each minute clocks of incidents and rechecks; a missed step is taken at once
questions.chase  each minute open questions that are overdue go one up, once each
whose.hand_on    each minute whose a reading is and its speaker never said: to the grid worker, once
notices.close    each minute notices whose last delivery is known; the author hears the result once
channels.watch   each minute platforms that refuse us for good become an incident, once an outage
notices.expire   each 10 min drafts and approvals past their validity are marked
rumours.forget   03:30       claims of one chat after 72 h, of old ones all but the numbers
retention        03:20       texts without a fact after 72 h, prompts and steps that are long over
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.work import Work
from handlers import (
    broadcast,
    channel_health,
    delivery,
    handing,
    incidents,
    missing,
    retention,
    rumours,
    unanswered,
)


@dataclass(frozen=True, slots=True)
class Job:
    """A use case and when the clock ticks for it.

    cron: five fields in China's time. next_due: when it will next have something to do, None where
    only the tick matters (a clock that is moved by hand stops there).
    """

    name: str
    words: str  # what it will do, for people
    cron: str
    run: Callable[[Work], object]
    next_due: Callable[[Work], datetime | None] = lambda _: None


TIMETABLE = (
    Job("notices.push", "发到点的通知", "* * * * *", broadcast.push_due, delivery.next_due),
    Job("missing.walk", "提醒还没报的人", "* * * * *", missing.walk, missing.next_step),
    Job("incidents.walk", "没人接的事往上找", "* * * * *", incidents.escalate, incidents.next_step),
    Job("questions.chase", "催没答的问题", "* * * * *", handing.chase, handing.next_due),
    Job(
        "whose.hand_on",
        "没回是哪位的，请网格员认",
        "* * * * *",
        unanswered.hand_on,
        unanswered.next_due,
    ),
    Job("notices.close", "报通知的结果", "* * * * *", delivery.close_sent),
    Job("channels.watch", "看通道通不通", "* * * * *", channel_health.watch),
    Job("notices.expire", "过期的通知收起来", "*/10 * * * *", delivery.expire),
    Job("rumours.forget", "清掉没传开的传言", "30 3 * * *", rumours.forget),
    Job("retention", "清掉过期的原话", "20 3 * * *", retention.forget, retention.next_run),
)
