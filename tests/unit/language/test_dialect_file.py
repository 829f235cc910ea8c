"""A dialect is one file: put into the folder, its words are understood."""

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from bot.language import lexicon, people, times, tokens, words
from bot.language.data import language_dir
from bot.language.meaning import MainIntent, Report, Utterance
from bot.language.readings import read

DIALECT = """
[words]
kin = "嚒咴"
fine = "溜溜哒"
symptom = "喔嘟嘟"

[sites]
axillary = "噶吱噶"
"""


def say(text: str) -> Report:
    return read(Utterance(text, "王大勇", True, date(2020, 2, 11), 480))


def forget_words() -> None:
    """What was read from the files or looked up in them is read anew at the next message."""
    for module in (words, tokens, times, people, lexicon):
        for value in vars(module).values():
            if hasattr(value, "cache_clear"):
                value.cache_clear()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The temperature words of a copy of the content folder, which may be added to."""
    copy = tmp_path / "language"
    shutil.copytree(language_dir() / "temperature", copy / "temperature")
    monkeypatch.setattr(words, "language_dir", lambda: copy)
    forget_words()
    yield copy / "temperature"
    monkeypatch.undo()
    forget_words()


def test_a_new_file_makes_a_sentence_understood(folder: Path) -> None:
    report = say("我嚒咴36.8喔嘟嘟，噶吱噶量的")
    assert [r.who for r in report.readings] != ["嚒咴"]
    assert report.symptoms == ()
    assert say("溜溜哒").intent is MainIntent.OTHER

    (folder / "dialects" / "made_up.toml").write_text(DIALECT, encoding="utf-8")
    forget_words()

    report = say("我嚒咴36.8喔嘟嘟，噶吱噶量的")
    assert [(r.who, str(r.celsius), r.site) for r in report.readings] == [
        ("嚒咴", "36.8", "axillary")
    ]
    assert [s.name for s in report.symptoms] == ["喔嘟嘟"]
    assert say("溜溜哒").intent is MainIntent.NORMAL


def test_without_its_file_cantonese_is_not_understood(folder: Path) -> None:
    assert [s.name for s in say("阿嫲唔舒服").symptoms] == ["唔舒服"]

    (folder / "dialects" / "cantonese.toml").unlink()
    forget_words()

    assert say("阿嫲唔舒服").symptoms == ()


@pytest.mark.parametrize(
    ("text", "who"),
    [("细蚊仔探热36.8", "细蚊仔"), ("心抱36.4", "心抱"), ("姐婆36.6", "姐婆"),
     ("𠊎屋下人都36.5", "household"), ("探咗热36.6", "self")],
)  # fmt: skip
def test_cantonese_and_hakka_people(text: str, who: str) -> None:
    assert [r.who for r in say(text).readings] == [who]


@pytest.mark.parametrize("text", ["冇发烧", "屋企人都冇烧", "好好哋"])
def test_cantonese_without_a_fever(text: str) -> None:
    assert say(text).intent is MainIntent.NORMAL


@pytest.mark.parametrize(
    "text", ["今天外面36度热死了", "大佬们早上好", "仔仔细细量了量血压", "烧紧急停了"]
)
def test_mandarin_stays_as_it_was(text: str) -> None:
    report = say(text)
    assert (report.readings, report.clarify, report.symptoms) == ((), (), ())
