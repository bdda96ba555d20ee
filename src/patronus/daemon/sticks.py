"""Fetches bundles from a stick. Nothing is read of one but its bytes: what it says counts after it is verified."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from patronus.daemon.caller import Caller
from patronus.daemon.lock import change_lock
from patronus.host import stick
from patronus.host.files import read_plain
from patronus.host.layout import Layout
from patronus.ops import messages as m
from patronus.ops import observations as o
from patronus.trust.format import MAX_BUNDLE
from patronus.values.problem import Problem, Refused

_PATTERN = "*.bundle"


@contextmanager
def plugged_in(layout: Layout) -> Iterator[Path]:
    """The folder of the stick; nobody else mounts or unmounts it meanwhile. Raises Refused, Busy."""
    with change_lock(layout), stick.plugged_in(layout) as folder:
        yield folder


def list_bundles(layout: Layout, _request: m.Nothing, _caller: Caller) -> o.StickFiles:
    """List the bundles on the stick."""
    with plugged_in(layout) as folder:
        found = stick.list_files(folder, _PATTERN)
    # A name that is no UTF-8 cannot travel, nor be typed.
    files = [o.StickFile(name=name, size=size) for name, size in found.items() if name.isprintable()]
    if not files:
        raise Refused([Problem("", "the stick holds no *.bundle file", "copy one onto it: patronus sign makes it")])
    return o.StickFiles(files=tuple(files))


def read_bundle(layout: Layout, request: o.StickRequest, _caller: Caller) -> m.BundleRequest:
    """Return the bytes of one bundle, which is looked up among those that are listed."""
    with plugged_in(layout) as folder:
        size = stick.list_files(folder, _PATTERN).get(request.name)
        if size is None:
            raise Refused([Problem("", f"the stick holds no {request.name[:60]!r}", "see: patronus stick")])
        if size > MAX_BUNDLE:
            hint = f"a bundle has at most {MAX_BUNDLE} bytes"
            raise Refused([Problem("", f"{request.name[:60]!r} has {size} bytes", hint)])
        content = read_plain(folder / request.name, MAX_BUNDLE)
    return m.BundleRequest(bundle=base64.b64encode(content).decode())


HANDLERS: dict[str, Callable[[Layout, Any, Caller], m.Message]] = {
    "StickBundles": list_bundles,
    "StickBundle": read_bundle,
}
