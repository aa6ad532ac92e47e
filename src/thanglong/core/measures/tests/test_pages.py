"""The pages and the data over HTTP."""

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from thanglong.core.cases.tests.scene import City
from thanglong.core.measures import service
from thanglong.core.measures.tests.test_service import finished
from thanglong.core.people.models import Account
from thanglong.kit.ports import Actor


def signed_in(actor: Actor) -> Client:
    client = Client()
    client.force_login(Account.objects.get(pk=actor.id))
    return client


@pytest.fixture
def figures(city: City, repair: Any, frozen: Any) -> City:
    for hours in (1, 2, 72):
        finished(city, frozen, hours)
    finished(city, frozen, 1, unit=city.other)
    frozen.at += timedelta(days=20)
    service.work()
    service.close_periods()
    return city


def test_the_centre_s_pages(figures: City) -> None:
    client = signed_in(figures.head)
    assert "repair.in_time" in client.get("/centre/measures/").content.decode()
    page = client.get("/centre/measures/repair.in_time/").content.decode()
    assert "75,0" in page
    assert "Vì sao là con số này?" in page or "Vì sao có con số này?" in page
    unit = client.get(f"/centre/measures/repair.in_time/?unit={figures.ward}&period=2026-11-01").content.decode()
    assert "66,7" in unit
    assert "/desk/cases/SC-26-000001/" in unit
    assert "/ledger/entry/" in unit
    for url in ("/centre/measures/repair.satisfaction/", "/centre/measures/repair.received/?period=1999-01-01"):
        assert client.get(url).status_code == 200
    for url in ("/centre/measures/no.measure/", "/centre/measures/repair.in_time/?unit=x"):
        assert client.get(url).status_code == 404


def test_the_centre_is_for_those_who_may(figures: City) -> None:
    for url in ("/centre/measures/", "/centre/measures/repair.in_time/"):
        assert signed_in(figures.officer).get(url).status_code == 403
        assert Client().get(url).status_code == 302


def test_records_are_named_only_to_those_who_may_see_them(figures: City) -> None:
    page = signed_in(figures.head).get(f"/centre/measures/repair.in_time/?unit={figures.other}&period=2026-11-01")
    assert page.status_code == 200
    assert "/desk/cases/" not in page.content.decode()


def test_the_public_pages(figures: City) -> None:
    client = Client()
    assert "/figures/repair.in_time/" in client.get("/figures/").content.decode()
    page = client.get(f"/figures/repair.in_time/?unit={figures.ward}").content.decode()
    assert "66,7" in page
    assert "/desk/cases/" not in page


def test_figures_as_data(figures: City) -> None:
    client = Client()
    listed = client.get("/api/measures.json").json()["measures"]
    assert {item["key"] for item in listed} >= {"repair.in_time", "repair.received"}
    found = client.get("/api/measures/repair.in_time.json?since=2026-11-01&until=2026-11-30").json()
    assert found["target"] == 90.0
    assert {(row["unit_name"], round(row["value"], 3), row["n"]) for row in found["figures"]} == {
        ("Phường Cửa Nam", 66.667, 3), ("Phường Hoàn Kiếm", 100.0, 1),
    }  # fmt: skip
    assert all(row["small"] and len(row["digest"]) == 64 and row["ledger_entry"] for row in found["figures"])
    one = client.get(f"/api/measures/repair.in_time.json?unit={figures.other}").json()
    assert [row["value"] for row in one["figures"]] == [100.0]
    text = client.get("/api/measures/repair.in_time.csv").content.decode("utf-8-sig")
    assert len(list(csv.DictReader(io.StringIO(text)))) == 2
    bands = json.loads(client.get("/api/measures/repair.in_time.map.json?period=2026-11-01").content)["values"]
    assert bands[str(figures.ward)]["band"] == -1
    for query in ("since=yesterday", "unit=x", "until=2026-13-01"):
        answer = client.get(f"/api/measures/repair.in_time.json?{query}", headers={"Accept": "application/json"})
        assert answer.status_code == 400


def test_figures_by_quarter_for_the_units_of_now_and_as_parquet(figures: City, tmp_path: Any) -> None:
    import duckdb

    client = Client()
    found = client.get("/api/measures/repair.in_time.json?by=quarter&geography=now").json()
    assert {(row["period"], row["n"]) for row in found["figures"]} == {("2026-10-01", 3), ("2026-10-01", 1)}
    assert (found["licence"], found["withheld_below"], found["version"]) == ("CC-BY-4.0", 0, 1)
    path = tmp_path / "figures.parquet"
    path.write_bytes(client.get("/api/measures/repair.in_time.parquet").content)
    rows = duckdb.sql(f"SELECT unit_name, n, period::varchar FROM '{path}' ORDER BY n").fetchall()
    assert rows == [("Phường Hoàn Kiếm", 1, "2026-11-01"), ("Phường Cửa Nam", 3, "2026-11-01")]
    facts = dict(duckdb.sql(f"SELECT decode(key), decode(value) FROM parquet_kv_metadata('{path}')").fetchall())
    assert (facts["key"], facts["licence"]) == ("repair.in_time", "CC-BY-4.0")
    for query in ("by=day", "by=week", "geography=soon"):
        answer = client.get(f"/api/measures/repair.in_time.json?{query}", headers={"Accept": "application/json"})
        assert answer.status_code == 400
