"""`/webprinter.js` and what belongs to it: the files of the folder `sdk` that pages load."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

SDK = Path(__file__).parents[2] / "sdk"
#: What is served, and as what; nothing else of the folder is.
FILES = {
    "webprinter.js": "text/javascript; charset=utf-8",
    "webprinter.d.ts": "text/plain; charset=utf-8",
    "webprinter-classic.js": "text/javascript; charset=utf-8",
    "webprinter-classic.d.ts": "text/plain; charset=utf-8",
    "webprinter-page.js": "text/javascript; charset=utf-8",
    "webprinter-page.css": "text/css; charset=utf-8",
    "webprinter.html": "text/html; charset=utf-8",
}
#: Any page may load the script, also one that is isolated; it is checked anew each time, since it must fit this server.
HEADERS = {
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
#: The page of this server itself loads nothing from elsewhere, and stands in nobody's frame.
POLICY = (
    "default-src 'self'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "connect-src 'self' ws: wss: http: https:",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
)
PAGE = {
    "Content-Security-Policy": "; ".join(POLICY),
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
}


def file_routes(folder: Path = SDK) -> list[Route]:
    """One route per file."""

    def route(name: str, kind: str) -> Route:
        path = folder / name

        async def serve(_request: Request) -> Response:
            if not path.is_file():
                return PlainTextResponse(f"This server was installed without {name}: put it into the folder {folder.name}.", 404)
            return FileResponse(path, media_type=kind, headers=PAGE if name.endswith(".html") else HEADERS)

        return Route(f"/{name}", serve)

    return [route(name, kind) for name, kind in FILES.items()]
