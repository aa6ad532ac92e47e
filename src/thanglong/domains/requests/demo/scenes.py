"""Drawn photos: a street in Hà Nội, and on it what is wrong, or that it is mended. One per category and state."""

import io
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from thanglong.domains.requests.rules.photos import THUMB_SIDE
from thanglong.solve.matching import photo_hash

W, H = 640, 480
WALLS = ("#d9b866", "#cfa95a", "#e2c98b", "#c9b79a", "#d7a98c")
DOORS = ("#2f6b57", "#7a4a2b", "#3d5a80", "#5b5b66")
Pen = ImageDraw.ImageDraw


@dataclass(frozen=True, slots=True)
class Scene:
    """A drawn photo as WebP, its small copy and its hash."""

    view: bytes
    thumb: bytes
    hash: int


def _street(pen: Pen, seed: int, night: bool) -> None:
    """Houses, pavement, kerb and carriageway."""
    pen.rectangle((0, 0, W, 190), fill=WALLS[seed % 5])
    pen.rectangle((0, 158, W, 190), fill="#ab8a49")
    pen.rectangle((60, 30, 190, 190), fill=DOORS[seed % 4])
    for y in range(44, 190, 18):
        pen.line((66, y, 184, y), fill="#ffffff30", width=2)
    pen.rectangle((345, 20, 480, 190), fill="#8e9496")
    for y in range(28, 190, 15):
        pen.line((345, y, 480, y), fill="#6d7375", width=3)
    pen.rectangle((255, 55, 312, 92), fill="#1d4f91")
    pen.text((270, 62), str(8 + seed * 7 % 90), fill="#fff", font_size=24)
    pen.rectangle((0, 190, W, 350), fill="#b9b0a3")
    for y in (205, 225, 250, 282, 320):
        pen.line((0, y, W, y), fill="#9c9386", width=2)
    for x in range(-800, W + 200, 46):
        pen.line((W / 2 + (x - W / 2) * 0.55, 190, x, 350), fill="#9c9386", width=2)
    pen.rectangle((0, 350, W, 372), fill="#d8d2c7")
    pen.rectangle((0, 372, W, H), fill="#5a5a5d")
    for x in range(20, W, 130):
        pen.rectangle((x, 430, x + 70, 438), fill="#c9c5ba")
    pen.polygon([(530, 0), (572, 0), (582, 262), (516, 262)], fill="#6b543d")
    pen.ellipse((486, 246, 612, 280), fill="#6f5b45")
    if night:
        pen.rectangle((0, 0, W, H), fill="#070b1cc8")


def _hole(pen: Pen, x: int, y: int, r: int, fill: str = "#171513") -> None:
    pen.ellipse((x - r, y - r * 0.36, x + r, y + r * 0.36), fill=fill)


def _lamp(pen: Pen, broken: bool) -> None:
    pen.line((420, 330, 420, 40, 330, 24), fill="#4a4f55", width=9)
    pen.ellipse((305, 14, 345, 36), fill="#3a3d42" if broken else "#fff3b0")
    if not broken:
        pen.polygon([(312, 34), (340, 34), (470, 400), (150, 400)], fill="#fff0a055")


def _wires(pen: Pen, broken: bool) -> None:
    pen.line((110, 340, 110, 10), fill="#6b6f73", width=14)
    for i in range(7):
        sag = 150 + 22 * i if broken else 24 + 5 * i
        points = [(110 + t * 5.3, 30 + i * 6 + sag * math.sin(math.pi * t / 100)) for t in range(101)]
        pen.line(points, fill="#1b1b1d", width=4)


def _tree(pen: Pen, broken: bool) -> None:
    tilt = 170 if broken else 0
    pen.line((250, 335, 250 + tilt, 120), fill="#5b4026", width=26)
    for dx, dy, r in ((0, 0, 70), (-55, 30, 50), (55, 25, 55), (10, -45, 50)):
        x, y = 250 + tilt + dx, 100 + dy + (30 if broken else 0)
        pen.ellipse((x - r, y - r, x + r, y + r), fill="#7a6a3a" if broken else "#3e7d3a")


def _bags(pen: Pen, broken: bool) -> None:
    if not broken:
        pen.rectangle((240, 250, 330, 345), fill="#2f7d4a")
        pen.rectangle((232, 238, 338, 256), fill="#24613a")
        return
    rng = np.random.default_rng(3)
    for _ in range(26):
        x, y, r = int(rng.integers(150, 430)), int(rng.integers(255, 345)), int(rng.integers(18, 38))
        fill = ("#2b2d33", "#44505e", "#7c8a6a", "#b5543c", "#d8d3c4")[int(rng.integers(5))]
        pen.ellipse((x - r, y - r * 0.8, x + r, y + r * 0.8), fill=fill)


def _dirt(pen: Pen, broken: bool) -> None:
    if broken:
        rng = np.random.default_rng(5)
        for _ in range(40):
            x, y, r = rng.integers(0, W), rng.integers(370, 470), rng.integers(8, 46)
            _hole(pen, int(x), int(y), int(r), "#6b4a2a")
    else:
        pen.rectangle((0, 395, W, 402), fill="#9fb4bf")


def _water(pen: Pen, broken: bool) -> None:
    if broken:
        pen.rectangle((0, 300, W, H), fill="#7f7358d8")
        for y in range(310, H, 22):
            pen.arc((-40, y, 260, y + 24), 200, 340, fill="#a99c7c", width=4)
            pen.arc((240, y + 8, 620, y + 30), 200, 340, fill="#a99c7c", width=4)
    else:
        pen.rectangle((200, 376, 330, 398), fill="#2a2a2c")
        for x in range(206, 330, 14):
            pen.line((x, 376, x, 398), fill="#808080", width=4)


def _manhole(pen: Pen, broken: bool) -> None:
    _hole(pen, 290, 290, 112, "#8c8377")
    _hole(pen, 290, 290, 94, "#171513" if broken else "#5d5f60")
    if broken:
        pen.polygon([(200, 290), (300, 262), (286, 288), (250, 310)], fill="#8a857c")
        pen.line((310, 296, 336, 120), fill="#5b4026", width=8)
        for x, y in ((326, 130), (306, 160), (350, 150), (338, 108), (322, 190)):
            pen.ellipse((x - 22, y - 10, x + 22, y + 10), fill="#3e7d3a")
    else:
        for x in range(220, 370, 22):
            pen.line((x, 268, x - 10, 312), fill="#3f4142", width=5)


def _pipe(pen: Pen, broken: bool) -> None:
    pen.rectangle((130, 300, 470, 322), fill="#4d6a8a")
    if broken:
        for x in range(250, 350, 10):
            pen.arc((x - 60, 180, x + 60, 420), 200, 340, fill="#bcd9e4", width=5)
        _hole(pen, 300, 345, 190, "#9fc3d2")
    else:
        pen.rectangle((280, 292, 325, 330), fill="#33485f")


def _pothole(pen: Pen, broken: bool) -> None:
    fill = ("#2a2522", "#1a1614") if broken else ("#3c3c3f", "#3c3c3f")
    _hole(pen, 320, 425, 130, fill[0])
    _hole(pen, 330, 430, 90, fill[1])


def _tiles(pen: Pen, broken: bool) -> None:
    for i, (x, y) in enumerate(((190, 260), (260, 250), (330, 262), (230, 300), (300, 306), (380, 300))):
        if broken:
            pen.polygon(
                [(x, y), (x + 52, y - 8 + i * 4), (x + 60, y + 26), (x + 6, y + 32)], fill=("#6f5b45", "#8d8478")[i % 2]
            )
        else:
            pen.rectangle((x, y, x + 60, y + 30), fill="#c9c0b2", outline="#9c9386", width=2)


def _stalls(pen: Pen, broken: bool) -> None:
    if not broken:
        pen.line((0, 330, W, 330), fill="#f5f0e0", width=7)
        return
    for x in (60, 200, 340):
        pen.polygon(
            [(x - 20, 190), (x + 120, 190), (x + 140, 226), (x - 40, 226)],
            fill=("#b5343c", "#2f6f9f", "#d08a1f")[x % 3],
        )
        pen.rectangle((x, 270, x + 90, 286), fill="#8a5a2b")
        for dx in (6, 40, 74):
            pen.rectangle((x + dx, 300, x + dx + 22, 340), fill="#2f6f9f")


def _cars(pen: Pen, broken: bool) -> None:
    for x, fill in ((40, "#8a1f24"), (245, "#e5e5e5"), (450, "#23364d")) if broken else ():
        pen.rectangle((x, 300, x + 180, 352), fill=fill)
        pen.polygon([(x + 30, 300), (x + 56, 258), (x + 130, 258), (x + 156, 300)], fill=fill)
        pen.polygon([(x + 40, 298), (x + 62, 266), (x + 124, 266), (x + 144, 298)], fill="#9fb7c4")
        for dx in (38, 142):
            pen.ellipse((x + dx - 22, 332, x + dx + 22, 376), fill="#1a1a1c")
    if not broken:
        pen.line((20, 362, 620, 362), fill="#e0b400", width=8)


def _signal(pen: Pen, broken: bool) -> None:
    pen.line((300, 350, 300, 90), fill="#3b3f44", width=12)
    pen.rectangle((270, 30, 330, 190), fill="#1d1f22")
    for y, fill in ((58, "#e04a3a"), (108, "#e8b53a"), (158, "#3fbf6a")):
        lit = not broken and y == 158
        pen.ellipse((280, y - 20, 320, y + 20), fill=fill if lit else "#33373b")


def _sign(pen: Pen, broken: bool) -> None:
    if broken:
        pen.line((180, 330, 430, 300), fill="#7a8088", width=10)
        pen.ellipse((400, 262, 480, 336), fill="#c8352f")
        pen.rectangle((414, 292, 466, 306), fill="#fff")
    else:
        pen.line((300, 345, 300, 120), fill="#7a8088", width=10)
        pen.ellipse((250, 40, 350, 140), fill="#c8352f")
        pen.rectangle((266, 80, 334, 100), fill="#fff")


def _shelter(pen: Pen, broken: bool) -> None:
    pen.rectangle((150, 130, 470, 152), fill="#7a2f2f" if broken else "#9e1b1e")
    pen.line((165, 150, 165, 345), fill="#555", width=9)
    pen.line((455, 150, 455, 345), fill="#555", width=9)
    if broken:
        pen.polygon([(200, 300), (330, 330), (326, 344), (196, 314)], fill="#8a6b42")
    else:
        pen.rectangle((190, 290, 430, 304), fill="#8a6b42")


def _scaffold(pen: Pen, broken: bool) -> None:
    pen.rectangle((210, 0, 470, 300), fill="#b5583c" if broken else "#cfc3b0")
    for y in range(0, 300, 50):
        pen.line((190, y, 490, y), fill="#d9b04a" if broken else "#a99d8a", width=5)
    for x in range(190, 500, 60):
        pen.line((x, 0, x, 310), fill="#d9b04a" if broken else "#a99d8a", width=5)
    if not broken:
        pen.rectangle((230, 120, 450, 190), fill="#b3261e")
        pen.text((250, 135), "ĐÌNH CHỈ", fill="#fff", font_size=38)


def _posters(pen: Pen, broken: bool) -> None:
    for i in range(14) if broken else ():
        x, y = 20 + (i * 97) % 560, 20 + (i * 53) % 120
        pen.rectangle((x, y, x + 62, y + 44), fill=("#f5f0d8", "#ffd84a", "#cfe3f5")[i % 3])
        pen.text((x + 6, y + 12), "0•••", fill="#b3261e", font_size=18)


def _loud(pen: Pen, broken: bool) -> None:
    pen.rectangle((230, 200, 350, 345), fill="#202226")
    for y, r in ((235, 24), (300, 38)):
        pen.ellipse((290 - r, y - r, 290 + r, y + r), fill="#50545a")
    for i in range(4) if broken else ():
        pen.arc((330 + i * 26, 190 - i * 16, 420 + i * 40, 340 + i * 16), 300, 60, fill="#ffd84a", width=7)


def _food(pen: Pen, broken: bool) -> None:
    pen.rectangle((160, 250, 460, 345), fill="#9fb0b8")
    for x in range(180, 450, 60):
        pen.ellipse((x, 225, x + 46, 262), fill="#5a4a2a" if broken else "#f2efe6")
    if broken:
        _hole(pen, 320, 400, 150, "#4a5a3a")


def _bench(pen: Pen, broken: bool) -> None:
    pen.rectangle((180, 262, 300 if broken else 440, 284), fill="#a9a49a")
    if broken:
        pen.polygon([(310, 290), (440, 330), (434, 350), (304, 312)], fill="#a9a49a")
    for x in (200, 410):
        pen.rectangle((x, 284, x + 20, 342), fill="#8a857c")


def _dog(pen: Pen, broken: bool) -> None:
    if broken:
        pen.ellipse((230, 260, 370, 320), fill="#8a5a2b")
        pen.ellipse((345, 235, 405, 285), fill="#8a5a2b")
        for x in (250, 280, 330, 352):
            pen.line((x, 310, x, 348), fill="#8a5a2b", width=12)
        pen.line((235, 275, 200, 240), fill="#8a5a2b", width=10)


def _door(pen: Pen, broken: bool) -> None:
    pen.rectangle((230, 60, 390, 190), fill="#5b3a22" if broken else "#e9dcc0")
    if broken:
        pen.line((230, 125, 390, 125), fill="#b9b0a3", width=9)


DRAWINGS: dict[str, Callable[[Pen, bool], None]] = {
    "streetlight": _lamp, "power": _wires, "cable": _wires, "tree": _tree, "park": _bench, "animal": _dog,
    "waste": _bags, "dirt": _dirt, "flood": _water, "manhole": _manhole, "water": _pipe,
    "pothole": _pothole, "pavement": _tiles,
    "encroachment": _stalls, "parking": _cars, "signal": _signal, "sign": _sign, "bus": _shelter,
    "construction": _scaffold, "advert": _posters, "noise": _loud, "food": _food, "other": _door,
}  # fmt: skip
NIGHT = frozenset({"streetlight", "noise"})


def draw(category: str, mended: bool) -> Scene:
    """The photo of a category: what is wrong, or that it is mended. Always the same."""
    picture = Image.new("RGB", (W, H))
    pen = ImageDraw.Draw(picture, "RGBA")
    seed = list(DRAWINGS).index(category)
    _street(pen, seed, category in NIGHT)
    DRAWINGS[category](pen, not mended)
    small = picture.resize((THUMB_SIDE, THUMB_SIDE * H // W), Image.Resampling.BILINEAR)
    gray = picture.convert("L").resize((64, 64), Image.Resampling.BOX)
    return Scene(_webp(picture), _webp(small), photo_hash(np.asarray(gray)))


def _webp(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=78, method=0)
    return out.getvalue()
