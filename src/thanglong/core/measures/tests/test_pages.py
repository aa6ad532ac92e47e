"""The pages and the data over HTTP."""

import csv
import io
import json
from dataclasses import replace
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


def test_a_missed_target_is_told_by_the_side_it_was_missed_from(figures: City, monkeypatch: pytest.MonkeyPatch) -> None:
    client, known = signed_in(figures.head), service.measure("repair.in_time")
    assert "còn thiếu 15,0" in client.get("/centre/measures/repair.in_time/").content.decode()
    missed = replace(known, direction=-1, target=70.0)
    monkeypatch.setattr(service, "measure", lambda key: missed)
    assert "còn cao hơn 5,0" in client.get("/centre/measures/repair.in_time/").content.decode()


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


def test_a_running_period_is_said_to_be_running(figures: City, frozen: Any) -> None:
    client, url = signed_in(figures.head), "/centre/measures/repair.in_time/?by=month&period=2026-11-01"
    assert "đang chạy" not in client.get(url).content.decode()
    finished(figures, frozen, 1)
    service.work()
    page = client.get(url).content.decode()
    assert "đang chạy" in page
    assert "&quot;open&quot;:true" in page or '"open":true' in page
    running = client.get("/centre/measures/repair.in_time/?by=year").content.decode()
    assert "tính đến nay" in running


def test_kind_of_period_and_geography_stand_in_the_address(figures: City) -> None:
    client = signed_in(figures.head)
    page = client.get("/centre/measures/repair.in_time/?by=quarter&geography=now").content.decode()
    assert "Quý 4/2026" in page
    assert "Tính lại cho đơn vị hiện nay" in page
    assert "by=year" in page and "geography=then" in page
    public = Client().get("/figures/repair.in_time/?by=year&geography=now").content.decode()
    assert "75,0" in public
    bands = client.get("/api/measures/repair.in_time.map.json?by=quarter&period=2026-10-01&geography=now&room=centre")
    assert "by=quarter" in bands.json()["values"][str(figures.ward)]["url"]
    for query in ("by=day", "by=week", "period=soon"):
        assert client.get(f"/centre/measures/repair.in_time/?{query}").status_code == 404


def test_the_page_begins_with_the_finest_period_that_says_something(
    figures: City, repair: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from thanglong.core.measures.views import choice

    item = repair["repair.in_time"]
    for small, kind, span in ((1, "month", 1), (99, "month", 1)):
        found = choice.choose(figures.head, replace(item, small=small), choice.Asked())
        assert (found.kind, found.span) == (kind, span)
    counts = {("month", 1): 10, ("quarter", 1): 29, ("month", 12): 40, ("year", 1): 50}

    def ranked(_actor: Any, _key: str, period: Any, span: int, *, kind: Any, geography: Any) -> Any:
        (one,) = service.values(figures.head, item.key, units=[figures.ward])
        return [replace(one, n=counts[kind, span])]

    monkeypatch.setattr(choice.service, "ranking", ranked)
    for small, kind, span in ((10, "month", 1), (29, "quarter", 1), (30, "month", 12), (41, "year", 1)):
        found = choice.choose(figures.head, replace(item, small=small), choice.Asked())
        assert (found.kind, found.span) == (kind, span)


def test_a_figure_is_corrected_and_taken_back_on_its_page(figures: City, admin: Actor) -> None:
    client = signed_in(admin)
    url = f"/centre/measures/repair.in_time/correct/?unit={figures.ward}&period=2026-11-01"
    assert Client().get(url).status_code == 302
    assert signed_in(figures.head).get(url).status_code == 403
    assert "66,7" in client.get(url).content.decode()
    for wrong in ({"value": "101", "reason": "Hạn bị nhập sai trên giấy"}, {"value": "", "reason": "Hạn nhập sai đó"},
                  {"value": "90", "reason": "vì"}):  # fmt: skip
        assert client.post(url, wrong).status_code == 400
    made = client.post(url, {"value": "90,5", "reason": "Hạn bị nhập sai trên giấy"})
    assert made.status_code == 302
    page = client.get(made["Location"]).content.decode()
    assert "Đã đính chính con số." in page
    assert f"90,5 thay cho 66,7, {admin.label}" in page
    public = Client().get("/figures/repair.in_time/?by=month").content.decode()
    assert "Hạn bị nhập sai trên giấy" in public
    assert admin.label not in public
    assert client.post(url, {"do": "withdraw", "reason": "Giấy tờ đã được tìm thấy"}).status_code == 302
    assert "thay cho" not in Client().get("/figures/repair.in_time/?by=month").content.decode()
    elsewhere = url.replace(str(figures.ward), str(figures.city))
    assert client.post(elsewhere, {"value": "90", "reason": "Hạn bị nhập sai"}).status_code == 404


def test_an_alert_is_taken_note_of_on_the_measure_s_page(
    figures: City, repair: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from thanglong.core.measures.service import catalogue
    from thanglong.kit.registry import Registry

    fresh: Registry[Any] = Registry("measure")
    fresh.add("repair.in_time", replace(repair["repair.in_time"], band=(80.0, None), back=2.0, small=1))
    monkeypatch.setattr(catalogue, "registered", fresh)
    assert service.check() == 1
    (alert,) = service.alerts(figures.head)
    client, seen = signed_in(figures.head), f"/centre/measures/alerts/{alert.id}/seen/"
    assert "Tôi đã xem" in client.get("/centre/measures/repair.in_time/").content.decode()
    assert client.get(seen).status_code == 405
    assert Client().post(seen).status_code == 401
    assert signed_in(figures.stranger).post(seen).status_code == 403
    done = client.post(seen, {"note": "Đã cử người"})
    page = client.get(done["Location"]).content.decode()
    assert "Đã cử người" in page
    assert "Tôi đã xem" not in page
    assert client.post("/centre/measures/alerts/99999/seen/").status_code == 404


def test_the_catalogue_is_searched_and_says_how_fresh_it_is(figures: City) -> None:
    client = signed_in(figures.head)
    page = client.get("/centre/measures/?q=hai long").content.decode()
    assert "repair.satisfaction" in page
    assert "repair.in_time" not in page
    assert "Không tìm thấy" in client.get("/centre/measures/?q=xyzzy").content.decode()
    assert "data-ago" in client.get("/centre/measures/").content.decode()
