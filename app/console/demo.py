"""The demo page (试试当村民): its routes, its headers, and what it asks of the invented village.

The page itself is app/templates/demo.html with app/static/demo.css and demo.js; it polls
/demo/state and posts what the visitor does. The village behind it is whoever fits DemoWorld.
"""

import hashlib
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Protocol
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

APP = Path(__file__).resolve().parents[1]
ASSETS = {
    "demo.css": "text/css; charset=utf-8",
    "demo.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
MAX_BODY = 512 * 1024  # 20,000 characters, each escaped as a surrogate pair, with room
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'none';"
        " frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class DemoError(Exception):
    """The village cannot do that; the message is Chinese and is shown on the page."""


class DemoWorld(Protocol):
    """The invented village, as the page sees it."""

    async def state(self, after: int) -> dict[str, object]:
        """Everything the page draws; of the lines only those numbered above `after`."""

    async def say(self, chat: str, speaker: str, text: str, voice: bool, quote: int | None) -> None:
        """One message of a villager or cadre; `quote` is the number of the line it answers.

        Raises:
            DemoError: no such chat or speaker, nothing said, more than 20,000 characters.
        """

    async def recall(self, line: int) -> None:
        """The speaker takes a line back."""

    async def move(self, to: str) -> None:
        """The clock runs on: "+15" minutes, to the "next" thing due, to the next "morning"."""

    async def outage(self, minutes: int) -> None:
        """The platform refuses to send for so long."""

    async def reset(self) -> None:
        """The village as it was at first."""

    async def as_talk(self) -> str:
        """What was played so far, as the text of a talk file."""


class Body(BaseModel):
    """What a post carries; an unknown key is a mistake of the page."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Say(Body):
    """One message."""

    chat: str
    speaker: str
    text: str
    voice: bool = False
    quote: int | None = None


class Recall(Body):
    """One line to take back."""

    line: int


class Move(Body):
    """How far the clock runs."""

    to: str = Field(pattern=r"^(\+[1-9][0-9]{0,3}|next|morning)$")


class Outage(Body):
    """How long the platform refuses."""

    minutes: int = Field(ge=1, le=24 * 60)


class DemoRoute(APIRoute):
    """Refuses foreign posts, turns what is wrong into one Chinese sentence, sets the headers."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[object, object, Response]]:
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            response = refusal(request)
            if response is None:
                try:
                    response = await handle(request)
                except DemoError as error:
                    response = sorry(422, str(error))
                except (RequestValidationError, HTTPException):  # the latter: not even JSON
                    response = sorry(422, "这一步没看懂，刷新一下页面再试。")
            response.headers.update(HEADERS)
            return response

        return guarded


def sorry(status: int, words: str) -> Response:
    """An error in the one form that the page knows."""
    return JSONResponse({"error": words}, status, headers={"Cache-Control": "no-store"})


def refusal(request: Request) -> Response | None:
    """The answer to a post that is not our own page's, or too large; otherwise None.

    Browsers leave Sec-Fetch-Site out on plain HTTP beyond localhost (a phone in the same
    network): there Origin must name this very host. X-Demo cannot be set by a foreign page at all
    without a preflight, which nothing here answers.
    """
    if request.method in ("GET", "HEAD"):
        return None
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    own_host = origin is None or urlsplit(origin).netloc == request.headers.get("host")
    if request.headers.get("x-demo") != "1" or site not in (None, "same-origin") or not own_host:
        return sorry(403, "只有演示页自己能用这个地址。")
    length = request.headers.get("content-length", "")
    if not length.isdecimal() or int(length) > MAX_BODY:
        return sorry(413, "太长了，一条最多两万个字。")
    return None


def router(world: DemoWorld) -> APIRouter:
    """The routes of the demo page over one village."""
    routes = APIRouter(route_class=DemoRoute, include_in_schema=False)
    _add_page(routes)
    _add_village(routes, world)
    _add_deeds(routes, world)
    return routes


def _add_page(routes: APIRouter) -> None:
    """The page and its files; their addresses change with their bytes, so they may be kept."""
    files = {name: (APP / "static" / name).read_bytes() for name in ASSETS}
    stamps = {name: hashlib.sha256(data).hexdigest()[:12] for name, data in files.items()}
    templates = Environment(
        loader=FileSystemLoader(APP / "templates"), autoescape=True, undefined=StrictUndefined
    )
    html = templates.get_template("demo.html").render(
        asset={name: f"/demo/{name}?v={stamp}" for name, stamp in stamps.items()}
    )

    @routes.get("/demo")
    async def page() -> HTMLResponse:
        return HTMLResponse(html, headers={"Cache-Control": "no-cache"})

    for name, kind in ASSETS.items():
        _add_asset(routes, f"/demo/{name}", files[name], kind)


def _add_asset(routes: APIRouter, path: str, data: bytes, kind: str) -> None:
    @routes.get(path)
    async def asset() -> Response:
        kept = {"Cache-Control": "public, max-age=31536000, immutable"}
        return Response(data, media_type=kind, headers=kept)


def _add_village(routes: APIRouter, world: DemoWorld) -> None:
    @routes.get("/demo/state")
    async def state(after: Annotated[int, Query(ge=0)] = 0) -> JSONResponse:
        return JSONResponse(await world.state(after), headers={"Cache-Control": "no-store"})

    @routes.get("/demo/talk")
    async def talk() -> Response:
        name = quote("对话.talk")
        return Response(
            await world.as_talk(),
            media_type="text/plain; charset=utf-8",
            headers={
                "Cache-Control": "no-store",
                "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
            },
        )


def _add_deeds(routes: APIRouter, world: DemoWorld) -> None:
    done = {"done": True}

    @routes.post("/demo/say")
    async def say(body: Say) -> dict[str, bool]:
        await world.say(body.chat, body.speaker, body.text, body.voice, body.quote)
        return done

    @routes.post("/demo/recall")
    async def recall(body: Recall) -> dict[str, bool]:
        await world.recall(body.line)
        return done

    @routes.post("/demo/move")
    async def move(body: Move) -> dict[str, bool]:
        await world.move(body.to)
        return done

    @routes.post("/demo/outage")
    async def outage(body: Outage) -> dict[str, bool]:
        await world.outage(body.minutes)
        return done

    @routes.post("/demo/reset")
    async def reset() -> dict[str, bool]:
        await world.reset()
        return done
