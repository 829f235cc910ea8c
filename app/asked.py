"""What became of the questions of a day, by village: numbers for `shouwang report`."""

from collections.abc import Iterator
from datetime import date

from sqlmodel import Session, col, func, select

from bot.clock import at
from bot.domain.questions import OpenQuestion, tallied
from bot.domain.registry import Place, PlaceKind, path_words, places_below

# Outcome of a question that nobody put to the bot, and what a superior reads.
WORDS = {
    "answered": "答了",
    "repeated": "当天说过",
    "neighbours": "邻里在聊",
    "unsure": "把握不够",
    "doctor": "用药没插嘴",
}


def questions_of(session: Session, on: date) -> Iterator[dict[str, object]]:
    """Each village: questions of its chats not put to the bot by outcome, and what waits.

    `silent` are those of the day that were ours and were left alone by rule S.
    """
    villages = select(Place).where(Place.kind == PlaceKind.VILLAGE).order_by(col(Place.id))
    for village in session.exec(villages).all():
        below = places_below(session, village.id or 0)
        found = tallied(session, on, below)
        counts = {outcome: found.get(outcome, 0) for outcome in WORDS}
        opened = select(func.count()).where(
            col(OpenQuestion.place_id).in_(below),
            OpenQuestion.asked_at >= at(on, 0),
            OpenQuestion.asked_at < at(on, 24 * 60),
        )
        waiting = opened.where(col(OpenQuestion.answered_at).is_(None))
        yield {
            "village": path_words(session, village.id or 0),
            **counts,
            "silent": sum(counts.values()) - counts["answered"],
            "handed_over": session.exec(opened).one(),
            "waiting": session.exec(waiting).one(),
        }


def line(row: dict[str, object]) -> str:
    """One village in a line; zero is said, not left out."""
    left = "、".join(f"{word}{row[key]}" for key, word in WORDS.items() if key != "answered")
    return (
        f"{row['village']} 群里没点名的问话：答了 {row['answered']}，"
        f"没插嘴 {row['silent']}（{left}）；转给人 {row['handed_over']}，还没答 {row['waiting']}"
    )
