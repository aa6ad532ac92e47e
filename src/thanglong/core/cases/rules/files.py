"""What a file really is, by its first bytes: the name and the browser's word are not believed."""

_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (4, b"ftypheic", "image/heic"),
    (4, b"ftypmif1", "image/heif"),
    (4, b"ftypavif", "image/avif"),
    (4, b"ftyp", "video/mp4"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
)
_OFFICE = {
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".odt": "application/vnd.oasis.opendocument.text",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
}
PICTURES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
INLINE = PICTURES | {"application/pdf"}
MAX_PIXELS = 80_000_000


def sniff(head: bytes, name: str) -> str | None:
    """The media type of a file by its first bytes (at least 16), or None when it is not a kind we keep."""
    for offset, magic, media_type in _MAGIC:
        if head[offset : offset + len(magic)] == magic:
            if media_type == "application/zip":
                suffix = name.lower()[name.rfind(".") :] if "." in name else ""
                return _OFFICE.get(suffix, media_type)
            return media_type
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.reason != "unexpected end of data":  # a character cut in two where the head ends is no fault
            return None
        text = head[: error.start].decode("utf-8")
    return "text/plain" if text and all(c.isprintable() or c in "\r\n\t" for c in text) else None


def safe_name(name: str) -> str:
    """A file name without path, control characters or excess length."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(c for c in last if c.isprintable()).strip(". ")
    return kept[-120:] or "file"
