"""The look at a platform's XML before any library sees it: one pass, bounded, no document type.

No search for "<!": a resident may type `<!DOCTYPE` inside CDATA, and that is just text.
"""

from typing import NoReturn
from xml.parsers import expat

from bot.errors import BadPayload

MAX_BODY = 64 * 1024
MAX_DEPTH = 8
MAX_ELEMENTS = 64

# Elements that are read: they hold text and nothing else.
TEXTS = frozenset(
    {
        "Encrypt", "ToUserName", "FromUserName", "CreateTime", "MsgType", "MsgId", "MsgID",
        "ChatId", "Event", "EventKey", "Content", "Recognition", "MediaId", "PicUrl", "Format",
        "Title", "Description", "Url", "Label", "Location_X", "Location_Y", "Status", "Ticket",
        "TaskId", "OpenKfId",
    }
)  # fmt: skip


def fields(text: str | bytes) -> dict[str, str]:
    """Text of each element directly under `<xml>`; what nests (and is not read) maps to "".

    Raises:
        BadPayload: 413 too large; 400 for no well-formed UTF-8 XML under one `<xml>`, a document
            type, depth or number of elements over the limits, a repeated name, an element or
            attribute where text is expected.
    """
    if len(text) > MAX_BODY:
        raise BadPayload("too_large", status=413)
    found: dict[str, str] = {}
    current = ""
    depth = count = 0

    def start(name: str, attributes: list[str]) -> None:
        nonlocal current, depth, count
        depth += 1
        count += 1
        if depth == 2:
            if name in found:
                raise BadPayload("repeated_element")
            if attributes and name in TEXTS:
                raise BadPayload("text_expected")
            found[name] = ""
            current = name
        elif depth == 1:
            if name != "xml":
                raise BadPayload("wrong_root")
        elif current in TEXTS:
            raise BadPayload("text_expected")
        if depth > MAX_DEPTH or count > MAX_ELEMENTS:
            raise BadPayload("too_complex")

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1

    def said(piece: str) -> None:
        if depth == 2:
            found[current] += piece

    parser = expat.ParserCreate("utf-8")  # whatever the XML declaration or a header claims
    parser.buffer_text = True
    parser.ordered_attributes = True
    parser.StartDoctypeDeclHandler = _no_doctype
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = said
    try:
        parser.Parse(text, True)
    except expat.ExpatError:
        raise BadPayload("bad_xml") from None
    return found


def _no_doctype(*_parts: object) -> NoReturn:
    raise BadPayload("doctype")
