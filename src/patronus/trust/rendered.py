"""A bundle says what its document renders to: a box that has kept that tree need not render it again.

`rendered.json` holds two digests, sha256 in lower-case hex: of the program that rendered (`engine`), and of the tree's
own manifest (`tree`). It is signed with everything else, so that a kept tree needs nobody else to vouch for it.
"""

import re
from collections.abc import Mapping

from patronus.trust import strictjson
from patronus.trust.fields import Fields
from patronus.trust.names import RENDERED
from patronus.trust.refusal import Reason, Refused
from patronus.values.problem import Problem
from patronus.values.tree import Rendered

FALSE_RENDERING = Problem(
    "",
    "the bundle says that its document renders to something else than the same program makes of it here",
    "do not trust it: compare `patronus plan` where it was signed with the one here, then sign the document anew",
)
_SHA256 = re.compile(r"[0-9a-f]{64}")


def encode_rendered(rendered: Rendered) -> bytes:
    """The member's only spelling."""
    return strictjson.encode(rendered._asdict())


def carried_rendering(members: Mapping[str, bytes]) -> Rendered | None:
    """What a bundle says its document renders to. Raises Refused when that cannot be read."""
    if RENDERED not in members:
        return None
    wrong: list[str] = []
    try:
        fields = Fields(strictjson.decode(members[RENDERED], wrong), "", wrong)
    except ValueError as error:
        raise Refused([_problem(str(error))]) from None
    rendered = Rendered(*(fields.text(name, _SHA256, "64 hex digits") for name in Rendered._fields))
    fields.finish()
    if wrong:
        raise Refused([_problem(what) for what in wrong])
    return rendered


def _problem(what: str) -> Reason:
    return Reason("bad_member", f"The member {RENDERED} is wrong: {what}.", "Make the bundle with 'patronus sign'.")
