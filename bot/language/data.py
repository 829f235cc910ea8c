"""Where the word lists of the language parts lie."""

from pathlib import Path


def language_dir() -> Path:
    """The directory content/language of this installation."""
    return Path(__file__).resolve().parents[2] / "content" / "language"
