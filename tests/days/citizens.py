"""Citizens who report without end: what the platform acknowledged to them is what must be there afterwards."""

import re
import threading
import time
from typing import Any
from uuid import uuid4

import httpx


class Citizens:
    """Clients that send reports without end and note what was acknowledged; each retries with the same key."""

    def __init__(self, address: str, count: int, pause: float = 0.0) -> None:
        self.address, self.pause = address, pause
        self.acknowledged: dict[str, str] = {}
        self.sent: set[str] = set()
        self.refused: list[str] = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._work, args=(n,), daemon=True) for n in range(count)]

    def __enter__(self) -> "Citizens":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def _session(self) -> tuple[httpx.Client, str]:
        client = httpx.Client(base_url=self.address, timeout=15)
        while not self._stop.is_set():
            try:
                page = client.get("/report/")
                found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
                if found:
                    return client, found[1]
            except httpx.HTTPError:
                pass
            time.sleep(0.1)
        return client, ""

    def _work(self, number: int) -> None:
        client, token = self._session()
        while not self._stop.is_set():
            key = str(uuid4())
            self.sent.add(key)
            for _ in range(200):
                answer = self._send(client, token, key)
                if answer is None:
                    time.sleep(0.1)
                    continue
                if answer.status_code in (200, 201):
                    self.acknowledged[key] = answer.json()["number"]
                    time.sleep(self.pause)
                    break
                if answer.status_code < 500:
                    self.refused.append(f"{answer.status_code} {answer.text[:300]}")
                    return
                time.sleep(0.1)
                if self._stop.is_set():
                    break

    @staticmethod
    def _send(client: httpx.Client, token: str, key: str) -> httpx.Response | None:
        data = {
            "csrfmiddlewaretoken": token,
            "key": key,
            "text": f"Ổ gà lớn giữa đường, thử {key[:8]}",
            "category": "pothole",
            "lon": "105.8500",
            "lat": "21.0280",
            "address": "12 Tràng Tiền",
        }
        try:
            return client.post("/report/", data=data, headers={"Accept": "application/json"})
        except httpx.HTTPError:
            return None


def check(city: Any, citizens: Citizens) -> None:
    """Each acknowledged key answers with its number; no key became two cases; cases and ledger agree."""
    numbers = list(citizens.acknowledged.values())
    assert len(set(numbers)) == len(numbers), "two keys share a number"
    client, token = Citizens(city.address, 0)._session()
    for key, number in citizens.acknowledged.items():
        again = Citizens._send(client, token, key)
        assert again is not None
        assert again.json()["number"] == number
        assert client.get(f"/reports/{number}/").status_code == 200
    city.ledger_holds()
    city.stop()
    counted = city.manage_script(COUNT)
    opened, entries, doubled = (int(part) for part in counted.split())
    assert doubled == 0
    assert opened == entries, "every case has its ledger entry and every entry its case"
    assert opened >= len(numbers)


COUNT = """
from thanglong.core.cases.models import Case
from thanglong.core.ledger.models import Entry
from django.db.models import Count
doubled = Case.objects.exclude(key=None).values("type", "key").annotate(n=Count("id")).filter(n__gt=1).count()
print(Case.objects.count(), Entry.objects.filter(verb="case.opened").count(), doubled)
"""
