"""The outer half of a sealed call: method, parameters, URL check, the sealed text in its body."""

import json
from typing import NoReturn

from bot.channels.base import Answer, Call
from bot.channels.cipher import Envelope, Refused
from bot.channels.xml import fields
from bot.errors import BadPayload

MAX_JSON = 256 * 1024
_SIGNED = frozenset({"msg_signature", "signature", "timestamp", "nonce", "encrypt_type", "echostr"})


def is_check(call: Call) -> bool:
    """True for the URL check (GET), False for a push (POST).

    Raises:
        BadPayload: 404 for a path below the hook, 405 for any other method.
        Refused: a parameter that the signature covers is given twice.
    """
    if call.path:
        raise BadPayload("no_such_path", status=404)
    if call.repeated and not _SIGNED.isdisjoint(call.repeated):
        raise Refused("repeated_parameter")
    if call.method == "POST":
        return False
    if call.method == "GET":
        return True
    raise BadPayload("bad_method", status=405)


def opened(call: Call, encrypted: str, envelope: Envelope) -> str:
    """Open a sealed text with the signature in the query of its call.

    Raises:
        Refused: by the first check that failed.
    """
    query = call.query
    return envelope.open(
        encrypted,
        query.get("msg_signature", ""),
        query.get("timestamp", ""),
        query.get("nonce", ""),
        call.now,
    )


def echo(call: Call, envelope: Envelope) -> Answer:
    """Answer a sealed URL check: the clear echostr, nothing around it."""
    return Answer(body=opened(call, call.query.get("echostr", ""), envelope).encode())


def sealed_xml(body: bytes) -> str:
    """The text of `<Encrypt>`; clear fields beside it (compatible mode) are never looked at.

    Raises:
        BadPayload: as `xml.fields`, or there is none.
    """
    encrypted = fields(body).get("Encrypt")
    if not encrypted:
        raise BadPayload("no_encrypt")
    return encrypted


def sealed_json(body: bytes) -> str:
    """The text of `encrypt`.

    Raises:
        BadPayload: 413, or 400 for what is no JSON object or holds no such text.
    """
    encrypted = json_object(body).get("encrypt")
    if not isinstance(encrypted, str) or not encrypted:
        raise BadPayload("no_encrypt")
    return encrypted


def json_object(raw: str | bytes) -> dict[str, object]:
    """Read strict JSON: an object, no name twice in one object, no NaN, UTF-8.

    Raises:
        BadPayload: 413 or 400.
    """
    if len(raw) > MAX_JSON:
        raise BadPayload("too_large", status=413)
    try:
        text = raw if isinstance(raw, str) else raw.decode()
        value = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise BadPayload("bad_json") from None
    if not isinstance(value, dict):
        raise BadPayload("bad_json")
    return value


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("repeated name")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)
