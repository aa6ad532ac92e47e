"""A report's life through the service: sent once, routed, handled with proof, judged, reopened, refused, appealed."""

import re
from uuid import uuid4

import pytest

from thanglong.core.cases import service as cases
from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import ObjectRef
from thanglong.core.things import service as things
from thanglong.core.things.types import geo, prop, rel
from thanglong.domains.requests import service
from thanglong.domains.requests.rules import routing
from thanglong.domains.requests.service import words
from thanglong.domains.requests.tests.conftest import HERE, THERE, Outbox, Small, jpeg
from thanglong.domains.requests.types import ListFilter, NewReport, Sent, State
from thanglong.kit.errors import Conflict, Denied, Invalid, NotFound, NotSignedIn, TooMany
from thanglong.kit.ports import ANONYMOUS, SYSTEM, Actor
from thanglong.stores.jobs import queue as jobs

DONE = {"what": "Đã thay bóng mới", "who": "Tổ 3"}


def version(sent: Sent) -> int:
    return cases.public_case(sent.case).case.version


def act(small: Small, sent: Sent, who: str, action: str, data: dict[str, object] | None = None, proof: int = 0) -> None:
    actor = small.people[who]
    documents = [cases.add_document(actor, jpeg(proof), "sau.jpg", "image/jpeg", kind="proof").id] if proof else []
    cases.act(actor, sent.case, action, data or {}, version=version(sent), documents=documents)


def done(small: Small, sent: Sent, who: str = "one.light") -> None:
    act(small, sent, who, "resolve", dict(DONE), proof=7)


def test_a_report_is_numbered_routed_due_and_written_down(small: Small) -> None:
    sent = small.send()
    assert sent.number == "PA-26-000001"
    assert sent.unit == small.lighting
    report = service.report(sent.number)
    assert report.state is State.NEW
    assert report.due_at == sent.due_at
    assert report.subject == "Đèn ngõ không sáng ba đêm nay"
    (entry,) = ledger.entries(ObjectRef("case", str(sent.case)))
    assert entry.verb == "case.opened"
    assert cases.case_by_secret(sent.number, sent.secret).id == sent.case
    with pytest.raises(NotFound):
        cases.case_by_secret(sent.number, "guess")


def test_the_same_key_is_one_report_and_one_code(small: Small, outbox: Outbox) -> None:
    key = str(uuid4())
    first = small.send(key=key, contact="an@vidu.vn")
    small.clock.advance(minutes=3)
    second = small.send(key=key, contact="an@vidu.vn")
    assert (second.case, second.number, second.secret) == (first.case, first.number, first.secret)
    assert second.again
    assert not first.again
    assert len(outbox.messages) == 1
    assert service.counts(ListFilter()) == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"text": "ối"}, "text"),
        ({"text": "a" * 4001}, "text"),
        ({"category": "nothing"}, "category"),
        ({"lon": None, "lat": None, "address": ""}, "address"),
        ({"lon": 100.0}, "address"),
        ({"answers": {}}, "q_what"),
        ({"answers": {"what": "blue"}}, "q_what"),
        ({"photos": [uuid4()]}, "photo"),
        ({"photos": [uuid4() for _ in range(9)]}, "photo"),
        ({"contact": "not an address"}, "contact"),
    ],
)
def test_everything_wrong_is_told(small: Small, change: dict[str, object], field: str) -> None:
    values: dict[str, object] = {
        "text": "Đèn ngõ không sáng", "category": "streetlight", "lon": HERE[0], "lat": HERE[1], "answers": {"what": "out"},
        **change,
    }  # fmt: skip
    with pytest.raises(Invalid) as caught:
        service.send(ANONYMOUS, NewReport(**values), key=None)  # type: ignore[arg-type]
    assert {fault.field for fault in caught.value.faults} == {field}
    assert service.counts(ListFilter()) == 0


def test_an_address_alone_finds_its_ward(small: Small) -> None:
    sent = small.send("Rác chất đống đầu ngõ", "waste", lon=None, lat=None, address="ngõ 12, phường Hoàn Kiếm",
                      answers={"what": "home"})  # fmt: skip
    assert sent.unit == small.other
    nowhere = small.send(
        "Rác chất đống đầu ngõ", "waste", lon=None, lat=None, address="đâu đó", answers={"what": "home"}
    )
    assert nowhere.unit == small.root


def test_a_point_finds_its_ward(small: Small) -> None:
    sent = small.send("Chó thả rông đầu ngõ", "animal", lon=THERE[0], lat=THERE[1])
    assert sent.unit == small.other


def test_handled_with_proof_and_confirmed(small: Small) -> None:
    sent = small.send(photos=[service.add_photo(None, jpeg(1))[0].id])
    small.clock.advance(minutes=11)
    act(small, sent, "one.light", "accept")
    act(small, sent, "one.light", "start")
    small.clock.advance(hours=20)
    done(small, sent)
    report = service.report(sent.number)
    assert report.state is State.RESOLVED
    assert report.first_at is not None
    assert (report.first_at - report.opened_at).total_seconds() == 660
    assert [photo.kind for photo in report.photos] == ["before", "proof"]
    case = service.reporter_step(ANONYMOUS, sent.number, sent.secret, "confirm", {"rating": 5})
    assert case.state == State.CONFIRMED
    assert service.report(sent.number).satisfaction == 5
    assert service.done_share() == (1.0, 1)
    entries = ledger.entries(ObjectRef("case", str(sent.case)))
    assert [entry.verb for entry in entries] == ["case.opened"] + ["case.moved"] * 4


@pytest.mark.parametrize("category", ["streetlight", "waste"])
def test_nothing_is_done_without_a_photo(small: Small, category: str) -> None:
    sent = small.send(
        "Có việc cần xử lý ở đây", category, answers={"what": "out" if category == "streetlight" else "home"}
    )
    who = "one.light" if category == "streetlight" else "one.cuanam"
    act(small, sent, who, "start")
    with pytest.raises(Invalid):
        cases.act(small.people[who], sent.case, "resolve", DONE, version=version(sent))
    with pytest.raises(Invalid):
        cases.act(small.people[who], sent.case, "resolve_paper", DONE, version=version(sent))
    assert service.report(sent.number).state is State.WORKING


def test_noise_may_be_closed_with_a_record(small: Small) -> None:
    sent = small.send("Karaoke ầm ĩ quá 23 giờ", "noise", answers={"when": "đêm"})
    officer = small.people["one.cuanam"]
    paper = cases.add_document(officer, b"%PDF-1.4 bien ban", "bien-ban.pdf", "application/pdf", kind="proof")
    cases.act(officer, sent.case, "resolve_paper", DONE, version=1, documents=[paper.id])
    assert service.report(sent.number).state is State.RESOLVED


def test_an_objection_goes_to_somebody_else(small: Small) -> None:
    sent = small.send()
    done(small, sent)
    service.reporter_step(ANONYMOUS, sent.number, sent.secret, "reopen", {"why": "poor", "more": "vẫn chập chờn"})
    report = service.report(sent.number)
    assert report.state is State.NEW
    assert report.reopened == 1
    assert report.resolved_at is None
    with pytest.raises(Invalid, match="somebody else"):
        done(small, sent, "one.light")
    done(small, sent, "two.light")
    assert service.report(sent.number).state is State.RESOLVED


def test_objections_end_after_14_days(small: Small) -> None:
    sent = small.send()
    done(small, sent)
    small.clock.advance(days=14, minutes=1)
    with pytest.raises(Conflict):
        service.reporter_step(ANONYMOUS, sent.number, sent.secret, "reopen", {"why": "poor"})
    cases.sweep()
    assert service.report(sent.number).state is State.CONFIRMED


def test_a_refusal_has_a_reason_and_an_appeal(small: Small) -> None:
    sent = small.send()
    with pytest.raises(Invalid):
        act(small, sent, "one.light", "refuse", {"ground": "private"})
    act(small, sent, "one.light", "refuse", {"ground": "private", "reason": "Đèn nằm trong khuôn viên nhà riêng."})
    assert service.report(sent.number).state is State.REFUSED
    assert "nhà riêng" in words.sentence(cases.public_case(sent.case).events[-1])
    service.reporter_step(ANONYMOUS, sent.number, sent.secret, "appeal", {"more": "Đèn ở ngõ chung"})
    with pytest.raises(Invalid, match="somebody else"):
        act(small, sent, "one.light", "refuse", {"ground": "private", "reason": "Vẫn vậy"})
    done(small, sent, "two.light")


def test_a_question_stops_the_clock(small: Small) -> None:
    sent = small.send()
    act(small, sent, "one.light", "ask", {"question": "Cột số mấy?"})
    assert service.report(sent.number).due_at is None
    small.clock.advance(hours=30)
    service.reporter_step(ANONYMOUS, sent.number, sent.secret, "answer", {"answer": "CN-0417"})
    report = service.report(sent.number)
    assert report.state is State.WORKING
    assert sent.due_at is not None
    assert report.due_at is not None
    assert (report.due_at - sent.due_at).total_seconds() == pytest.approx(30 * 3600, abs=60)
    assert "CN-0417" not in str([event.data for event in cases.public_case(sent.case).events])


def test_an_unanswered_question_ends_the_case(small: Small) -> None:
    sent = small.send()
    act(small, sent, "one.light", "ask", {"question": "Cột số mấy?"})
    small.clock.advance(days=15)
    cases.sweep()
    assert service.report(sent.number).state is State.REFUSED


def test_a_wrong_secret_and_a_stranger_may_nothing(small: Small) -> None:
    sent = small.send()
    done(small, sent)
    with pytest.raises(NotFound):
        service.reporter_step(ANONYMOUS, sent.number, "wrong", "confirm", {})
    with pytest.raises(NotSignedIn):
        cases.act(ANONYMOUS, sent.case, "confirm", {}, version=version(sent))
    with pytest.raises(Denied):
        cases.act(small.people["one.hoankiem"], sent.case, "confirm", {}, version=version(sent))


def test_handed_on_and_counted(small: Small) -> None:
    sent = small.send()
    cases.transfer(
        small.people["head.light"], sent.case, small.drainage, "Hố ga, không phải đèn", version=version(sent)
    )
    jobs.drain()
    report = service.report(sent.number)
    assert report.unit == small.drainage
    assert report.transfers == 1
    assert ("office-lighting", 1, 1) in service.misroutes(small.people["leader"])
    with pytest.raises(Denied):
        service.misroutes(small.people["one.light"])


def test_broken_again_by_a_neighbour(small: Small) -> None:
    sent = small.send()
    with pytest.raises(Conflict):
        service.again(ANONYMOUS, sent.number, "vẫn tối")
    done(small, sent)
    service.again(ANONYMOUS, sent.number, "lại tối rồi")
    assert service.report(sent.number).state is State.NEW
    done(small, sent, "two.light")
    small.clock.advance(days=15)
    with pytest.raises(Conflict):
        service.again(ANONYMOUS, sent.number, "lại tối rồi")


def test_a_contact_is_confirmed_by_its_code_and_then_hears(small: Small, outbox: Outbox) -> None:
    sent = small.send(contact="0912 345 678")
    assert sent.confirm is not None
    assert outbox.messages[0].channel == "sms"
    code = outbox.code()
    with pytest.raises(Invalid):
        service.check_code(ANONYMOUS, sent.confirm, "000000" if code != "000000" else "111111")
    assert service.check_code(ANONYMOUS, sent.confirm, code) == sent.case
    with pytest.raises(Invalid):
        service.check_code(ANONYMOUS, sent.confirm, code)
    act(small, sent, "one.light", "accept")
    jobs.drain()
    assert outbox.messages[-1].to == "0912345678"
    assert sent.secret in outbox.messages[-1].text
    verbs = [entry.verb for entry in ledger.entries(ObjectRef("case", str(sent.case)))]
    assert "case.reporter_confirmed" in verbs
    assert "0912345678" not in str(ledger.entries(ObjectRef("case", str(sent.case))))


def test_an_unconfirmed_contact_hears_nothing(small: Small, outbox: Outbox) -> None:
    sent = small.send(contact="an@vidu.vn")
    act(small, sent, "one.light", "accept")
    jobs.drain()
    assert len(outbox.messages) == 1


def test_codes_are_few_short_lived_and_tried_five_times(small: Small, outbox: Outbox) -> None:
    sent = small.send(contact="an@vidu.vn")
    assert sent.confirm is not None
    good = outbox.code()
    wrong = "123456" if good != "123456" else "654321"
    for _ in range(5):
        with pytest.raises(Invalid):
            service.check_code(ANONYMOUS, sent.confirm, wrong)
    with pytest.raises(Invalid):
        service.check_code(ANONYMOUS, sent.confirm, good)
    for _ in range(4):
        service.follow(ANONYMOUS, sent.number, "an@vidu.vn")
    with pytest.raises(TooMany):
        service.follow(ANONYMOUS, sent.number, "an@vidu.vn")
    small.clock.advance(hours=1, minutes=1)
    made = service.follow(ANONYMOUS, sent.number, "an@vidu.vn")
    assert made.confirm is not None
    small.clock.advance(minutes=11)
    with pytest.raises(Invalid):
        service.check_code(ANONYMOUS, made.confirm, outbox.code())


def test_a_follower_hears_once_confirmed(small: Small, outbox: Outbox) -> None:
    sent = small.send()
    made = service.follow(ANONYMOUS, sent.number, "binh@vidu.vn", language="en")
    assert made.confirm is not None
    service.check_code(ANONYMOUS, made.confirm, outbox.code())
    act(small, sent, "one.light", "accept")
    jobs.drain()
    last = outbox.messages[-1]
    assert last.to == "binh@vidu.vn"
    assert "took the report" in last.text
    assert service.report(sent.number).followers == 1


def test_a_lamp_learns_that_it_was_reported_and_mended(small: Small) -> None:
    lamp = f"urn:ngsi-ld:Streetlight:test-{uuid4()}"
    things.upsert(
        SYSTEM,
        [{"id": lamp, "type": "Streetlight", "location": geo(*HERE), "unit": rel(f"urn:ngsi-ld:Unit:{small.ward}"),
          "status": prop("defectiveLamp")}],
    )  # fmt: skip
    sent = small.send(thing=lamp)
    assert sent.unit == small.ward
    assert service.report(sent.number).rule == "keeper"
    jobs.drain()
    assert sent.number in things.get(SYSTEM, lamp)["lastReport"]["value"]
    act(small, sent, "one.cuanam", "resolve", dict(DONE), proof=9)
    jobs.drain()
    assert things.get(SYSTEM, lamp)["status"]["value"] == "ok"


def test_two_officers_at_once(small: Small) -> None:
    sent = small.send()
    act(small, sent, "one.light", "accept")
    with pytest.raises(Conflict, match="One.Light"):
        cases.act(small.people["two.light"], sent.case, "accept", {}, version=1)


def test_a_stranger_cannot_act(small: Small) -> None:
    sent = small.send()
    for name in ("one.hoankiem", "one.cuanam", "leader"):
        with pytest.raises(Denied):
            cases.act(small.people[name], sent.case, "accept", {}, version=1)
    with pytest.raises(NotSignedIn):
        cases.act(ANONYMOUS, sent.case, "accept", {}, version=1)
    assert isinstance(small.people["leader"], Actor)


ALL_TO_DRAINS = (
    b'<rule id="all">' + b"<inputEntry><text>-</text></inputEntry>" * 5
    + b'<outputEntry><text>"office:drainage"</text></outputEntry></rule>'
)  # fmt: skip


def test_a_changed_table_shows_its_effect_first(small: Small) -> None:
    small.send()
    small.send("Chó thả rông đầu ngõ", "animal")
    present = routing.SOURCE.read_bytes()
    drains = re.sub(rb"<rule id=.*</rule>", ALL_TO_DRAINS, present, flags=re.S)
    moved = service.dry_run(small.people["admin"], drains)
    assert {(item.before, item.after, item.count) for item in moved} == {
        (small.lighting, small.drainage, 1), (small.ward, small.drainage, 1)
    }  # fmt: skip
    assert service.dry_run(small.people["admin"], present) == []
    with pytest.raises(Denied):
        service.dry_run(small.people["leader"], present)
    with pytest.raises(Invalid, match="not a decision model"):
        service.dry_run(small.people["admin"], b"<x/>")
    with pytest.raises(Invalid, match="Responsible unit"):
        service.dry_run(small.people["admin"], present.replace(b'"Responsible unit"', b'"Somebody"'))


def test_a_report_tells_which_rule_sent_it_where(small: Small) -> None:
    sent = small.send()
    (why,) = cases.decisions.why(sent.case)
    assert why.version == 1 and why.url.startswith("/desk/decisions/requests.routing/")
    assert "quy tắc" in why.sentences[-1] or "rule" in why.sentences[-1]
    entry = cases.case(small.people["admin"], sent.number).case.ledger_entry
    facts = ledger.entry(entry).facts["decisions"][0]
    assert facts["rules"] == ["office-lighting"] and facts["value"] == "office:lighting" and len(facts["digest"]) == 64


def test_what_is_near_and_what_can_be_reported(small: Small) -> None:
    sent = small.send("Hố sâu giữa đường, rất nguy hiểm", "pothole")
    (found,) = service.nearby(*HERE, 500, 5)
    assert found["url"] == f"/reports/{sent.number}/"
    assert found["state"] == "notice"
    assert list(service.nearby(*THERE, 500, 5)) == []
    (first, *_) = service.find_category(ANONYMOUS, "den duong hong", 3)
    assert first["url"] == "/report/?category=streetlight"
    assert list(service.find_category(ANONYMOUS, "xin chào", 3)) == []
