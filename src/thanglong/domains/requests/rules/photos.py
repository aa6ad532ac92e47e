"""Photos made fit for keeping: turned upright, shrunk, re-encoded without any metadata, hashed."""

import io
import math
import warnings
from datetime import datetime

import numpy as np
from PIL import ExifTags, Image, ImageOps

from thanglong.domains.requests.types import MAX_PHOTO_BYTES, PhotoIn
from thanglong.kit import clock
from thanglong.kit.errors import N_, Invalid, TooLarge
from thanglong.solve.matching import photo_hash

MAX_SIDE, THUMB_SIDE = 1600, 320
MAX_PIXELS = 60_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")


def prepare(content: bytes) -> PhotoIn:
    """Read an uploaded picture. TooLarge over 20 MB or 60 megapixels; Invalid when it is no picture.

    The place in the metadata is given back as a hint only: the photo's place is not the fault's place.
    """
    if len(content) > MAX_PHOTO_BYTES:
        raise TooLarge(N_("This photo is larger than 20 MB. Please choose a smaller one."))
    picture, exif = _open(content)
    lon, lat = _place(exif)
    picture.thumbnail((MAX_SIDE, MAX_SIDE))
    small = picture.copy()
    small.thumbnail((THUMB_SIDE, THUMB_SIDE))
    gray = picture.convert("L").resize((64, 64), Image.Resampling.BOX)
    return PhotoIn(
        _encode(picture, 80), _encode(small, 72), *picture.size, photo_hash(np.asarray(gray)), lon, lat, _taken(exif)
    )


def _open(content: bytes) -> tuple[Image.Image, Image.Exif]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(content), formats=FORMATS) as source:
                if source.width * source.height > MAX_PIXELS:
                    raise TooLarge(N_("This photo has too many pixels. Please choose a smaller one."))
                exif = source.getexif()
                source.draft("RGB", (MAX_SIDE, MAX_SIDE))
                upright = ImageOps.exif_transpose(source)
                return upright.convert("RGB"), exif
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, OverflowError) as error:
        raise Invalid(N_("This file is not a photo we can read. Please send a JPEG, PNG or WebP picture.")) from error


def _encode(picture: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=quality, method=3, exif=b"", icc_profile=b"")
    return out.getvalue()


def _degrees(value: object, reference: object) -> float | None:
    try:
        degrees, minutes, seconds = (float(part) for part in value)  # type: ignore[attr-defined]
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    angle = degrees + minutes / 60 + seconds / 3600
    return -angle if reference in ("S", "W") else angle


def _place(exif: Image.Exif) -> tuple[float | None, float | None]:
    try:
        gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    except (KeyError, ValueError, TypeError, SyntaxError):
        return None, None
    lat, lon = _degrees(gps.get(2), gps.get(1)), _degrees(gps.get(4), gps.get(3))
    if lon is None or lat is None or not (-180 <= lon <= 180 and -90 <= lat <= 90) or (lon == 0 and lat == 0):
        return None, None
    return lon, lat


def _taken(exif: Image.Exif) -> datetime | None:
    try:
        text = exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.DateTimeOriginal)
        return datetime.strptime(str(text), "%Y:%m:%d %H:%M:%S").replace(tzinfo=clock.zone()) if text else None
    except (KeyError, ValueError, TypeError, SyntaxError):
        return None


def blur(content: bytes, boxes: list[tuple[float, float, float, float]]) -> tuple[bytes, bytes]:
    """A picture and its small copy with the boxes (shares of width and height) made of few large squares."""
    with Image.open(io.BytesIO(content)) as source:
        picture = source.convert("RGB")
    for left, top, right, bottom in boxes:
        box = (
            int(max(0.0, left) * picture.width), int(max(0.0, top) * picture.height),
            math.ceil(min(1.0, right) * picture.width), math.ceil(min(1.0, bottom) * picture.height),
        )  # fmt: skip
        if box[2] <= box[0] or box[3] <= box[1]:
            continue
        part = picture.crop(box)
        squares = part.resize((min(6, part.width), min(6, part.height)), Image.Resampling.BOX)
        picture.paste(squares.resize(part.size, Image.Resampling.NEAREST), box[:2])
    small = picture.copy()
    small.thumbnail((THUMB_SIDE, THUMB_SIDE))
    return _encode(picture, 80), _encode(small, 72)
