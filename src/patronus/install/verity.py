"""Checks a root partition against its root hash as dm-verity does, without the kernel.

Source: Documentation/admin-guide/device-mapper/verity.rst and cryptsetup's on-disk format: a superblock, then the hash
tree from its top block down, each level padded to whole blocks.
"""

import hashlib
import struct
from collections.abc import Iterable
from typing import NamedTuple

BLOCK = 4096
_SUPERBLOCK = struct.Struct("<8sII16s32sIIQH6x256s")
_DIGEST = 32


class Superblock(NamedTuple):
    """What the first block of a verity partition says; sizes in blocks of 4096 bytes."""

    data_blocks: int
    salt: bytes

    @property
    def tree_blocks(self) -> int:
        """How many blocks the hash tree takes after the superblock's own."""
        total, level = 0, self.data_blocks
        while level > 1:
            level = -(-level // (BLOCK // _DIGEST))
            total += level
        return max(total, 1)


def read_superblock(data: bytes) -> Superblock:
    """The superblock from the partition's first bytes. Raises ValueError for any format but the one images have."""
    magic, version, kind, _, algorithm, data_block, hash_block, blocks, salt_size, salt = _SUPERBLOCK.unpack_from(data)
    if (magic, version, kind, algorithm.rstrip(b"\0")) != (b"verity\0\0", 1, 1, b"sha256") or salt_size > 256:
        raise ValueError("this is no verity partition of version 1 with SHA-256")
    if (data_block, hash_block) != (BLOCK, BLOCK):
        raise ValueError(f"blocks of {data_block} and {hash_block} bytes, not {BLOCK}")
    return Superblock(blocks, salt[:salt_size])


class RootHasher:
    """Takes the data partition block by block and builds its hash tree."""

    def __init__(self, superblock: Superblock) -> None:
        self._superblock = superblock
        self._salted = hashlib.sha256(superblock.salt)
        self._digests: list[bytes] = []

    def update(self, data: memoryview | bytes) -> None:
        """The next bytes of the data partition, whole blocks."""
        digests, salted = self._digests, self._salted
        for at in range(0, len(data), BLOCK):
            hasher = salted.copy()
            hasher.update(data[at : at + BLOCK])
            digests.append(hasher.digest())

    def finish(self) -> tuple[str, bytes]:
        """The root hash in hex, and the hash tree as it must stand on the verity partition."""
        if len(self._digests) != self._superblock.data_blocks:
            raise ValueError(f"{len(self._digests)} blocks of data, {self._superblock.data_blocks} expected")
        levels: list[bytes] = []
        digests = self._digests
        while len(digests) > 1 or not levels:
            level = _pack(digests)
            levels.insert(0, level)
            digests = [self._hash(level[at : at + BLOCK]) for at in range(0, len(level), BLOCK)]
        return digests[0].hex(), b"".join(levels)

    def _hash(self, block: bytes) -> bytes:
        hasher = self._salted.copy()
        hasher.update(block)
        return hasher.digest()


def _pack(digests: Iterable[bytes]) -> bytes:
    joined = b"".join(digests)
    return joined + bytes(-len(joined) % BLOCK)
