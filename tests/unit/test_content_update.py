"""An update of a pack: what changes is shown, two people sign, and only that is put in place."""

import re
import shutil
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.cli import app
from bot.content import HOME, load_pack, signatures_of
from bot.errors import ContentError
from bot.language.pack_diff import changes

RUN = CliRunner()


@pytest.fixture
def packs(tmp_path: Path) -> tuple[Path, Path]:
    """The pack in use, and a copy in which one entry says it otherwise and one is gone."""
    old, new = tmp_path / "flu", tmp_path / "new" / "flu"
    shutil.copytree(HOME / "flu", old)
    shutil.copytree(HOME / "flu", new)
    (new / "signed.toml").unlink(missing_ok=True)
    edit(new, "valid_to = 2027-12-31", "valid_to = 2028-06-30", "pack.toml")
    return old, new


def edit(folder: Path, before: str, after: str, name: str = "faq.toml") -> None:
    path = folder / name
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), "utf-8")


def update(packs: tuple[Path, Path], who: str = "") -> Result:
    words = ["content", "update", *map(str, packs), *(["--as", who] if who else [])]
    return RUN.invoke(app, words)


def test_it_is_shown_and_nothing_happens_yet(packs: tuple[Path, Path]) -> None:
    found = update(packs)
    assert found.exit_code == 0
    assert "2027-12-31 → 2028-06-30" in found.output
    assert "还没有签字" in found.output
    assert load_pack(packs[0]).valid_to == date(2027, 12, 31)


def test_the_second_person_puts_it_in_place(packs: tuple[Path, Path]) -> None:
    old, _ = packs
    assert update(packs, "甲").exit_code == 0
    assert load_pack(old).valid_to == date(2027, 12, 31)
    assert update(packs, "甲").exit_code == 1, "one person is not two"
    assert update(packs, "乙").exit_code == 0
    assert load_pack(old, must_be_signed=True).valid_to == date(2028, 6, 30)
    assert [name for name, _ in signatures_of(old).names] == ["甲", "乙"]
    assert (old.parent / "flu.before.zip").exists()
    assert sorted(p.name for p in old.parent.iterdir()) == ["flu", "flu.before.zip", "new"]


def test_a_change_after_a_signature_wants_it_again(packs: tuple[Path, Path]) -> None:
    old, new = packs
    update(packs, "甲")
    edit(new, "bar_group = 0.90", "bar_group = 0.95", "pack.toml")
    update(packs, "乙")
    assert load_pack(old).bar_group == 0.90
    update(packs, "甲")
    assert load_pack(old).bar_group == 0.95


def test_what_was_changed_after_both_signed_is_not_said(packs: tuple[Path, Path]) -> None:
    old, _ = packs
    update(packs, "甲")
    update(packs, "乙")
    edit(old, "bar_group = 0.90", "bar_group = 0.10", "pack.toml")
    with pytest.raises(ContentError, match="签字"):
        load_pack(old, must_be_signed=True)


def test_a_pack_with_faults_is_not_signed(packs: tuple[Path, Path]) -> None:
    _, new = packs
    text = (new / "faq.toml").read_text("utf-8")
    (new / "faq.toml").write_text(re.sub(r"(?m)^source = .*\n", "", text, count=1), "utf-8")
    found = update(packs, "甲")
    assert found.exit_code == 1
    assert "缺出处" in found.output
    assert not (new / "signed.toml").exists()


def test_another_pack_and_the_same_folder_are_refused(packs: tuple[Path, Path]) -> None:
    old, new = packs
    assert update((HOME / "norovirus", new)).exit_code == 2
    assert update((old, old)).exit_code == 2


def test_a_new_pack_is_all_new(packs: tuple[Path, Path], tmp_path: Path) -> None:
    _, new = packs
    place = tmp_path / "fresh"
    assert update((place, new), "甲").output.count("＋") == len(load_pack(new).entries)
    update((place, new), "乙")
    assert load_pack(place, must_be_signed=True).id == "flu"


def test_each_kind_of_change_has_its_line(packs: tuple[Path, Path]) -> None:
    old, new = packs
    before, after = load_pack(old), load_pack(new)
    assert changes(before, before) == []
    gone = changes(after, before)
    assert gone == ["改 整包到哪天止：2028-06-30 → 2027-12-31"]
    entry = before.entries[0]
    edit(new, f'question = "{entry.question}"', 'question = "换了说法"')
    assert f"改 {entry.id} 标准问法：{entry.question} → 换了说法" in changes(before, load_pack(new))
