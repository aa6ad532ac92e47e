"""Background work of the road network: order the streets of a new one before anybody asks for a way; look at reach."""

from thanglong.domains.roads.types import Closed, NetworkReplaced, Reopened
from thanglong.kit import bus


def on_replaced(event: NetworkReplaced) -> None:
    """Order the streets and compile what routing needs; safe to run twice."""
    from thanglong.domains.roads.service import routing

    try:
        routing.view()
    except routing.NoNetwork:
        return


@bus.task("roads.look_around")
def look_around() -> None:
    """Look, once an hour, at who is reached in time."""
    from thanglong.domains.roads.service import covering

    covering.look_around()


def carry_out(event: Closed | Reopened) -> None:
    """See that a street that was entered as closed or opened is; safe to run twice."""
    from thanglong.domains.roads.service import closing

    closing.carry_out(event)


bus.every(60, "roads.look_around")
bus.listen(NetworkReplaced, "roads.on_replaced", on_replaced)
bus.listen(Closed, "roads.on_closed", carry_out)
bus.listen(Reopened, "roads.on_reopened", carry_out)
