"""What all commands share: where the data is, how to speak, how to end."""

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

DATA = Annotated[
    Path | None,
    typer.Option(
        "--data", help="数据文件夹；不写就用 SHOUWANG_DATA，再不然 ./data", show_default=False
    ),
]


def say(words: str) -> None:
    """One line for the person at the terminal."""
    typer.echo(words)


def fail(words: str, code: int = 1) -> NoReturn:
    """End with a clear line on stderr."""
    sys.stderr.write(words.rstrip() + "\n")
    raise SystemExit(code)


def progress(done: int, total: int) -> None:
    """A line that counts up, on a terminal only."""
    if sys.stderr.isatty():
        end = "\n" if done >= total else ""
        sys.stderr.write(f"\r{done}/{total}{end}")
        sys.stderr.flush()
