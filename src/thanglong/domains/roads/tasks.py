"""Background work of the road network: order the streets of a new one before anybody asks for a way."""

from thanglong.domains.roads.types import NetworkReplaced
from thanglong.kit import bus


def on_replaced(event: NetworkReplaced) -> None:
    """Order the streets and compile what routing needs; safe to run twice."""
    from thanglong.domains.roads.service import routing

    try:
        routing.view()
    except routing.NoNetwork:
        return


bus.listen(NetworkReplaced, "roads.on_replaced", on_replaced)
