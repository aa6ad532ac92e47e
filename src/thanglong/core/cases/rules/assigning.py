"""Who should get a case: the least work first, whoever had it before when that is fair, nobody who is on leave."""

from collections.abc import Mapping, Sequence

from thanglong.core.cases.types import AssignRule, Proposal, Ranked
from thanglong.kit.errors import N_


def work(counts: Mapping[str, int], weights: Mapping[str, float]) -> float:
    """The weighted work in hand: open cases by type."""
    return sum(n * weights.get(key, 1.0) for key, n in counts.items())


def propose(rule: AssignRule, people: Sequence[Ranked]) -> Proposal:
    """The person for a case and the reason, with everybody considered in order (ties: by name)."""
    order = sorted(people, key=lambda person: (person.absent, person.work, person.name, str(person.account)))
    able = [person for person in order if not person.absent]
    if not able:
        return Proposal(None, "", N_("Nobody of the unit can take it now."), {}, order)
    best = able[0]
    if rule.sticky:
        known = next((person for person in able if person.sticky and person.work <= best.work + rule.slack), None)
        if known is not None:
            text = N_("%(name)s had to do with it before and has %(work)s in hand.")
            return Proposal(known.account, known.name, text, {"name": known.name, "work": f"{known.work:g}"}, order)
    text = N_("%(name)s has the least work in hand: %(work)s.")
    return Proposal(best.account, best.name, text, {"name": best.name, "work": f"{best.work:g}"}, order)
