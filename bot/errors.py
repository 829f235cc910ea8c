"""The error tree.

BotError                 code: stable text for logs, metrics and tests
├── WireError            not what the platform would send: HTTP 4xx, never retried
│   ├── BadSignature     401 or 403, as the platform's contract says
│   └── BadPayload       400, 413, 422
├── SendError            outcome and retry: what the sender does next
│   ├── Throttled        not sent; yes, later
│   ├── Unreachable      not sent (no connection, 5xx before anything was taken); yes, with backoff
│   ├── Unknown          the request left and no answer came: perhaps sent
│   └── Rejected         not sent, never will be: "not delivered", with the platform's words
├── RuleError            the domain says no; phrase: what the speaker is told
└── ContentError         a pack is wrong: found at start, never at run time
"""


class BotError(Exception):
    """Anything that we raise on purpose."""

    def __init__(self, code: str, detail: str = "") -> None:
        """Keep a stable code; `detail` must hold no personal data and no secret: it is logged."""
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


class WireError(BotError):
    """A call that the platform would not have made. `status` is what it is answered with."""

    status = 400


class BadSignature(WireError):
    """Forged, replayed or signed with another key."""

    status = 403


class BadPayload(WireError):
    """Signed or not: no message can be read from it."""

    def __init__(self, code: str, detail: str = "", status: int = 400) -> None:
        """`status`: 400, 413 (too large) or 422 (a field is missing: `detail` names it)."""
        super().__init__(code, detail)
        self.status = status


class SendError(BotError):
    """A message was not, or perhaps not, taken by the platform."""

    retryable = True

    def __init__(self, code: str, detail: str = "", retry_after: float | None = None) -> None:
        """`detail`: the platform's own words (an errcode and its text); `retry_after`: seconds."""
        super().__init__(code, detail)
        self.retry_after = retry_after


class Throttled(SendError):
    """Too much, too fast: the platform, or we before it, said later."""


class Unreachable(SendError):
    """Nothing was taken: safe to send again."""


class Unknown(SendError):
    """The request left and no answer came: perhaps it was taken."""


class Rejected(SendError):
    """The platform says no, and will say no again."""

    retryable = False


class RuleError(BotError):
    """The domain says no. `phrase` names what the speaker is told."""

    def __init__(self, phrase: str, **values: object) -> None:
        """`values` fill the phrase; they may be personal, so they stay out of the message."""
        super().__init__("rule", phrase)
        self.phrase = phrase
        self.values = values


class ContentError(BotError):
    """A content pack, rule pack or phrase is wrong: file and place are in `detail`."""
