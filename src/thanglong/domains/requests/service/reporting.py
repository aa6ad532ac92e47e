"""Sending a report: understood, placed, routed, and opened as a case exactly once per key."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np

from thanglong.core.cases import service as cases
from thanglong.core.cases.types import Place
from thanglong.core.places import service as places
from thanglong.domains.requests.repository import codes, reports
from thanglong.domains.requests.repository import photos as photo_rows
from thanglong.domains.requests.rules import CATEGORIES, category, mask, read
from thanglong.domains.requests.rules.publish import subject
from thanglong.domains.requests.service import pacing, words
from thanglong.domains.requests.service.confirming import contact_of, request_code
from thanglong.domains.requests.service.routing import decide
from thanglong.domains.requests.types import (
    CASE_TYPE,
    MAX_PHOTOS,
    MAX_TEXT,
    Candidate,
    Category,
    NewReport,
    Question,
    Report,
    Sent,
)
from thanglong.kit import clock
from thanglong.kit.errors import N_, Fault, Invalid, TooMany, Unavailable
from thanglong.kit.ports import Actor
from thanglong.solve import matching

_REACH = 1.5  # candidates lie within this many radii


def duplicates(
    lon: float | None, lat: float | None, key: str, text: str, photos: Sequence[UUID] = (), thing: str = ""
) -> list[Candidate]:
    """The best three reports that may be the same matter, open or fresh, likeliest first, with their photos."""
    kind = category(key)
    if kind is None or lon is None or lat is None:
        return []
    since = clock.now() - timedelta(days=kind.days)
    # several categories of one family look alike to a passer-by
    family = [item.key for item in CATEGORIES if item.family is kind.family]
    found = reports.near(family, matching.box(lon, lat, _REACH * kind.radius), since)
    if not found:
        return []
    distances = matching.metres(lon, lat, [item.lon or 0.0 for item in found], [item.lat or 0.0 for item in found])
    texts = np.array([_alike(text, kind.key, item) for item in found])
    same = np.array([bool(thing) and item.thing == thing for item in found])
    scores = matching.score(distances, kind.radius, texts, _photo_bits(photos, found), same)
    chosen = matching.best(scores)
    shown = {item.case: item for item in (reports.one(case=found[index].case) for index in chosen) if item}
    return [
        Candidate(shown[found[index].case], float(distances[index]), float(scores[index]))
        for index in chosen
        if found[index].case in shown
    ]


def _alike(text: str, key: str, other: Report) -> float:
    value = matching.similarity(text, other.text)
    return value if other.category == key else value - 0.35


def _photo_bits(photos: Sequence[UUID], found: Sequence[Report]) -> matching.Floats | None:
    mine = [photo.hash for photo in photo_rows.by_ids(photos)]
    if not mine:
        return None
    theirs = photo_rows.hashes([item.case for item in found])
    bits = [
        min((int(matching.bits_apart(one, theirs[item.case]).min()) for one in mine), default=64)
        if theirs.get(item.case)
        else np.nan
        for item in found
    ]
    return np.array(bits, dtype=np.float64)


def _answer_fault(question: Question, values: Sequence[str]) -> str | None:
    if not values:
        return N_("Please answer this question.") if question.required else None
    known = {key for key, _ in question.values}
    if known and not set(values) <= known:
        return N_("Please choose one of the given answers.")
    if question.datatype != "multivaluelist" and len(values) > 1:
        return N_("Please give one answer only.")
    if question.datatype == "number":
        try:
            np.float64(values[0].replace(",", "."))
        except ValueError:
            return N_("Please give a number.")
    if question.datatype == "datetime":
        try:
            datetime.fromisoformat(values[0])
        except ValueError:
            return N_("Please give a date.")
    return N_("Please write at most 500 characters.") if any(len(value) > 500 for value in values) else None


def read_answers(kind: Category, raw: Mapping[str, Any]) -> tuple[dict[str, Any], list[Fault]]:
    """The typed answers to a category's questions (single values or lists), and what is wrong with them."""
    answers: dict[str, Any] = {}
    faults: list[Fault] = []
    codes = {question.code for question in kind.questions}
    for question in kind.questions:
        given = raw.get(question.code)
        values = [str(item).strip() for item in (given if isinstance(given, list | tuple) else [given]) if item]
        values = [value for value in values if value]
        fault = _answer_fault(question, values)
        if fault:
            faults.append(Fault(f"q_{question.code}", fault))
        elif values:
            answers[question.code] = values if question.datatype == "multivaluelist" else values[0]
    faults += [
        Fault(f"q_{code}", N_("There is no such question here.")) for code in raw if code not in codes and raw[code]
    ]
    return answers, faults


def told(kind: Category, raw: Mapping[str, Any]) -> list[list[str]]:
    """Questions and answers as the desk shows them: pairs of texts (message ids where the catalogue has them)."""
    answers, _ = read_answers(kind, raw)
    pairs = []
    for question in kind.questions:
        if question.code in answers:
            given = answers[question.code]
            titles = dict(question.values)
            values = given if isinstance(given, list) else [given]
            pairs.append([question.text, ", ".join(titles.get(str(value), str(value)) for value in values)])
    return pairs


def faults_of(new: NewReport) -> list[Fault]:
    """Everything wrong with a report, the place and the questions included."""
    faults = []
    text = new.text.strip()
    if len(text) < 5:
        faults.append(Fault("text", N_("Please say in a few words what is wrong.")))
    if len(text) > MAX_TEXT:
        faults.append(Fault("text", N_("Please write at most 4,000 characters.")))
    kind = category(new.category)
    if kind is None:
        faults.append(Fault("category", N_("Please choose what it is about.")))
    else:
        faults += read_answers(kind, new.answers)[1]
    faults += _place_faults(new)
    if len(new.photos) > MAX_PHOTOS:
        faults.append(Fault("photo", N_("Please send at most 8 photos.")))
    elif len(photo_rows.known(new.photos)) != len(set(new.photos)):
        faults.append(Fault("photo", N_("A photo did not arrive. Please add it again.")))
    return faults


def _place_faults(new: NewReport) -> list[Fault]:
    if new.lon is None or new.lat is None:
        if len(new.address.strip()) >= 3:
            return []
        return [Fault("address", N_("Please say where it is: an address, or a point on the map."))]
    if not (-180 <= new.lon <= 180 and -90 <= new.lat <= 90) or places.unit_at(new.lon, new.lat) is None:
        return [Fault("address", N_("This point lies outside the city. Please move the pin, or give the address."))]
    return []


def send(actor: Actor, new: NewReport, *, key: str | None, language: str = "vi", client: str = "") -> Sent:
    """Open a report. Everybody may; the same ``key`` again gives the first answer. Raises Invalid with all faults;
    TooMany when ``client`` (the sender's address) sent too many.

    A contact gets a code to confirm it; that the code cannot be sent never stops the report.
    """
    faults = faults_of(new)
    contact = None
    try:
        contact = contact_of(new.contact, language, new.name, actor.id if actor.kind in ("person", "citizen") else None)
    except Invalid as error:
        faults += error.faults
    if faults:
        raise Invalid(faults)
    kind = category(new.category)
    assert kind is not None
    text = new.text.strip()
    reading = read(text)
    route, said = decide(kind.key, new.lon, new.lat, new.address, bool(reading.urgent), new.thing)
    data = {
        "category": kind.key, "text": text, "public_text": mask(text), "urgent": bool(reading.urgent),
        "urgent_words": list(reading.urgent), "said": told(kind, new.answers),
        "answers": read_answers(kind, new.answers)[0], "thing": new.thing[:200],
        "rule": route.rule, "channel": new.channel[:20], "hide_name": new.hide_name, "media_url": new.media_url[:500],
    }  # fmt: skip
    mark = pacing.mark_of(actor, client)
    pacing.check(mark)
    begun = clock.now()
    line = subject(text, words.said(kind.title), new.address)
    place = Place(new.lon, new.lat, new.address.strip()[:300])
    case = cases.open_case(
        actor, CASE_TYPE, data, key=key, unit=route.unit, subject=line, place=place, contact=contact,
        documents=list(dict.fromkeys(new.photos)), at=begun, decisions=[said],
    )  # fmt: skip
    again = case.opened_at != begun or codes.any_for(case.id)
    if not again:
        pacing.count(mark)
    confirm = None
    if contact is not None and (contact.email or contact.phone) and not again and new.channel != "open311":
        try:
            confirm = request_code(case.id, "reporter", contact, client=client)
        except (TooMany, Unavailable):
            confirm = None
    return Sent(case.id, case.number, case.secret, case.unit, case.due_at, again, confirm)
