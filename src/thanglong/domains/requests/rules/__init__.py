"""Pure decisions about reports: the catalogue of categories, guessing, routing, what may be published, photos."""

from thanglong.domains.requests.rules.catalogue import CATEGORIES, FAMILIES, category
from thanglong.domains.requests.rules.guess import read
from thanglong.domains.requests.rules.publish import coarse_place, mask
from thanglong.domains.requests.rules.routing import settle

__all__ = ["CATEGORIES", "FAMILIES", "category", "coarse_place", "mask", "read", "settle"]
