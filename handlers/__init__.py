"""What the bot does, one file a duty; here they are joined in the order of their turns."""

from bot.router import Router
from handlers import (
    answering,
    chat,
    clarification,
    entries,
    followups,
    incidents,
    lists,
    missing,
    notices,
    questions,
    rebuttals,
    rumours,
    temperature,
)

ROUTER = Router.joined(
    [
        chat.router,  # loops and leaks first: nothing else may look at such a message
        rumours.router,  # only look: what they see goes on
        followups.router,  # what is said of our last answer, where nothing has come between
        notices.router,
        entries.router,
        rebuttals.router,
        temperature.router,
        clarification.router,
        lists.router,
        incidents.router,
        missing.router,
        questions.router,
        answering.router,
    ]
)
