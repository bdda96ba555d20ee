"""Login names the image has already: /etc/passwd and /etc/group are read before the document's accounts."""

from __future__ import annotations

import re

_LIST = """
adm audio avahi backup bin bird bluetooth cdrom chrony clamav clock crontab daemon dhcpcd dhcpd dialout dip disk
dnsmasq fax floppy freerad frr frrvty games geoclue haproxy ifdn input irc kea kmem kvm list lldpd lp mail man
messagebus miniupnpd mysql named netdev news nft nm-openvpn nobody nogroup nsd nslcd nut ntp ntpsec openvpn operator
patronus pipewire plugdev polkitd postfix postgres proxy quagga radvd redis render root rpc rtkit sasl sgx shadow snmp
squid src ssh sshd ssl-cert staff statd stats strongswan sudo suricata sync sys syslog tape tayga tcpdump tinyproxy tss
tty unbound users utempter utmp uucp uuidd video voice wheel wireshark www-data
"""
_NAMES = frozenset(_LIST.split())
_FAMILIES = re.compile(r"(?:systemd|patronus|debian)-.*")


def is_reserved(name: str) -> bool:
    """Tell whether a user or group of the image may have this name."""
    return name in _NAMES or _FAMILIES.fullmatch(name) is not None
