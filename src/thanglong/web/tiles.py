"""The base map: the city's own vector tiles, drawn when first asked for and kept on disk until something changes.

Each module registers its layers in ``kit.registry.tile_layers`` with a version; all versions together name the folder a
tile is kept in, so a change of any of them makes every old tile unreachable at once.
"""

import gzip
import hashlib
import os
import shutil
import tempfile
import threading
from pathlib import Path

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from thanglong.formats import mvt
from thanglong.kit import ports, registry
from thanglong.kit.errors import NotFound

# grows when the encoding changes
FORMAT = "1"
MAX_AGE = 600
_pruned: set[str] = set()
_lock = threading.Lock()


def version() -> str:
    """What stands for the state of all layers: changes when any of them does."""
    parts = [FORMAT, *(f"{key}={layer.version()}" for key, layer in sorted(registry.tile_layers.items()))]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:20]


def draw(z: int, x: int, y: int) -> bytes:
    """A tile as bytes, without any cache; empty when no layer has anything there."""
    west, south, east, north = mvt.bounds(z, x, y)
    layers = {
        key: layer.features(west, south, east, north, z)
        for key, layer in registry.tile_layers.items()
        if layer.minzoom <= z <= layer.maxzoom
    }
    return mvt.encode(layers, z, x, y)


def _folder(current: str) -> Path:
    top = ports.plugged.data / "cache" / "tiles"
    folder = top / current
    if current not in _pruned:
        with _lock:
            folder.mkdir(parents=True, exist_ok=True)
            for other in top.iterdir():
                if other.name != current:
                    shutil.rmtree(other, ignore_errors=True)
            _pruned.clear()
            _pruned.add(current)
    return folder


def packed(z: int, x: int, y: int, current: str) -> bytes:
    """A tile in gzip form, from disk or drawn and kept; empty when there is nothing to draw."""
    path = _folder(current) / str(z) / f"{x}-{y}.mvt.gz"
    try:
        return path.read_bytes()
    except FileNotFoundError:
        pass
    tile = draw(z, x, y)
    content = gzip.compress(tile, 6, mtime=0) if tile else b""
    path.parent.mkdir(parents=True, exist_ok=True)
    # another process may draw the same tile: whoever renames last wins, with the same bytes
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    Path(name).replace(path)
    return content


@require_safe
def tile(request: HttpRequest, z: int, x: int, y: int) -> HttpResponse:
    """``/tiles/base/{z}/{x}/{y}.mvt``: 204 where there is nothing, 404 where there is no tile."""
    if not mvt.exists(z, x, y):
        raise NotFound()
    current = version()
    etag = f'"{current}-{z}-{x}-{y}"'
    headers = {"ETag": etag, "Cache-Control": f"public, max-age={MAX_AGE}"}
    if etag in [part.strip().removeprefix("W/") for part in request.headers.get("If-None-Match", "").split(",")]:
        return HttpResponseNotModified(headers=headers)
    content = packed(z, x, y, current)
    if not content:
        return HttpResponse(status=204, headers=headers)
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        response = HttpResponse(content, content_type=mvt.MEDIA_TYPE, headers={**headers, "Content-Encoding": "gzip"})
    else:
        response = HttpResponse(gzip.decompress(content), content_type=mvt.MEDIA_TYPE, headers=headers)
    patch_vary_headers(response, ["Accept-Encoding"])
    return response
