"""A unit of work for commands: the same as in a turn, without a message and without channels."""

from collections.abc import Callable
from typing import Any

from sqlmodel import Session

from app.settings import Settings, load_secret
from app.wiring import Parts, build
from bot import content
from bot.channels.http import Http
from bot.clock import SystemClock
from bot.router import Kernel
from bot.seal import Sealer
from bot.work import Work


async def _nobody(unit: Callable[[Session], Any]) -> None:
    """Commands send nothing, so no token is ever asked for."""


def work_on(session: Session, settings: Settings) -> Work:
    """What a command gives a use case; what that says waits in the outbox for the server."""
    loaded = content.load(packs=settings.pack_names, extra=settings.pack_folders)
    secret, clock = load_secret(settings.data), SystemClock()
    parts = Parts(Http(), clock, _nobody, Sealer(secret))
    channels = build(
        dict(settings.channels), parts
    )  # only asked what they can; nothing is sent here
    kernel = Kernel(loaded, channels, clock, secret, settings.rule_pack)
    return kernel.work(session)
