"""Fixed turns of speech that the grammar asks for by name, from turns.toml."""

import tomllib
from functools import cache

from bot.language.data import language_dir


@cache
def _sets() -> dict[str, str]:
    path = language_dir() / "temperature" / "turns.toml"
    listed: dict[str, str] = tomllib.loads(path.read_text(encoding="utf-8"))["sets"]
    return listed


def turn(name: str) -> frozenset[str]:
    """The words of this name."""
    return frozenset(_sets()[name].split())


def turn_signs(name: str) -> frozenset[str]:
    """The single signs of this name."""
    return frozenset("".join(_sets()[name].split()))
