"""Every talk, played through the whole system: what a cadre can read, held as a test."""

from pathlib import Path

import pytest

from app.talk.play import Player, transcript
from app.talk.syntax import parse_talk
from bot.content import Content
from bot.store import Store
from tests.fakes.postgres import Postgres
from tests.unit.kernel.ground import content

TALKS = sorted((Path(__file__).parents[1] / "transcripts").glob("*.talk"))


@pytest.fixture(scope="session")
def loaded() -> Content:
    return content()


@pytest.mark.parametrize("path", TALKS, ids=lambda path: path.stem)
def test_a_talk_is_true(path: Path, loaded: Content) -> None:
    play(path, loaded, Store("sqlite://"))


@pytest.mark.parametrize("path", TALKS, ids=lambda path: path.stem)
def test_a_talk_is_true_on_postgresql(path: Path, loaded: Content, postgres: Postgres) -> None:
    play(path, loaded, Store(postgres.blank()))
    postgres.release()


def play(path: Path, loaded: Content, store: Store) -> None:
    """Play a talk on a store; every line must be as written."""
    player = Player(parse_talk(path.read_text("utf-8"), path.name), loaded, store=store)
    differences = player.play()
    assert not differences, "\n".join(
        [
            *(f"{path.name}:{one.line}: {one.raw}\n    {one.why}" for one in differences),
            transcript(player.lines),
        ]
    )


def test_a_talk_is_the_same_at_every_play(loaded: Content) -> None:
    text = next(path for path in TALKS if path.stem.startswith("18-")).read_text("utf-8")
    plays = []
    for _ in range(2):
        player = Player(parse_talk(text, "twice.talk"), loaded)
        player.play()
        plays.append([(str(line.chat), line.text, line.at) for line in player.lines])
    assert plays[0] == plays[1]
    assert plays[0]
