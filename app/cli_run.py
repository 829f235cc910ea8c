"""Commands that run the system: serve, demo, play, drill, and the bridge's reference client."""

import asyncio
import json
import shutil
import socket
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
import uvicorn

from app import observe
from app.bridge_client import BridgeClient
from app.channel_settings import LocalSettings
from app.cli_base import DATA, fail, progress, say
from app.demo import DemoVillage
from app.main import create_app
from app.service import Service, warm
from app.settings import Settings, load_secret, load_settings, ready_folder
from app.stage import CHANNEL
from app.talk.errors import TalkError
from app.talk.play import Difference, Player
from app.talk.syntax import parse_talk
from app.talk.update import rewrite, update_lines
from bot import content
from bot.channels.bridge_signing import key_of
from bot.clock import ShiftedClock, SystemClock
from bot.content import Content
from bot.errors import BotError, SendError
from bot.language.parse import utterance_of
from bot.language.readings import read

SWITCH_S = 0.0005
bridge = typer.Typer(help="网关的参考客户端：往守望送消息，收守望要说的话。", no_args_is_help=True)


def add(app: typer.Typer) -> None:
    """Hang the commands of this file on the one command."""
    app.command(help="全都在一个进程里跑起来。\n\n例：shouwang serve --port 8000 --data ./data")(
        serve
    )
    app.command(help="一个编出来的村子，浏览器里就能试。\n\n例：shouwang demo")(demo)
    app.command(help="把对话文件放一遍，和写的不一样就说出来。\n\n例：shouwang play 对话/*.talk")(
        play
    )
    app.command(
        help="编一个县，真相都知道，放一遍看错漏。"
        "\n\n例：shouwang drill --villages 2 --days 3 --seed 1"
    )(drill)


def serve(
    port: Annotated[int | None, typer.Option(help="端口；0 是随便哪个空的")] = None,
    host: Annotated[str | None, typer.Option(help="听哪个地址；0.0.0.0 是所有网卡")] = None,
    data: DATA = None,
) -> None:
    """Everything in one process."""
    settings = settings_of(data, port, host)
    observe.set_up(settings.log_level, settings.log_format)
    observe.catch_uncaught()
    serve_on(Service(settings), settings)


def demo(
    port: Annotated[int | None, typer.Option(help="端口；0 是随便哪个空的")] = None,
    host: Annotated[str | None, typer.Option(help="听哪个地址")] = None,
    data: DATA = None,
) -> None:
    """Serve an invented village whose morning has been played already."""
    settings = settings_of(data, port, host)
    folder = settings.data / "demo"
    ready_folder(settings.data)
    shutil.rmtree(folder, ignore_errors=True)  # invented people only: made anew at each start
    ready_folder(folder)
    own = settings.model_copy(
        update={
            "data": folder,
            "database_url": f"sqlite:///{folder / 'shouwang.db'}",
            "channels": {CHANNEL: LocalSettings(kind="local")},
        }
    )
    observe.set_up("warning", own.log_format)
    observe.catch_uncaught()
    say("正在把村子搭起来……")
    village = DemoVillage()
    load_secret(folder)
    loaded = content.load(packs=own.pack_names, extra=own.pack_folders)
    kept = settings.data / "demo-morning"
    clock = ShiftedClock(village.open(kept, folder, loaded, own.rule_pack))
    service = Service(own, clock=clock, deliver=village.deliver, loaded=loaded)
    village.attach(service, clock)
    serve_on(service, own, village)


def settings_of(data: Path | None, port: int | None, host: str | None) -> Settings:
    """Settings, with what the command line says of the address."""
    settings = load_settings(data)
    changes = {k: v for k, v in (("port", port), ("host", host)) if v is not None}
    return settings.model_copy(update=changes)


def serve_on(service: Service, settings: Settings, village: DemoVillage | None = None) -> None:
    """Serve HTTP until a signal comes."""
    try:
        listener = socket.create_server((settings.host, settings.port), backlog=2048)
    except OSError as error:
        fail(
            f"{settings.host}:{settings.port} 用不了（{error.strerror}）："
            "换一个 --port，或看看谁占着"
        )
    port = listener.getsockname()[1]
    # The writer computes; a platform's call must not wait five milliseconds for each of its steps.
    sys.setswitchinterval(SWITCH_S)
    app = create_app(service, village)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=10,
        timeout_keep_alive=75,
    )
    address = f"http://{'127.0.0.1' if settings.host == '0.0.0.0' else settings.host}:{port}"  # noqa: S104
    say(f"守望在 {address}{'/demo' if village else ''} 等着，Ctrl+C 停下。")
    sys.stdout.flush()
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(uvicorn.Server(config).serve(sockets=[listener]))


def play(
    files: Annotated[list[Path], typer.Argument(help="对话文件", metavar="文件…")],
    update: Annotated[
        bool, typer.Option("--update", help="把机器人说的话写回文件，改完用 diff 看")
    ] = False,
) -> None:
    """Play talks in virtual time; 1 where one differs, 2 where one is unreadable or not built."""
    loaded = content.load()
    warm()
    status = 0
    for done, path in enumerate(files, 1):
        status = max(status, _play_one(path, loaded, update))
        progress(done, len(files))
    raise typer.Exit(status)


def _play_one(path: Path, loaded: Content, update: bool) -> int:
    try:
        talk = parse_talk(path.read_text(encoding="utf-8"), path.name)
        player = Player(talk, loaded)
        differences = player.play()
    except OSError as error:
        say(f"{path}：打不开（{error.strerror}）")
        return 2
    except UnicodeDecodeError:
        say(f"{path}：不是 UTF-8 编码")
        return 2
    except TalkError as error:
        say(f"{path.name}：{error.detail}")
        return 2
    if update:
        changed = rewrite(talk.text, update_lines(talk, player.lines))
        if changed != talk.text:
            path.write_text(changed, encoding="utf-8")
            say(f"{path.name}：写回了")
        return 0
    for one in differences:
        say(_difference(path, one))
    return 1 if differences else 0


def _difference(path: Path, one: Difference) -> str:
    return f"{path.name}:{one.line}：{one.raw}\n    {one.why}"


def drill(
    villages: Annotated[int, typer.Option(min=1, max=500, help="几个村")] = 2,
    days: Annotated[int, typer.Option(min=1, max=60, help="几天")] = 3,
    seed: Annotated[int, typer.Option(help="种子：一样的种子放出来一模一样")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="写成一个 JSON")] = False,
) -> None:
    """Make a county with known truth, play it, and say what was missed, wrong, doubled or late."""
    from app.drill import run_drill  # only this command needs the simulated county

    result = run_drill(content.load(), villages=villages, days=days, seed=seed, progress=progress)
    say(json.dumps(result.as_json(), ensure_ascii=False) if as_json else result.as_text())
    raise typer.Exit(0 if result.is_clean else 1)


def steps_of(record: dict[str, object]) -> list[dict[str, Any]]:
    """Why each number of a message became what it did."""
    report = read(utterance_of(record))
    return [
        {"span": list(s.span), "words": s.words, "outcome": s.outcome, "why": s.why}
        for s in report.steps
    ]


def _client(url: str, bridge_id: str, key: str) -> BridgeClient:
    try:
        return BridgeClient(url, bridge_id, key_of(key), now=SystemClock().now)
    except ValueError as error:
        fail(f"网关的密钥不对：{error}", 2)


URL = Annotated[str, typer.Option(help="守望的地址，如 http://127.0.0.1:8000")]
NAME = Annotated[str, typer.Option("--bridge", help="网关的名字，就是 [channels.名字]")]
KEY = Annotated[str, typer.Option(envvar="SHOUWANG_BRIDGE_KEY", help="64 位十六进制密钥")]


@bridge.command(help="送消息：标准输入每行一个 JSON（docs/bridge.md）。")
def send(url: URL, name: NAME, key: KEY) -> None:
    """Send each line of stdin as one event; the answer of each on its own line."""
    with _client(url, name, key) as client:
        for line in sys.stdin:
            if line.strip():
                try:
                    say(json.dumps(client.send(json.loads(line)), ensure_ascii=False))
                except (SendError, ValueError) as error:
                    fail(f"没送成：{error}")


@bridge.command(help="收守望要说的话，一句一行 JSON，一直收到 Ctrl+C。")
def listen(url: URL, name: NAME, key: KEY) -> None:
    """Print what shall be said, and confirm each as sent."""
    with _client(url, name, key) as client:
        try:
            client.listen(lambda message: say(json.dumps(message, ensure_ascii=False)))
        except BotError as error:
            fail(f"收不了：{error.code} {error.detail}")
