"""Senders for a machine without a mail or SMS provider: every message is a line in a file, or on the console."""

import json
import os
import sys
from pathlib import Path

from thanglong.kit import clock
from thanglong.kit.ports import Outgoing


def _line(message: Outgoing) -> str:
    return json.dumps(
        {
            "at": clock.now().isoformat(),
            "channel": message.channel,
            "to": message.to,
            "subject": message.subject,
            "text": message.text,
        },
        ensure_ascii=False,
    )


class FileSender:
    """Appends each message as a JSON line to ``DATA/outbox.jsonl``."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def send(self, message: Outgoing) -> None:
        with self._path.open("a", encoding="utf-8") as out:
            out.write(_line(message) + "\n")
            out.flush()
            os.fsync(out.fileno())


class ConsoleSender:
    """Writes each message to standard error."""

    def send(self, message: Outgoing) -> None:
        sys.stderr.write(_line(message) + "\n")
