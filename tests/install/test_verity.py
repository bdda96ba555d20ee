"""The check of what was written, against trees computed here by hand for small data."""

import hashlib
import struct

import pytest

from patronus.install.verity import BLOCK, RootHasher, read_superblock

SALT = bytes(range(32))


def superblock(blocks: int, *, magic: bytes = b"verity\0\0", algorithm: bytes = b"sha256", block: int = BLOCK) -> bytes:
    """A verity superblock as cryptsetup's documentation lays it out."""
    head = struct.pack("<8sII16s32sIIQH6x", magic, 1, 1, bytes(16), algorithm, block, BLOCK, blocks, len(SALT))
    return (head + SALT).ljust(BLOCK, b"\0")


def salted(data: bytes) -> bytes:
    return hashlib.sha256(SALT + data).digest()


def hash_all(data: bytes) -> tuple[str, bytes]:
    hasher = RootHasher(read_superblock(superblock(len(data) // BLOCK)))
    for at in range(0, len(data), 3 * BLOCK):
        hasher.update(data[at : at + 3 * BLOCK])
    return hasher.finish()


def test_the_root_hash_of_two_levels_is_the_hash_of_hashes() -> None:
    blocks = [bytes([number % 251]) * BLOCK for number in range(130)]
    low = b"".join(map(salted, blocks))
    low += bytes(-len(low) % BLOCK)
    top = b"".join(salted(low[at : at + BLOCK]) for at in range(0, len(low), BLOCK)).ljust(BLOCK, b"\0")

    root_hash, tree = hash_all(b"".join(blocks))

    assert root_hash == salted(top).hex()
    assert tree == top + low
    assert read_superblock(superblock(130)).tree_blocks * BLOCK == len(tree)


def test_one_flipped_bit_changes_the_root_hash() -> None:
    data = bytearray(40 * BLOCK)
    before, _ = hash_all(bytes(data))
    data[17 * BLOCK + 5] ^= 1
    assert hash_all(bytes(data))[0] != before


def test_data_that_ends_early_is_noticed() -> None:
    hasher = RootHasher(read_superblock(superblock(3)))
    hasher.update(bytes(2 * BLOCK))
    with pytest.raises(ValueError, match="2 blocks of data, 3 expected"):
        hasher.finish()


@pytest.mark.parametrize(
    "data",
    [superblock(1, magic=b"luks\0\0\0\0"), superblock(1, algorithm=b"sha1"), superblock(1, block=512)],
)
def test_other_formats_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"no verity partition|blocks of"):
        read_superblock(data)
