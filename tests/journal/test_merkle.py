"""The tree against RFC 6962's own recursive definitions, and against every proof that is a little wrong."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signkit.journal.merkle import (
    EMPTY_ROOT,
    LeafNodes,
    consistency_proof,
    fold_root,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)

LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
HASHES = [leaf_hash(hashlib.sha256(bytes([number])).digest()) for number in range(80)]


def mth(hashes: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, word by word, over leaf hashes."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = split(len(hashes))
    return node_hash(mth(hashes[:k]), mth(hashes[k:]))


def path(m: int, hashes: list[bytes]) -> list[bytes]:
    """RFC 6962 section 2.1.1."""
    if len(hashes) == 1:
        return []
    k = split(len(hashes))
    if m < k:
        return [*path(m, hashes[:k]), mth(hashes[k:])]
    return [*path(m - k, hashes[k:]), mth(hashes[:k])]


def subproof(m: int, hashes: list[bytes], *, whole: bool) -> list[bytes]:
    """RFC 6962 section 2.1.2."""
    if m == len(hashes):
        return [] if whole else [mth(hashes)]
    k = split(len(hashes))
    if m <= k:
        return [*subproof(m, hashes[:k], whole=whole), mth(hashes[k:])]
    return [*subproof(m - k, hashes[k:], whole=False), mth(hashes[:k])]


def split(n: int) -> int:
    """The largest power of two below n."""
    k = 1
    while k * 2 < n:
        k *= 2
    return k


@pytest.mark.parametrize("size", range(9))
def test_published_roots(size: int) -> None:
    """The roots of the well-known eight leaves, computed both ways."""
    hashes = [leaf_hash(bytes.fromhex(leaf)) for leaf in LEAVES[:size]]
    assert fold_root(hashes).hex() == ROOTS[size]
    assert root_of(LeafNodes(hashes), size).hex() == ROOTS[size]


def test_every_inclusion_proof_up_to_eighty() -> None:
    """Each is the one of the definition, and leads to the root; for another index it does not."""
    for size in range(1, len(HASHES) + 1):
        nodes, root = LeafNodes(HASHES[:size]), mth(HASHES[:size])
        for index in range(size):
            proof = inclusion_proof(nodes, index=index, size=size)
            assert proof == path(index, HASHES[:size])
            assert verify_inclusion(HASHES[index], index=index, size=size, proof=proof, root=root)
            assert not verify_inclusion(HASHES[index], index=(index + 1) % size, size=size, proof=proof, root=root) or (
                size == 1
            )


def test_every_consistency_proof_up_to_eighty() -> None:
    """Each is the one of the definition, and joins the two roots."""
    roots = [mth(HASHES[:size]) for size in range(len(HASHES) + 1)]
    for new in range(1, len(HASHES) + 1, 3):
        nodes = LeafNodes(HASHES[:new])
        for old in range(1, new + 1):
            proof = consistency_proof(nodes, old=old, new=new)
            assert proof == subproof(old, HASHES[:new], whole=True)
            assert verify_consistency(old=old, new=new, proof=proof, old_root=roots[old], new_root=roots[new])
            wrong = roots[old - 1]
            assert not verify_consistency(old=old, new=new, proof=proof, old_root=wrong, new_root=roots[new])


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_changed_proof_verifies(data: st.DataObject) -> None:
    """A proof with one bit flipped, one hash dropped, added or swapped, or for another size, does not verify."""
    size = data.draw(st.integers(2, len(HASHES)))
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(LeafNodes(HASHES[:size]), index=index, size=size)
    place = data.draw(st.integers(0, len(proof) - 1))
    flipped = bytes([proof[place][0] ^ 1, *proof[place][1:]])
    changed = data.draw(
        st.sampled_from(
            [
                [*proof[:place], flipped, *proof[place + 1 :]],
                [*proof[:place], *proof[place + 1 :]],
                [*proof[:place], proof[place], *proof[place:]],
                [*proof, HASHES[0]],
                [*proof[:place], proof[place][:31], *proof[place + 1 :]],
            ]
        )
    )
    root = mth(HASHES[:size])
    assert not verify_inclusion(HASHES[index], index=index, size=size, proof=changed, root=root)
    assert not verify_inclusion(HASHES[index], index=size, size=size, proof=proof, root=root)
    old = data.draw(st.integers(1, size - 1))
    joined = consistency_proof(LeafNodes(HASHES[:size]), old=old, new=size)
    place = data.draw(st.integers(0, len(joined) - 1))
    for broken in ([*joined[:place], *joined[place + 1 :]], [*joined, HASHES[0]], joined[:-1], [b"x", *joined[1:]]):
        assert not verify_consistency(old=old, new=size, proof=broken, old_root=mth(HASHES[:old]), new_root=root)


def test_empty_trees() -> None:
    """From nothing everything may grow, and only with an empty proof; nothing is included in nothing."""
    root = mth(HASHES[:5])
    assert verify_consistency(old=0, new=5, proof=[], old_root=EMPTY_ROOT, new_root=root)
    assert not verify_consistency(old=0, new=5, proof=[], old_root=root, new_root=root)
    assert not verify_consistency(old=0, new=5, proof=[root], old_root=EMPTY_ROOT, new_root=root)
    assert not verify_consistency(old=5, new=4, proof=[], old_root=root, new_root=root)
    assert not verify_consistency(old=3, new=5, proof=[], old_root=root, new_root=root)
    assert verify_consistency(old=5, new=5, proof=[], old_root=root, new_root=root)
    assert not verify_inclusion(HASHES[0], index=0, size=0, proof=[], root=EMPTY_ROOT)
    for arguments in ({"index": 5, "size": 5}, {"index": -1, "size": 5}):
        with pytest.raises(ValueError, match="no such leaf"):
            inclusion_proof(LeafNodes(HASHES[:5]), **arguments)
    with pytest.raises(ValueError, match="larger"):
        consistency_proof(LeafNodes(HASHES[:5]), old=6, new=5)
