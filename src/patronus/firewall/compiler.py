"""Writes a ruleset as the text of one nftables transaction that replaces whatever table was there (nft(8))."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby

from patronus.firewall import base
from patronus.firewall.folding import Run, fold_rules
from patronus.firewall.handover import HEADER, TABLE
from patronus.firewall.ir import SELF, Rule, Ruleset
from patronus.firewall.matches import write_rule, write_run
from patronus.firewall.scopes import Chain, Dispatch, Pair, dispatch_rules
from patronus.firewall.sets import SetTable
from patronus.firewall.translation import write_translation


def compile_ruleset(ruleset: Ruleset) -> str:
    """Return the text for `nft -f`; the same ruleset always gives the same text."""
    sets = SetTable()
    names = [link.name for link in ruleset.links]
    inbound = dispatch_rules(ruleset.rules, names, [SELF], "input")
    across = dispatch_rules(ruleset.rules, names, names, "forward")
    outbound = dispatch_rules(ruleset.rules, [SELF], names, "output")
    chains: dict[str, list[str]] = {"refuse": base.write_reject(), **base.write_spoofing(ruleset)}
    for dispatch in (inbound, across, outbound):
        chains.update((chain.name, _write_body(chain, sets)) for chain in dispatch.chains)
    chains["essentials"] = base.write_essentials(ruleset)
    guards = base.write_source_guards(ruleset, sets)
    if guards:
        chains["source-guards"] = guards
    chains["input"] = _write_input(ruleset, inbound, bool(guards))
    chains["forward"] = _write_forward(ruleset, across, bool(guards))
    chains["output"] = _write_output(outbound)
    chains.update(write_translation(ruleset.forwards, ruleset.source_nat, sets))
    body = "\n".join([*sets.declarations, *(_write_chain(name, lines) for name, lines in chains.items())])
    return f"{HEADER}{TABLE} {{\n{body}}}\n"


def _write_chain(name: str, lines: Iterable[str]) -> str:
    return f"\tchain {name} {{\n\t\t" + "\n\t\t".join(lines) + "\n\t}\n"


def _write_body(chain: Chain, sets: SetTable) -> list[str]:
    lines: list[str] = []
    for is_jump, items in groupby(chain.body, lambda item: isinstance(item, str)):
        if is_jump:
            lines += [f"jump {name}" for name in items]
            continue
        for item in fold_rules(item for item in items if isinstance(item, Rule)):
            lines += [write_run(item, chain.name, sets)] if isinstance(item, Run) else write_rule(item, sets)
    return lines


def _write_input(ruleset: Ruleset, dispatch: Dispatch, guards: bool) -> list[str]:
    lines = [
        "type filter hook input priority filter; policy drop;",
        'iifname "lo" accept',
        *base.STATE,
        "jump essentials",
    ]
    if guards:
        lines.append("jump source-guards")
    if dispatch.pairs:
        lines.append(_write_vmap("iifname", dispatch, lambda pair: pair[:1]))
    return lines + base.write_default(ruleset)


def _write_forward(ruleset: Ruleset, dispatch: Dispatch, guards: bool) -> list[str]:
    lines = ["type filter hook forward priority filter; policy drop;", *base.STATE]
    if guards:
        lines.append("jump source-guards")
    if dispatch.pairs:
        lines.append(_write_vmap("iifname . oifname", dispatch, lambda pair: pair))
    return lines + base.write_default(ruleset)


def _write_output(dispatch: Dispatch) -> list[str]:
    """What the box sends passes, but for the owner's rules about `self`."""
    lines = ["type filter hook output priority filter; policy accept;"]
    if dispatch.pairs:
        lines += ['oifname "lo" accept', "ct state { established, related } accept"]
        lines.append(_write_vmap("oifname", dispatch, lambda pair: pair[1:]))
    return lines


def _write_vmap(fields: str, dispatch: Dispatch, key: Callable[[Pair], tuple[str, ...]]) -> str:
    """Return the rule that sends each pair of links to its chain; one line per pair, so that a diff is short."""
    elements = [
        " . ".join(f'"{link}"' for link in key(pair)) + f" : jump {chain}" for pair, chain in dispatch.pairs.items()
    ]
    return f"{fields} vmap {{\n\t\t\t" + ",\n\t\t\t".join(elements) + "\n\t\t}"
