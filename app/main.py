"""create_app: the web side of one process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles

from app import metrics
from app.console import demo
from app.demo import DemoVillage
from app.hooks import PREFIX, Hook, Receive, Scope, Send
from app.service import Service

HERE = Path(__file__).parent


class Web(FastAPI):
    """FastAPI with the hook in front of its middleware: a platform's call needs none of it."""

    hook: Hook

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Give calls at /hook/… to the hook, everything else to FastAPI."""
        if scope["type"] == "http" and scope["path"].startswith(PREFIX):
            await self.hook(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def create_app(service: Service, village: DemoVillage | None = None) -> FastAPI:
    """Hang the doors on a service: hook, health, metrics, and the demo's page if there is one."""

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        await service.start()
        try:
            yield
        finally:
            await service.stop()

    app = Web(title="守望", docs_url=None, redoc_url=None, openapi_url=None, lifespan=life)
    app.hook = service.hook

    @app.get("/healthz", response_class=PlainTextResponse)
    async def healthz() -> str:
        return "ok"

    @app.get("/readyz", response_class=PlainTextResponse)
    async def readyz() -> Response:
        if service.can_store():
            return PlainTextResponse("ready")
        return PlainTextResponse("not ready", status_code=503)

    @app.get("/metrics")
    def measured() -> Response:
        service.measure()
        return Response(metrics.render(service.metrics), media_type=metrics.CONTENT_TYPE)

    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    if village is not None:
        app.include_router(demo.router(village))

        @app.get("/")
        async def home() -> RedirectResponse:
            return RedirectResponse("/demo")

    return app
