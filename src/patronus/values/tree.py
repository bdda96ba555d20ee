"""What a document renders to: the tree itself, and what its signers say of it."""

from __future__ import annotations

from typing import NamedTuple

from patronus.values.manifest import Manifest


class Tree(NamedTuple):
    """A rendered generation. `contents` maps tree paths of regular files to their bytes."""

    manifest: Manifest
    contents: dict[str, bytes]

    @property
    def tree_id(self) -> str:
        """Name of the tree's folder."""
        return self.manifest.tree_id


class Rendered(NamedTuple):
    """What the signer's program, `engine`, made of the document: a tree whose manifest has this digest."""

    engine: str
    tree: str

    def contradicts(self, engine: str, tree: str) -> bool:
        """Whether the same program made another tree of the document where it was signed."""
        return self.engine == engine and self.tree != tree
