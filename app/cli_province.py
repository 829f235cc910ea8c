"""Commands of several processes on PostgreSQL: web, worker, sender, clock; any number of each."""

import asyncio
import signal
from typing import Annotated

import typer

from app import observe
from app.cli_base import DATA, say
from app.cli_run import serve_on, settings_of
from app.roles import Role
from app.service import Service

PORT = Annotated[
    int | None, typer.Option(help="端口：给监控看 /healthz、/readyz、/metrics；不写就不听")
]
HOST = Annotated[str | None, typer.Option(help="听哪个地址；0.0.0.0 是所有网卡")]


def add(app: typer.Typer) -> None:
    """Hang the commands of this file on the one command."""
    app.command(help="只收消息、开页面（PostgreSQL，几个都行）。\n\n例：shouwang web --port 8000")(
        web
    )
    app.command(help="只办消息（PostgreSQL，几个都行）。\n\n例：shouwang worker")(worker)
    app.command(help="只往外说（PostgreSQL，几个都行）。\n\n例：shouwang sender")(sender)
    app.command(help="只看钟（PostgreSQL，几个都行，一个当值）。\n\n例：shouwang clock")(clock)


def web(port: PORT = None, host: HOST = None, data: DATA = None) -> None:
    """Hear the platforms and serve the pages."""
    settings = settings_of(data, port, host)
    observe.set_up(settings.log_level, settings.log_format)
    observe.catch_uncaught()
    serve_on(Service(settings, roles=frozenset({Role.WEB})), settings)


def worker(port: PORT = None, host: HOST = None, data: DATA = None) -> None:
    """Handle messages."""
    _run(Role.WORKER, data, port, host)


def sender(port: PORT = None, host: HOST = None, data: DATA = None) -> None:
    """Say what is to be said."""
    _run(Role.SENDER, data, port, host)


def clock(port: PORT = None, host: HOST = None, data: DATA = None) -> None:
    """Do what falls due, while this process holds the post."""
    _run(Role.CLOCK, data, port, host)


def _run(role: Role, data: DATA, port: PORT, host: HOST) -> None:
    settings = settings_of(data, port, host)
    observe.set_up(settings.log_level, settings.log_format)
    observe.catch_uncaught()
    service = Service(settings, roles=frozenset({role}))
    if port is not None:
        serve_on(service, settings)
        return
    say(f"守望 {role} 跑着，Ctrl+C 停下。")
    with asyncio.Runner() as runner:
        runner.run(_until_stopped(service))


async def _until_stopped(service: Service) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(one, stopped.set)
    await service.start()
    try:
        await stopped.wait()
    finally:
        await service.stop()
