"""What the schema of one field cannot see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from patronus.features.missing import miss_interface
from patronus.features.ssh.schema import Ssh
from patronus.values.facts import Context, ZoneFact
from patronus.values.problem import WARNING, Problem, config_path


def check(ssh: Ssh, context: Context) -> Iterable[Problem]:
    """Return every problem of the section."""
    external = {zone.name for zone in context.all(ZoneFact) if zone.external}
    for index, name in enumerate(ssh.interfaces or ()):
        path = config_path("ssh", "interfaces", index)
        link = context.link(name)
        if link is None:
            yield from miss_interface(path, name, context)
        elif link.zone in external and ssh.password_authentication:
            hint = "allow only keys there: set `password_authentication: false`"
            yield Problem(path, f"passwords can be guessed from the external zone {link.zone!r}", hint, WARNING)
    for name, times in Counter(ssh.interfaces or ()).items():
        if times > 1:
            yield Problem("ssh.interfaces", f"{name!r} is listed {times} times", "list it once")
    if ssh.enabled and ssh.interfaces == ():
        hint = "set `enabled: false` to turn it off, or remove `interfaces`"
        yield Problem("ssh.interfaces", "is empty, so nobody reaches SSH", hint, WARNING)
