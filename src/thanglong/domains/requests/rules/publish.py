"""What of a report the public may see."""

import math
import re

# Vietnamese telephone numbers, identity numbers (9 or 12 digits), e-mail addresses, number plates, account numbers
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_DIGITS = re.compile(r"(?<![\w.])\+?\d(?:[ .\-]?\d){8,18}(?!\w)")
_PLATE = re.compile(
    r"\b\d{2}\s?[-.]?\s?[A-Za-zĐđ]{1,2}\d?\s?[-.]?\s?\d{3}[. ]?\d{2}\b"
    r"|\b\d{2}[A-Za-zĐđ]\d?[-. ]?\d{4}\b"
)
_HOUSE = re.compile(r"^\s*(?:số|so|no\.?|nhà số)?\s*\d+[\w/\-]*\s*(?:ngõ|ngách|hẻm)?\s*[\d/]*[,\s]*", re.IGNORECASE)
DOTS = "•••"
GRID_M = 100.0


def mask(text: str) -> str:
    """Telephone, identity and account numbers, e-mail addresses and number plates replaced by dots."""
    text = _EMAIL.sub(DOTS, text)
    text = _PLATE.sub(DOTS, text)
    return _DIGITS.sub(DOTS, text)


def coarse_place(lon: float, lat: float, metres: float = GRID_M) -> tuple[float, float]:
    """The centre of the grid square (``metres`` wide) a point lies in, in degrees: many houses share one."""
    step_lat = metres / 111_195.0
    row = math.floor(lat / step_lat)
    centre_lat = (row + 0.5) * step_lat
    step_lon = step_lat / max(0.01, math.cos(math.radians(centre_lat)))
    centre_lon = (math.floor(lon / step_lon) + 0.5) * step_lon
    return round(centre_lon, 6), round(centre_lat, 6)


def coarse_address(address: str) -> str:
    """An address without its house number: what is said before the street's name is left out."""
    return _HOUSE.sub("", address)


def subject(text: str, title: str, address: str) -> str:
    """One line for lists: the first sentence when it is short enough, else the category's name and the address."""
    first = re.split(r"[.!?\n]", mask(text).strip(), maxsplit=1)[0].strip()
    if 8 <= len(first) <= 90:
        return first[0].upper() + first[1:]
    if len(first) > 90:
        return (first[0].upper() + first[1:88]).rsplit(" ", 1)[0] + "…"
    return f"{title}, {address}" if address else title
