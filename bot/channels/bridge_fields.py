"""Fields of a bridge's JSON, read by type: a wrong one is a 422 that names it, never its value."""

import json
import re
from datetime import UTC, datetime

from bot.errors import BadPayload

MAX_ID = 128  # of theirs
MAX_REF = 512  # of ours, which they repeat to us

_UNKEPT = re.compile(r"[\0\ud800-\udfff]")
_IDENT = re.compile(r"[^\0-\x1f\x7f-\x9f\ud800-\udfff]+")


class Fields:
    """The fields of one object, read by type; `place` is its name inside the event."""

    def __init__(self, values: dict[str, object], place: str = "") -> None:
        """Read `values`; errors name fields as place.name."""
        self._values = values
        self._place = place

    def wrong(self, name: str) -> BadPayload:
        """What is raised about a field: its name, never its value."""
        return BadPayload("bridge_field", self._place + name, status=422)

    def text(self, name: str, *, required: bool = False) -> str:
        """A string; NUL and lone surrogates, which no database keeps, become U+FFFD."""
        value = self._values.get(name)
        if value is None and not required:
            return ""
        if not isinstance(value, str):
            raise self.wrong(name)
        return clean(value)

    def ident(self, name: str, *, required: bool = True, most: int = MAX_ID) -> str:
        """An id or a word of 1 to `most` characters; "" where it is missing and may be."""
        value = self._values.get(name)
        if value is None and not required:
            return ""
        if not isinstance(value, str) or not is_ident(value, most):
            raise self.wrong(name)
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        """True or false, no other truth."""
        value = self._values.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self.wrong(name)
        return value

    def count(self, name: str) -> int | None:
        """A whole number from 0, or None."""
        value = self._values.get(name)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**53:
            raise self.wrong(name)
        return value

    def moment(self, name: str) -> datetime | None:
        """ISO 8601 with its offset from UTC, or None."""
        value = self.text(name)
        if not value:
            return None
        try:
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is None:
                raise self.wrong(name)
            return moment.astimezone(UTC)
        except (ValueError, OverflowError):
            raise self.wrong(name) from None

    def inner(self, name: str, *, required: bool = False) -> "Fields | None":
        """An object inside this one."""
        value = self._values.get(name)
        if value is None and not required:
            return None
        if not isinstance(value, dict):
            raise self.wrong(name)
        return Fields(value, f"{self._place}{name}.")

    def array(self, name: str, most: int) -> list[object]:
        """A list of at most so many; [] where it is missing."""
        value = self._values.get(name)
        if value is None:
            return []
        if not isinstance(value, list) or len(value) > most:
            raise self.wrong(name)
        return value


def parse(body: bytes) -> dict[str, object]:
    """Read the JSON object of a call.

    Raises:
        BadPayload: 400: not UTF-8, not JSON, a name twice in one object, too deep, no object.
    """
    try:
        value = _DECODER.decode(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise BadPayload("bridge_json") from None
    if not isinstance(value, dict):
        raise BadPayload("bridge_json")
    return value


def clean(text: str) -> str:
    """The text without NUL and lone surrogates, each replaced visibly."""
    return _UNKEPT.sub("\ufffd", text)


def is_ident(value: str, most: int = MAX_ID) -> bool:
    """Short, and nothing that breaks a log line or a database (some gateways use a chat's name)."""
    return len(value) <= most and _IDENT.fullmatch(value) is not None


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Refuse a name given twice: two readers of one text would see two messages."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("repeated name")
    return made


def _no_number(name: str) -> float:
    raise ValueError(name)


_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_number)
