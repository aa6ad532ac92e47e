from thanglong.core.cases import service
from thanglong.core.cases.types import Contact, Place, QueueFilter
from thanglong.kit.ports import ANONYMOUS


def test_pages(city, client, django_user_model, django_assert_num_queries):
    case = service.open_case(
        ANONYMOUS,
        "repair",
        {"kind": "lamp", "where": "Ngõ 32"},
        key="k",
        unit=city.ward,
        subject="Đèn tắt",
        place=Place(105.84, 21.02, "Ngõ 32 Thợ Nhuộm"),
        contact=Contact("Lan", phone="0912"),
    )
    user = django_user_model.objects.get(pk=city.head.id)
    client.force_login(user)
    for url in (
        "/desk/",
        f"/desk/cases/{case.number}/",
        f"/desk/cases/{case.number}/act/refuse/",
        "/desk/unit/",
        f"/desk/cases/{case.number}/transfer/?q=hoan",
        f"/desk/cases/{case.number}/assign/",
        "/desk/search/?q=den",
        f"/desk/cases/{case.number}/message/",
        "/desk/?select=1",
        "/desk/?show=late",
    ):
        response = client.get(url)
        assert response.status_code == 200, (url, response.content[-2000:].decode())
        open("/tmp/cases/" + url.strip("/").replace("/", "_").replace("?", "_") + ".html", "wb").write(response.content)
    assert service.queue(city.head, QueueFilter()).counts.buckets["soon"] == 1
