"""An attacker on the way to the root servers: every one of their addresses answers, and what it answers nobody signed.

All of them, for a resolver that is lied to by one server asks the others: those that are silent would cost it minutes.
"""

# https://www.iana.org/domains/root/servers
ROOT_SERVERS = {
    "a": ("198.41.0.4", "2001:503:ba3e::2:30"),
    "b": ("170.247.170.2", "2801:1b8:10::b"),
    "c": ("192.33.4.12", "2001:500:2::c"),
    "d": ("199.7.91.13", "2001:500:2d::d"),
    "e": ("192.203.230.10", "2001:500:a8::e"),
    "f": ("192.5.5.241", "2001:500:2f::f"),
    "g": ("192.112.36.4", "2001:500:12::d0d"),
    "h": ("198.97.190.53", "2001:500:1::53"),
    "i": ("192.36.148.17", "2001:7fe::53"),
    "j": ("192.58.128.30", "2001:503:c27::2:30"),
    "k": ("193.0.14.129", "2001:7fd::1"),
    "l": ("199.7.83.42", "2001:500:9f::42"),
    "m": ("202.12.27.33", "2001:dc3::35"),
}
ROOT_ADDRESSES = [address for pair in ROOT_SERVERS.values() for address in pair]
FORGED_NAME = "www.bank.forged"


def write_forged_root(address: str) -> str:
    """The zone file of the root as the attacker tells it: a bank stands at `address`."""
    lines = ["$TTL 300", ". SOA a.root-servers.net. nobody. 1 3600 600 86400 300"]
    for letter, (address4, address6) in ROOT_SERVERS.items():
        name = f"{letter}.root-servers.net."
        lines += [f". NS {name}", f"{name} A {address4}", f"{name} AAAA {address6}"]
    return "\n".join([*lines, f"{FORGED_NAME}. A {address}", ""])
