"""Every talk that is kept reads without an error and says in its first line what it is about."""

from pathlib import Path

import pytest

from app.talk.steps import ExpectFact, ExpectLike, ExpectLine, ExpectNever, ExpectQuiet
from app.talk.syntax import parse_talk

TALKS = sorted((Path(__file__).parents[2] / "transcripts").glob("*.talk"))
ITEMS = (ExpectFact, ExpectLike, ExpectLine, ExpectNever, ExpectQuiet)


def test_there_are_talks() -> None:
    assert len(TALKS) >= 45


@pytest.mark.parametrize("path", TALKS, ids=lambda path: path.stem)
def test_a_talk_reads_and_asks_something(path: Path) -> None:
    talk = parse_talk(path.read_text(encoding="utf-8"), path.name)
    assert talk.title
    assert any(isinstance(step, ITEMS) for step in talk.steps)


@pytest.mark.parametrize("path", TALKS, ids=lambda path: path.stem)
def test_a_talk_is_written_for_cadres_to_read(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").split("\n")
    assert lines[0].startswith("# ")
    assert lines[-1] == ""
    assert all(line == line.rstrip() for line in lines)
