"""Static files under content-hash addresses.

``url("css/portal.css")`` gives ``/static/css/portal.<hash>.css``, cached for ever because the address changes with the
content. What the front-end build made is found through ``dist/manifest.json`` by its plain name (``app.js``).
"""

import gzip
import hashlib
import json
import mimetypes
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.http import HttpRequest, HttpResponse

WEB = Path(__file__).parent / "static"
MANIFEST = WEB / "dist" / "manifest.json"
TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
}
SQUEEZED = {".js", ".mjs", ".css", ".svg", ".json", ".webmanifest", ".txt"}
_HASHED = re.compile(r"^(?P<stem>.+)\.(?P<digest>[0-9a-f]{12})(?P<suffix>\.[a-z0-9]+)$")
FOR_EVER = "public, max-age=31536000, immutable"
CHECK = "public, max-age=0, must-revalidate"


@dataclass(frozen=True, slots=True)
class Asset:
    """A static file in memory: bytes as they are and gzipped (None where that gains nothing), type and digest."""

    content: bytes
    squeezed: bytes | None
    type: str
    digest: str


@lru_cache(maxsize=1)
def _roots() -> tuple[Path, ...]:
    return tuple(folder for app in apps.get_app_configs() if (folder := Path(app.path) / "static").is_dir())


def find(name: str) -> Path | None:
    """The file of a static name in any app, never outside the apps' static folders."""
    plain = name + ""  # a template's SafeString, which pathlib cannot intern, becomes a plain string
    for root in _roots():
        path = root / plain
        if path.is_file() and path.resolve().is_relative_to(root.resolve()):
            return path
    return None


@lru_cache(maxsize=512)
def _read(path: Path, modified: int) -> Asset:
    content = path.read_bytes()
    squeezed = gzip.compress(content, 9, mtime=0) if path.suffix in SQUEEZED else None
    kind = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Asset(content, squeezed, kind, hashlib.sha256(content).hexdigest()[:12])


def read(path: Path) -> Asset:
    """The file's content, kept in memory until the file changes."""
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _manifest(modified: int) -> dict[str, str]:
    built: dict[str, str] = json.loads(MANIFEST.read_text())
    return built


def manifest() -> dict[str, str]:
    """What the front-end build made: plain name to hashed name below ``dist/``; empty before the first build."""
    try:
        return _manifest(MANIFEST.stat().st_mtime_ns)
    except FileNotFoundError:
        return {}


def url(name: str) -> str:
    """The address of a static file. A style sheet that the build has not made yet is served from its source."""
    built = manifest().get(name)
    if built:
        return f"{settings.STATIC_URL}dist/{built}"
    if "/" not in name and name.endswith(".css"):
        name = f"css/{name}"
    path = find(name)
    if path is None:
        return f"{settings.STATIC_URL}{name}"
    stem, dot, suffix = name.rpartition(".")
    return f"{settings.STATIC_URL}{stem}.{read(path).digest}{dot}{suffix}"


def serve(request: HttpRequest, name: str) -> HttpResponse:
    """Answer a GET or HEAD of a static file; 404 as plain text, because a page would cost more than the file."""
    path, asked = find(name), ""
    if path is None and (match := _HASHED.match(name)):
        path, asked = find(match["stem"] + match["suffix"]), match["digest"]
    if path is None:
        return HttpResponse("not found\n", status=404, content_type="text/plain")
    asset = read(path)
    fixed = asked == asset.digest or name.removeprefix("dist/") in manifest().values() or "dist/chunks/" in name
    headers = {"Cache-Control": FOR_EVER if fixed else CHECK, "ETag": f'"{asset.digest}"', "Vary": "Accept-Encoding"}
    if request.headers.get("If-None-Match", "").removeprefix("W/") == headers["ETag"]:
        return HttpResponse(status=304, headers=headers)
    content, coding = _coded(path, asset, request.headers.get("Accept-Encoding", ""))
    if coding:
        headers["Content-Encoding"] = coding
    headers["Content-Length"] = str(len(content))
    return HttpResponse(b"" if request.method == "HEAD" else content, content_type=asset.type, headers=headers)


def _coded(path: Path, asset: Asset, accepted: str) -> tuple[bytes, str]:
    """The smallest form the browser takes: what the build squeezed with Brotli, gzip, or the bytes as they are."""
    if "br" in accepted:
        brotli = path.with_name(path.name + ".br")
        if brotli.is_file():
            return read(brotli).content, "br"
    if "gzip" in accepted and asset.squeezed is not None:
        return asset.squeezed, "gzip"
    return asset.content, ""
