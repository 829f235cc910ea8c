"""The local channel: the demo's chat in the browser and the player of talks, without any platform.

It believes every call, so it is opened only where nobody else can call: in the same process, or on
the loopback address.
"""

from collections.abc import Callable

from bot.channels import bridge_event, bridge_fields
from bot.channels.base import Answer, Call, Heard, Limit, Received
from bot.channels.bridge import ACCEPTED, DUPLICATE, MAX_BODY
from bot.errors import BadPayload, BadSignature
from bot.message import Inbound, Outbound


class Local:
    """Hears the bridge's events unsigned; hands what is said to a function."""

    kind = "local"
    limits: tuple[Limit, ...] = ()
    can_push = True
    can_push_private = True
    dedupes = True
    pulls = False
    max_bytes = 20 * 1024  # the longest text of any platform: nothing is split in a talk

    def __init__(
        self, name: str, deliver: Callable[[Outbound], None], *, is_open: bool = False
    ) -> None:
        """Open it only where the caller is this machine: `is_open` believes everybody."""
        self.name = name
        self._deliver = deliver
        self._is_open = is_open

    def hear(self, call: Call) -> Heard:
        """Take an event of the bridge's JSON.

        Raises:
            BadSignature: it is not open.
            BadPayload: 400, 405, 413, 422.
        """
        if not self._is_open:
            raise BadSignature("local_closed")
        if len(call.body) > MAX_BODY:
            raise BadPayload("local_too_large", status=413)
        if call.path or call.method.upper() != "POST":
            raise BadPayload("local_call", status=405)
        made = bridge_event.inbound(self.name, bridge_fields.parse(call.body))
        payload = call.body.decode("utf-8-sig")
        return Heard(ACCEPTED, Received(made.key, made.chat, payload), repeat=DUPLICATE)

    def read(self, payload: str) -> Inbound:
        """Make the message of what `hear` kept."""
        return bridge_event.inbound(self.name, bridge_fields.parse(payload.encode()))

    async def say(self, message: Outbound) -> str:
        """Hand it over, now; its id is our key."""
        self._deliver(message)
        return f"local:{message.key}"

    def pulled(self, messages: list[tuple[int, Outbound]], more: bool) -> Answer:
        """Nobody pulls here."""
        raise NotImplementedError(self.kind)

    async def close(self) -> None:
        """Nothing is kept open."""
