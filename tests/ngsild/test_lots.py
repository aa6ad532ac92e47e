"""Large bodies of batches are read lot by lot, and are judged as a whole before anything of them is written."""

import asyncio
from concurrent.futures import Future, ThreadPoolExecutor

import orjson
import pytest

from thanglong.surfaces.ngsild.answers import Problem
from thanglong.surfaces.ngsild.lots import LARGE, LOT, lots
from thanglong.surfaces.waking import finished

ITEMS = [{"id": f"urn:t:{n}", "text": "x" * 600, "n": n} for n in range(2 * LOT + 1)]


def test_a_large_list_comes_whole_and_in_order() -> None:
    raw = orjson.dumps(ITEMS)
    assert len(raw) > 500_000
    padded = raw + b" " * LARGE
    for text in (raw, padded):
        found = list(lots(text))
        assert [len(lot) for lot in found] == [LOT, LOT, 1]
        assert [item for lot in found for item in lot] == ITEMS


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (orjson.dumps(ITEMS)[:-1], "not JSON"),
        (orjson.dumps(ITEMS)[:-1] + b',{"id":"\xff"}]', "not JSON"),
        (orjson.dumps([*ITEMS, None]), "null is no entity"),
        (orjson.dumps({"id": "urn:t:1"}), "send a list"),
        (b"[]", "send a list"),
    ],
)
@pytest.mark.parametrize("padding", [0, LARGE])
def test_what_is_wrong_is_told_before_the_first_lot(text: bytes, says: str, padding: int) -> None:
    with pytest.raises(Problem, match=says) as caught:
        lots(text + b" " * padding)
    assert caught.value.status == 400


def test_a_loop_hears_of_every_future_of_a_thread() -> None:
    async def main() -> list[object]:
        futures: list[Future[int]] = [Future() for _ in range(50)]

        def work() -> None:
            for n, future in enumerate(futures):
                if n == 7:
                    future.set_exception(ValueError("seven"))
                else:
                    future.set_result(n)

        with ThreadPoolExecutor(1) as crew:
            waiting = [asyncio.ensure_future(finished(future)) for future in futures]
            gone = asyncio.ensure_future(finished(Future()))
            await asyncio.sleep(0)
            gone.cancel()
            crew.submit(work)
            return list(await asyncio.gather(*waiting, return_exceptions=True))

    found = asyncio.run(main())
    assert isinstance(found[7], ValueError)
    assert [item for n, item in enumerate(found) if n != 7] == [n for n in range(50) if n != 7]
