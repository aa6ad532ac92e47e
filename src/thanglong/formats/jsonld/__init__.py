"""JSON-LD 1.1 contexts (W3C JSON-LD 1.1 Processing Algorithms and API): compiled once into a frozen map of terms, which
then expands and compacts names at the price of a dictionary. For the NGSI-LD interface; pure functions."""

from thanglong.formats.jsonld.compiling import ContextError, Loader, compiled
from thanglong.formats.jsonld.context import EMPTY, Context, Term

__all__ = ["EMPTY", "Context", "ContextError", "Loader", "Term", "compiled"]
