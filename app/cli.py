"""One command: serve, demo, parse, ask, play, drill, and what a village's technician needs.

Exit codes: 0 done, 1 it went wrong or something is not as it should be, 2 the command was not
understood.
"""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from app import cli_content, cli_data, cli_notice, cli_province, cli_roster, cli_run
from app.cli_base import DATA, fail, say
from app.settings import SettingsError, load_settings
from app.settings_shown import describe
from bot.errors import BotError
from bot.language.parse import parse_record

app = typer.Typer(
    name="shouwang",
    help="守望：村民群里的守望员。记体温、答谣言、发通知、找没报的人。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
cli_run.add(app)
cli_province.add(app)
cli_data.add(app)
app.add_typer(cli_notice.app, name="notice")
app.add_typer(cli_roster.app, name="roster")
app.add_typer(cli_roster.chats, name="chat")
app.add_typer(cli_run.bridge, name="bridge")
app.add_typer(cli_data.audit, name="audit")
app.add_typer(cli_content.content, name="content")


@app.command(
    help="读一条条消息（每行一个 JSON），写出会记下什么。\n\n例：shouwang parse < 消息.jsonl"
)
def parse(
    explain: Annotated[bool, typer.Option("--explain", help="写出每个数为什么这样判")] = False,
) -> None:
    """JSON lines on stdin, one line out for each, in order; a bad one gets {"error"}, exit 1."""

    def one(record: dict[str, object]) -> dict[str, object]:
        answer = parse_record(record)
        return {**answer, "steps": cli_run.steps_of(record)} if explain else answer

    raise typer.Exit(json_lines(one))


def json_lines(answer: Callable[[dict[str, object]], dict[str, object]]) -> int:
    """Answer each JSON object of stdin on its own line; 1 where any line was none."""
    went_wrong = 0
    for line in _lines():
        try:
            record = json.loads(line)
            if not isinstance(record, dict):
                raise ValueError("这一行不是 JSON 对象")
            out: dict[str, object] = answer(record)
        except json.JSONDecodeError:
            out, went_wrong = {"error": "这一行不是 JSON"}, 1
        except ValueError as error:
            out, went_wrong = {"error": str(error)}, 1
        sys.stdout.write(json.dumps(out, ensure_ascii=False) + "\n")
    sys.stdout.flush()
    return went_wrong


def _lines() -> Iterator[str]:
    for raw in sys.stdin.buffer:
        line = raw.decode("utf-8", "replace").strip("\r\n\ufeff")
        if line.strip():
            yield line


@app.command(help="问答：每行一个 {id, text}，写出会怎么答。\n\n例：shouwang ask < 问题.jsonl")
def ask(
    pack: Annotated[
        list[Path] | None, typer.Option(help="内容包文件夹，可写几个；不写用自带的")
    ] = None,
    items: Annotated[
        Path | None, typer.Option(help="换一份清单（每行 id, title, body），只比引擎")
    ] = None,
    on: Annotated[str, typer.Option(help="按哪天的有效期答，如 2020-02-03")] = "",
    explain: Annotated[bool, typer.Option("--explain", help="写出为什么")] = False,
) -> None:
    """JSON lines on stdin, one answer a line, as said in private to a resident who asks the bot."""
    raise typer.Exit(json_lines(cli_content.answerer(pack or [], items, on, explain)))


@app.command(help="把所有设置列出来，密钥不显示。\n\n例：shouwang settings --data ./data")
def settings(data: DATA = None) -> None:
    """Every setting with its value, where it is the default, and what it means."""
    for row in describe(load_settings(data)):
        mark = "" if row.is_default else "  ← 改过"
        say(f"{row.key} = {row.value}{mark}\n    {row.meaning}")


def main() -> None:
    """Run; a user's mistake is one clear line, never a traceback."""
    try:
        app(prog_name="shouwang")
    except (SettingsError, BotError) as error:
        fail(getattr(error, "detail", "") or str(error))
    except BrokenPipeError:
        sys.stderr.close()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
