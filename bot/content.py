"""Content: rule and question packs, notice templates and phrases, loaded and checked at start."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from string import Formatter
from typing import Any

from bot.domain.rules import RulePack, rule_pack
from bot.errors import ContentError
from bot.language.faq import Engine
from bot.language.gate import Gate
from bot.language.lexicon import Lexicon
from bot.language.pack import Pack, pack_from_toml

HOME = Path(__file__).resolve().parents[1] / "content"


@dataclass(frozen=True, slots=True)
class Template:
    """A notice with named blanks."""

    id: str
    title: str
    text: str
    blanks: tuple[tuple[str, str], ...]  # (name, what is asked of the cadre)


@dataclass(frozen=True, slots=True)
class Content:
    """Everything that the bot may say or decide by."""

    phrases: Mapping[str, str | Sequence[str]]
    rules: Mapping[str, RulePack]
    packs: tuple[Pack, ...]
    engine: Engine
    templates: Mapping[str, Template] = field(default_factory=dict)

    def phrase(self, key: str, **values: object) -> str:
        """One phrase with its values; of several wordings `n` (a value) picks one in turn."""
        wording = self.phrases[key]
        if not isinstance(wording, str):
            number = values.get("n", 0)
            wording = wording[(number if isinstance(number, int) else 0) % len(wording)]
        return wording.format_map(values)


def parse_toml(path: Path) -> dict[str, Any]:
    """One TOML file.

    Raises:
        ContentError: the file is missing or no TOML; it is named.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ContentError("content", f"{path.name}: {error}") from error


def load_rules(folder: Path) -> dict[str, RulePack]:
    """All rule packs of a folder by id.

    Raises:
        ContentError: file and key at fault.
    """
    found: dict[str, RulePack] = {}
    for path in sorted(folder.glob("*.toml")):
        try:
            pack = rule_pack(parse_toml(path))
        except (KeyError, ValueError, TypeError) as error:
            raise ContentError("rule_pack", f"{path.name}: {error}") from error
        found[pack.id] = pack
    return found


def load_pack(folder: Path) -> Pack:
    """One question pack.

    Raises:
        ContentError: file and entry at fault.
    """
    names = [n for n in ("faq.toml", "rumours.toml") if (folder / n).exists()]
    lexicon = folder / "lexicon.toml"
    try:
        return pack_from_toml(
            folder.name,
            parse_toml(folder / "pack.toml"),
            {name: parse_toml(folder / name) for name in names},
            parse_toml(lexicon) if lexicon.exists() else None,
        )
    except ValueError as error:
        raise ContentError("pack", str(error)) from error


def load_gate(folder: Path) -> tuple[Lexicon, Gate]:
    """The dialect that all packs share, and what sends a question to 120, the doctor or a cadre.

    Raises:
        ContentError: file and rule at fault.
    """
    try:
        base = Lexicon.from_toml(parse_toml(folder / "gate_dialect.toml"), "gate_dialect.toml")
        return base, Gate.from_toml(parse_toml(folder / "gate.toml"), base)
    except ValueError as error:
        raise ContentError("gate", str(error)) from error


def load_templates(path: Path) -> dict[str, Template]:
    """Notice templates of a file by id; its blanks and those of the text must be the same."""
    found: dict[str, Template] = {}
    for row in parse_toml(path).get("template", []):
        blanks = tuple((b["name"], b["ask"]) for b in row.get("blanks", []))
        used = {name for _, name, _, _ in Formatter().parse(row["text"]) if name}
        if used != {name for name, _ in blanks}:
            raise ContentError("template", f"{path.name}: {row['id']}: 空格与正文不一致")
        found[row["id"]] = Template(row["id"], row["title"], row["text"], blanks)
    return found


def load(
    home: Path = HOME, packs: Sequence[str] = ("cn-covid-2020",), extra: Sequence[Path] = ()
) -> Content:
    """Load everything that a deployment uses.

    Args:
        home: the content folder.
        packs: names of question packs below it.
        extra: folders of further question packs.

    Raises:
        ContentError: what is wrong, with file and place.
    """
    folders = [home / name for name in packs] + list(extra)
    for folder in folders:
        if not (folder / "pack.toml").exists():
            raise ContentError("pack", f"没有这个内容包：{folder.name}")
    loaded = tuple(load_pack(folder) for folder in folders)
    templates: dict[str, Template] = {}
    for folder in folders:
        if (folder / "notices.toml").exists():
            templates |= load_templates(folder / "notices.toml")
    phrases = parse_toml(home / "base" / "phrases.toml")
    base, gate = load_gate(home / "language")
    return Content(
        phrases=_flat(phrases),
        rules=load_rules(home / "rules"),
        packs=loaded,
        engine=Engine(loaded, gate=gate, base_lexicon=base),
        templates=templates,
    )


def _flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, str | Sequence[str]]:
    """Nested tables as dotted keys."""
    out: dict[str, str | Sequence[str]] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            out |= _flat(value, f"{prefix}{key}.")
        else:
            out[f"{prefix}{key}"] = value
    return out
