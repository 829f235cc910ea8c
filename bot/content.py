"""Content: rule and question packs, notice templates and phrases, loaded and checked at start."""

import hashlib
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
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


SIGNED = "signed.toml"  # who signed an update, and what exactly
SIGNERS = 2


@dataclass(frozen=True, slots=True)
class Signatures:
    """Names and days under one state of a pack's files."""

    digest: str
    names: tuple[tuple[str, date], ...] = ()

    def signed(self, name: str, on: date) -> "Signatures":
        """The same with one more name."""
        return Signatures(self.digest, (*self.names, (name, on)))

    def write(self, folder: Path) -> None:
        """Keep them beside the pack."""
        lines = [f"digest = {json.dumps(self.digest)}", ""]
        for name, on in self.names:
            quoted = json.dumps(name, ensure_ascii=False)
            lines += ["[[signature]]", f"name = {quoted}", f"on = {on.isoformat()}", ""]
        (folder / SIGNED).write_text("\n".join(lines), encoding="utf-8")


def digest_of(folder: Path) -> str:
    """A hash over all files of a pack but the signatures."""
    whole = hashlib.sha256()
    for path in sorted(folder.glob("*.toml")):
        if path.name != SIGNED:
            whole.update(f"{path.name}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return whole.hexdigest()


def signatures_of(folder: Path) -> Signatures:
    """Who has signed the files as they are now; what was signed of others counts no more."""
    digest = digest_of(folder)
    if not (folder / SIGNED).exists():
        return Signatures(digest)
    kept = parse_toml(folder / SIGNED)
    if kept.get("digest") != digest:
        return Signatures(digest)
    rows = kept.get("signature", [])
    return Signatures(digest, tuple((str(row["name"]), row["on"]) for row in rows))


def load_pack(folder: Path, *, must_be_signed: bool = False) -> Pack:
    """One question pack.

    Args:
        folder: with pack.toml and the rest.
        must_be_signed: refuse one whose update was begun to be signed and is not signed by two, or
            was changed since.

    Raises:
        ContentError: file and entry at fault.
    """
    is_begun = must_be_signed and (folder / SIGNED).exists()
    if is_begun and len({name for name, _ in signatures_of(folder).names}) < SIGNERS:
        raise ContentError(
            "pack", f"{folder.name}: 签字以后改过，或者还没有两个人签字：shouwang content update"
        )
    names = [n for n in ("faq.toml", "rumours.toml") if (folder / n).exists()]
    lexicon, heard = folder / "lexicon.toml", folder / "heard.toml"
    try:
        return pack_from_toml(
            folder.name,
            parse_toml(folder / "pack.toml"),
            {name: parse_toml(folder / name) for name in names},
            parse_toml(lexicon) if lexicon.exists() else None,
            parse_toml(heard) if heard.exists() else None,
        )
    except ValueError as error:
        raise ContentError("pack", str(error)) from error


def load_gate(folder: Path) -> tuple[Lexicon, Gate]:
    """The dialect that all packs share, and what sends a question to 120, the doctor or a cadre.

    Raises:
        ContentError: file and rule at fault.
    """
    try:
        names = ("gate_dialect.toml", "ordinary.toml")
        base = Lexicon().merged(*(Lexicon.from_toml(parse_toml(folder / n), n) for n in names))
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
    loaded = tuple(load_pack(folder, must_be_signed=True) for folder in folders)
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
