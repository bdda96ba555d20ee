"""What the root servers of the lab answer: every one of their addresses is the provider's name server.

All of them, for a resolver that is lied to by one server asks the others: those that are silent would cost it minutes.
"""

from io import StringIO

import dns.dnssec
import dns.zone
from cryptography.hazmat.primitives.asymmetric import ec

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
DAY = 86400


def write_root(names: dict[str, str]) -> str:
    """A zone file of the root that nobody has signed, what an attacker on the way could pretend: names to addresses."""
    lines = ["$TTL 300", ". SOA a.root-servers.net. nobody. 1 3600 600 86400 300"]
    for letter, (address4, address6) in ROOT_SERVERS.items():
        name = f"{letter}.root-servers.net."
        lines += [f". NS {name}", f"{name} A {address4}", f"{name} AAAA {address6}"]
    return "\n".join([*lines, *(f"{name}. A {address}" for name, address in names.items()), ""])


def sign_root(text: str, now: float) -> tuple[str, str]:
    """Signs a root zone with a new key, for a day from an hour before `now`; returns it and the DNSKEY to trust."""
    zone = dns.zone.from_text(text, origin=".", relativize=False)
    private = ec.generate_private_key(ec.SECP256R1())
    key = dns.dnssec.make_dnskey(private.public_key(), dns.dnssec.Algorithm.ECDSAP256SHA256, flags=257)
    begin = now - 3600
    with zone.writer() as change:
        dns.dnssec.sign_zone(
            zone, change, keys=[(private, key)], dnskey_ttl=300, inception=begin, expiration=begin + DAY
        )
    signed = StringIO()
    zone.to_file(signed, relativize=False)
    return signed.getvalue(), f". 300 IN DNSKEY {key.to_text()}\n"
