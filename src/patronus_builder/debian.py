"""Where Debian packages come from: the host's own mirror when it has one, and a private apt root to ask it."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from patronus_builder import host
from patronus_builder.cache import cache_folder, key_of
from patronus_builder.messages import die

PUBLIC_MIRROR = "http://deb.debian.org/debian"
PUBLIC_SECURITY_MIRROR = "http://deb.debian.org/debian-security"
RELEASE = "trixie"
# What of the host's apt settings must hold for the build too: the way out, and whether the mirror's dates count.
KEPT_SETTINGS = re.compile(r"^Acquire::((http|https)::.*Proxy.*|Check-Valid-Until|Check-Date|Retries) ", re.IGNORECASE)


@dataclass(frozen=True)
class Mirrors:
    """URLs of the archive and of its security updates."""

    archive: str
    security: str


@cache
def find_mirrors() -> Mirrors:
    """PATRONUS_MIRROR and PATRONUS_SECURITY_MIRROR when set, else what the host's apt uses, else the public ones."""
    known = re.findall(r"(?<=\s)(?:https?|file)://[^\s\]]+", "\n" + _read_host_sources())
    archive = [url.rstrip("/") for url in known if url.rstrip("/").endswith("/debian")]
    security = [url.rstrip("/") for url in known if url.rstrip("/").endswith("/debian-security")]
    return Mirrors(
        os.environ.get("PATRONUS_MIRROR") or (archive or [PUBLIC_MIRROR])[0],
        os.environ.get("PATRONUS_SECURITY_MIRROR") or (security or [PUBLIC_SECURITY_MIRROR])[0],
    )


def _read_host_sources() -> str:
    folder = Path("/etc/apt")
    files = [folder / "sources.list", *sorted(folder.glob("sources.list.d/*"))]
    lines = [line for file in files if file.is_file() for line in file.read_text(errors="replace").splitlines()]
    return "\n".join(line for line in lines if not line.lstrip().startswith("#"))


def format_sources(*suites: str) -> str:
    """A deb822 sources file (sources.list(5)); a suite named `-security` comes from the security mirror."""
    mirrors = find_mirrors()
    stanzas = [
        f"Types: deb\nURIs: {mirrors.security if suite.endswith('-security') else mirrors.archive}\n"
        f"Suites: {suite}\nComponents: main\nSigned-By: {host.KEYRING}\n"
        for suite in suites
    ]
    return "\n".join(stanzas)


@cache
def format_apt_settings() -> str:
    """The lines of the host's apt configuration which the build keeps (apt.conf(5))."""
    if shutil.which("apt-config") is None:
        return ""
    dump = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True).stdout
    return "".join(f"{line}\n" for line in dump.splitlines() if KEPT_SETTINGS.match(line))


class AptRoot:
    """An apt that knows one suite and nothing of the host's packages; needs no root."""

    def __init__(self, suite: str) -> None:
        host.require_packages()
        sources = format_sources(suite)
        self.folder = cache_folder("apt", f"{suite}-{key_of(sources)}")
        for name in ("lists/partial", "archives/partial", "parts"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "debian.sources").write_text(sources)
        (self.folder / "apt.conf").write_text(
            format_apt_settings()
            + "".join(
                f'{name} "{value}";\n'
                for name, value in {
                    "Dir::Etc::parts": self.folder / "parts",
                    "Dir::Etc::sourcelist": self.folder / "debian.sources",
                    "Dir::Etc::sourceparts": self.folder / "parts",
                    "Dir::State": self.folder,
                    "Dir::State::status": "/dev/null",
                    "Dir::Cache": self.folder,
                    "APT::Sandbox::User": "",
                    "APT::Architecture": "amd64",
                }.items()
            )
        )

    def run(self, *command: str, folder: Path | None = None) -> str:
        """Run one apt command; returns its stdout, ends the program when it fails."""
        environment = {**os.environ, "APT_CONFIG": str(self.folder / "apt.conf"), "LC_ALL": "C.UTF-8"}
        done = subprocess.run(command, env=environment, cwd=folder, stdout=subprocess.PIPE, text=True)
        if done.returncode:
            die(
                f"{' '.join(command)} failed",
                hint="network and clock right? PATRONUS_MIRROR names another Debian mirror",
            )
        return done.stdout
