"""Ssh -> what sshd needs. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from patronus.features.ssh.schema import Ssh
from patronus.features.templating import render_template
from patronus.values.facts import Context, ZoneFact
from patronus.values.fragments import RELOAD, Check, Claim, File, Unit
from patronus.values.plan import Opening

ORIGIN = "ssh"
CONFIG = "etc/ssh/sshd_config"


def plan(ssh: Ssh, context: Context) -> Iterable[object]:
    """Return sshd's file and unit, and an open port on every link it is reachable on."""
    if not ssh.enabled:
        return
    yield File(CONFIG, render_template("ssh", "sshd_config.j2", ssh=ssh), ORIGIN)
    # sshd starts itself anew on SIGHUP; sessions are processes of their own and go on.
    yield Unit("ssh.service", ORIGIN, (CONFIG,), RELOAD)
    yield Check(("sshd", "-t", "-f", f"{{tree}}/{CONFIG}"), ORIGIN)
    links = reachable_links(ssh, context)
    if links:
        yield Opening(links, "tcp", ssh.port, "ssh.interfaces")
    # sshd binds the port on every address; the firewall decides who gets there.
    yield Claim(f"tcp/{ssh.port}@*", "ssh.port")


def reachable_links(ssh: Ssh, context: Context) -> tuple[str, ...]:
    """Return the links named, or all those of zones that are not external, in document order."""
    if ssh.interfaces is not None:
        return ssh.interfaces
    inside = [zone.name for zone in context.all(ZoneFact) if not zone.external]
    return tuple(link.name for link in context.links_in(inside))
