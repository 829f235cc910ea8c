"""What the bot does, one file a duty; here they are joined in the order of their turns."""

from bot.router import Router
from handlers import (
    chat,
    clarification,
    incidents,
    lists,
    missing,
    notices,
    questions,
    temperature,
)

ROUTER = Router.joined(
    [
        chat.router,  # loops and leaks first: nothing else may look at such a message
        notices.router,
        temperature.router,
        clarification.router,
        lists.router,
        incidents.router,
        missing.router,
        questions.router,
    ]
)
