"""Which kernel settings a document may change: Documentation/admin-guide/sysctl and networking/ip-sysctl of Linux."""

from __future__ import annotations

import re

_ALLOWED = re.compile(
    r"net\..+|vm\..+"
    r"|fs\.(?:file-max|nr_open|aio-max-nr|inotify\..+|epoll\..+)"
    r"|kernel\.(?:panic|panic_on_oops|pid_max|threads-max|printk_ratelimit(?:_burst)?|hung_task_timeout_secs"
    r"|watchdog_thresh|sched_(?!schedstats).+|msgmax|msgmnb|shmmax|shmall|shmmni)"
)
"""Left out: what takes the right to administer everything (CAP_SYS_ADMIN), such as numa_balancing; the box drops it."""
_DECIDED = re.compile(
    r"net\.ipv4\.ip_forward|net\.ipv6\.conf\.all\.forwarding"
    r"|net\.ipv[46]\.conf\..+\.(?:forwarding|mc_forwarding|bc_forwarding|rp_filter|src_valid_mark|accept_ra.*|autoconf"
    r"|addr_gen_mode|use_tempaddr|disable_ipv6|proxy_arp|proxy_arp_pvlan|proxy_ndp|route_localnet|accept_local"
    r"|log_martians)"
)
_PROTECTIVE = re.compile(
    r"net\.ipv[46]\.conf\..+\.(?:accept_redirects|secure_redirects|send_redirects|accept_source_route|shared_media)"
    r"|net\.core\.bpf_.+|net\.ipv4\.tcp_syncookies|net\.ipv4\.icmp_echo_ignore_broadcasts"
    r"|vm\.(?:mmap_min_addr|mmap_rnd_.+|unprivileged_userfaultfd|legacy_va_layout|drop_caches|panic_on_oom)"
)


def find_tunable_fault(key: str) -> tuple[str, str] | None:
    """Return why a setting is refused and what to do instead, or None when the document may set it."""
    if _DECIDED.fullmatch(key):
        return "is decided by Patronus from the interfaces and the firewall", "remove it"
    if _PROTECTIVE.fullmatch(key):
        return "protects the box and stays as it is", "remove it"
    if not _ALLOWED.fullmatch(key):
        return "is not a setting a document may change", "settings of net.*, vm.* and a few of fs.* and kernel.* are"
    return None
