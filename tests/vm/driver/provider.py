"""The WAN side: an internet provider in one namespace.

It has DHCPv4, router advertisements and DHCPv6 with prefix delegation; behind it is an internet of a few addresses with
an authoritative name server.

The addresses look public on purpose: a router that blocks private and bogon sources on WAN must still take them. They
never leave the namespace.
"""

import json
from ipaddress import IPv6Address, IPv6Network
from pathlib import Path

from tests.vm.driver.peer import CABLE, Peer
from tests.vm.driver.rootzone import ROOT_ADDRESSES
from tests.vm.driver.waiting import wait_for

GATEWAY4 = "45.67.89.1"
NETWORK4 = "45.67.89.0/24"
POOL4 = "45.67.89.100 - 45.67.89.150"
NAME_SERVER4 = "45.67.89.53"
GATEWAY6 = "2600:aaaa:0:1::1"
NETWORK6 = "2600:aaaa:0:1::/64"
POOL6 = "2600:aaaa:0:1::1000 - 2600:aaaa:0:1::1fff"
NAME_SERVER6 = "2600:aaaa:0:1::53"
# The pool has room for exactly one delegation, so that the provider's route to it can be set up beforehand.
DELEGATED = "2600:aaaa:100::/56"
# A server far out on the internet, beyond the provider's own network.
INTERNET4 = "50.60.70.80"
INTERNET6 = "2600:bbbb::80"
# The server's name and addresses as the test authority knows them.
ZONE = "patronus-lab.net"
SERVER_NAME = f"www.{ZONE}"

LEASE_SECONDS = 600

RADVD = f"""interface {CABLE} {{
  AdvSendAdvert on;
  AdvManagedFlag on;
  AdvOtherConfigFlag on;
  MinRtrAdvInterval 3;
  MaxRtrAdvInterval 10;
  prefix {NETWORK6} {{ AdvOnLink on; AdvAutonomous off; }};
}};
"""

NSD = """server:
{addresses}
  username: ""
  zonesdir: "{folder}"
  database: ""
  pidfile: "{folder}/nsd.pid"
  xfrdfile: "{folder}/xfrd.state"
  zonelistfile: "{folder}/zone.list"
  xfrdir: "{folder}"
  hide-version: yes
  server-count: 1
remote-control:
  control-enable: no
zone:
  name: {zone}
  zonefile: {zone}.zone
zone:
  name: "."
  zonefile: root.zone
"""

ZONE_FILE = f"""$ORIGIN {ZONE}.
$TTL 300
@    SOA ns hostmaster 1 3600 600 86400 300
@    NS  ns
ns   A    {NAME_SERVER4}
ns   AAAA {NAME_SERVER6}
www  A    {INTERNET4}
www  AAAA {INTERNET6}
six  AAAA {INTERNET6}
text TXT  "answered by the lab"
"""


class Provider(Peer):
    """A peer with all that; `start` brings it up, each service ends with the lab."""

    def start(self, root: str) -> None:
        """Sets the addresses and starts every service; `root` is the zone file that the root servers answer from."""
        for address in (f"{GATEWAY4}/24", f"{NAME_SERVER4}/24", f"{GATEWAY6}/64", f"{NAME_SERVER6}/64"):
            self.add_address(address)
        for address in (INTERNET4, INTERNET6, *ROOT_ADDRESSES):
            self.add_address(f"{address}/{128 if ':' in address else 32}", device="lo")
        with self.namespace.entered():
            Path("/proc/sys/net/ipv6/conf/all/forwarding").write_text("1")
            Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
        self._start_dhcp4()
        self._start_dhcp6()
        self.spawn("radvd", "-n", "-C", str(self._write("radvd.conf", RADVD)), "-p", str(self.folder / "radvd.pid"))
        self._start_name_server(root)

    def route_delegated_prefix(self, router_mac: str) -> None:
        """Routes the delegated prefix to the router's link-local address, as a provider does when it delegates."""
        self.add_route(DELEGATED, link_local(router_mac))

    def delegations(self) -> list[str]:
        """The prefixes that clients hold, as the DHCPv6 server's lease file has them."""
        file = self.folder / "kea6.csv"
        lines = file.read_text().splitlines() if file.exists() else []
        # address,duid,valid_lifetime,expire,subnet_id,pref_lifetime,lease_type,iaid,prefix_len,...; type 2 is a prefix
        rows = [line.split(",") for line in lines[1:]]
        return [f"{row[0]}/{row[8]}" for row in rows if row[6] == "2" and row[2] != "0"]

    def wait_for_delegation(self) -> IPv6Network:
        """The first prefix that was delegated."""
        found = wait_for(self.delegations, what="a delegated prefix")
        return IPv6Network(found[0])

    def _start_dhcp4(self) -> None:
        subnet = {
            "id": 1,
            "subnet": NETWORK4,
            "pools": [{"pool": POOL4}],
            "option-data": [
                {"name": "routers", "data": GATEWAY4},
                {"name": "domain-name-servers", "data": NAME_SERVER4},
            ],
        }
        config = {
            "interfaces-config": {"interfaces": [CABLE]},
            "lease-database": {"type": "memfile", "persist": True, "name": str(self.folder / "kea4.csv")},
            "valid-lifetime": LEASE_SECONDS,
            "subnet4": [subnet],
        }
        self._start_kea("kea-dhcp4", "Dhcp4", config)

    def _start_dhcp6(self) -> None:
        prefix, length = DELEGATED.split("/")
        subnet = {
            "id": 1,
            "subnet": NETWORK6,
            "interface": CABLE,
            "rapid-commit": True,
            "pools": [{"pool": POOL6}],
            "pd-pools": [{"prefix": prefix, "prefix-len": int(length), "delegated-len": int(length)}],
            "option-data": [{"name": "dns-servers", "data": NAME_SERVER6}],
        }
        config = {
            "interfaces-config": {"interfaces": [CABLE]},
            "lease-database": {"type": "memfile", "persist": True, "name": str(self.folder / "kea6.csv")},
            "server-id": {"type": "LL", "persist": False},
            "preferred-lifetime": LEASE_SECONDS // 2,
            "valid-lifetime": LEASE_SECONDS,
            "subnet6": [subnet],
        }
        self._start_kea("kea-dhcp6", "Dhcp6", config)

    def _start_kea(self, program: str, section: str, config: dict[str, object]) -> None:
        log = [{"name": program, "severity": "INFO", "output-options": [{"output": "stdout"}]}]
        file = self._write(f"{program}.json", json.dumps({section: {**config, "loggers": log}}, indent=1))
        folders = (
            "KEA_PIDFILE_DIR",
            "KEA_LOCKFILE_DIR",
            "KEA_DHCP_DATA_DIR",
            "KEA_LOG_FILE_DIR",
            "KEA_CONTROL_SOCKET_DIR",
        )
        environment = {name: str(self.folder) for name in folders} | {"PATH": "/usr/sbin:/usr/bin"}
        self.spawn(program, "-c", str(file), environment=environment)

    def _start_name_server(self, root: str) -> None:
        self._write(f"{ZONE}.zone", ZONE_FILE)
        self._write("root.zone", root)
        lines = [f"  ip-address: {address}" for address in (NAME_SERVER4, NAME_SERVER6, *ROOT_ADDRESSES)]
        text = NSD.format(addresses="\n".join(lines), folder=self.folder, zone=ZONE)
        self.spawn("nsd", "-d", "-c", str(self._write("nsd.conf", text)))
        wait_for(
            lambda: self.resolve(SERVER_NAME, NAME_SERVER4, patience=3) == [INTERNET4], what="the lab's name server"
        )

    def _write(self, name: str, text: str) -> Path:
        file = self.folder / name
        file.write_text(text)
        return file


def link_local(mac: str) -> str:
    """The link-local address that a card of this MAC takes (RFC 4291, appendix A: modified EUI-64)."""
    octets = bytes.fromhex(mac.replace(":", ""))
    identifier = bytes([octets[0] ^ 2, *octets[1:3], 0xFF, 0xFE, *octets[3:]])
    return str(IPv6Address(b"\xfe\x80" + bytes(6) + identifier))
