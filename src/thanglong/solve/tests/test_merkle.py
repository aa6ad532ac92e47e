import hashlib

from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree
from pymerkle.proof import verify_inclusion as their_verify

from thanglong.solve import merkle

LEAVES = [merkle.leaf_hash(str(n).encode()) for n in range(700)]


def slow_root(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, word by word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + slow_root(leaves[:k]) + slow_root(leaves[k:])).digest()


def slow_path(m: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m < k:
        return [*slow_path(m, leaves[:k]), slow_root(leaves[k:])]
    return [*slow_path(m - k, leaves[k:]), slow_root(leaves[:k])]


def slow_consistency(m: int, leaves: list[bytes], whole: bool = True) -> list[bytes]:
    n = len(leaves)
    if m == n:
        return [] if whole else [slow_root(leaves)]
    k = 1
    while k * 2 < n:
        k *= 2
    if m <= k:
        return [*slow_consistency(m, leaves[:k], whole), slow_root(leaves[k:])]
    return [*slow_consistency(m - k, leaves[k:], False), slow_root(leaves[:k])]


def block(level: int, index: int) -> bytes:
    return slow_root(LEAVES[index << level : (index + 1) << level])


@given(st.integers(0, 700))
def test_root_is_that_of_the_standard(size: int) -> None:
    assert merkle.root(LEAVES[:size]) == slow_root(LEAVES[:size])


@given(st.integers(1, 700), st.data())
def test_inclusion_proofs(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    path = merkle.inclusion(index, size, block)
    root = slow_root(LEAVES[:size])
    assert path == slow_path(index, LEAVES[:size])
    assert merkle.verify_inclusion(LEAVES[index], index, size, path, root)
    # anything else is refused
    other = data.draw(st.integers(0, size - 1))
    if other != index:
        assert not merkle.verify_inclusion(LEAVES[other], index, size, path, root)
        assert not merkle.verify_inclusion(LEAVES[index], other, size, path, root)
    assert not merkle.verify_inclusion(LEAVES[index], index, size, [*path, root], root)
    assert not merkle.verify_inclusion(LEAVES[index], size, size, path, root)
    if path:
        assert not merkle.verify_inclusion(LEAVES[index], index, size, path[:-1], root)
        assert not merkle.verify_inclusion(LEAVES[index], index, size, [merkle.EMPTY, *path[1:]], root)


@given(st.integers(0, 700), st.integers(0, 700))
def test_consistency_proofs(one: int, other: int) -> None:
    old, new = sorted((one, other))
    old_root, new_root = slow_root(LEAVES[:old]), slow_root(LEAVES[:new])
    proof = merkle.consistency(old, new, block)
    if 0 < old < new:
        assert proof == slow_consistency(old, LEAVES[:new])
        assert not merkle.verify_consistency(old, new, new_root, old_root, proof)
        assert not merkle.verify_consistency(old, new, old_root, new_root, proof[:-1])
        assert not merkle.verify_consistency(old, new, old_root, new_root, [*proof, old_root])
    assert merkle.verify_consistency(old, new, old_root, new_root, proof)


@given(st.integers(1, 300), st.data())
def test_an_independent_implementation_agrees(size: int, data: st.DataObject) -> None:
    tree = InmemoryTree(algorithm="sha256")
    for n in range(size):
        tree.append_entry(str(n).encode())
    assert tree.get_root() == merkle.root(LEAVES[:size])
    index = data.draw(st.integers(1, size))
    proof = tree.prove_inclusion(index, size)
    their_verify(LEAVES[index - 1], tree.get_root(), proof)
    ours = merkle.inclusion(index - 1, size, block)
    assert [bytes.fromhex(item) for item in proof.serialize()["path"]][1:] == ours


@given(st.integers(0, 600), st.integers(0, 100))
def test_a_range_goes_on_where_it_was_left(size: int, more: int) -> None:
    edge = merkle.Range(size, [block(level, index) for level, index in merkle.cover(0, size)])
    heard: dict[tuple[int, int], bytes] = {}
    for leaf in LEAVES[size : size + more]:
        edge.append(leaf, lambda level, index, digest: heard.update({(level, index): digest}))
    assert edge.root() == slow_root(LEAVES[: size + more])
    assert all(block(level, index) == digest for (level, index), digest in heard.items())


@given(st.integers(0, 600), st.lists(st.integers(0, 40), max_size=4))
def test_many_leaves_at_once_make_the_range_that_one_by_one_make(size: int, steps: list[int]) -> None:
    start = [block(level, index) for level, index in merkle.cover(0, size)]
    one, many = merkle.Range(size, start), merkle.Range(size, start)
    single: dict[tuple[int, int], bytes] = {}
    together: dict[tuple[int, int], bytes] = {}
    for step in steps:
        leaves = LEAVES[one.size : one.size + step]
        for leaf in leaves:
            one.append(leaf, lambda level, index, digest: single.update({(level, index): digest}))
        many.extend(
            leaves,
            lambda level, first, row: together.update({(level, first + at): item for at, item in enumerate(row)}),
        )
    assert (many.size, many.blocks) == (one.size, one.blocks)
    assert together == single
