"""The router under test: the shipped image in a virtual machine, driven through QEMU and the test agent."""

import json
import socket
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.vm.driver.waiting import PATIENCE, wait_for

from patronus_builder.vm.accelerate import choose_accelerator
from patronus_builder.vm.agent import AGENT_PORT, SHELL_PORT, Agent, AgentError, Completed, agent_credentials
from patronus_builder.vm.command import TCG, Drive, MachineSpec, Port, TapNic
from patronus_builder.vm.firmware import find_firmware
from patronus_builder.vm.machine import Machine, prepare_folder, write_strings
from patronus_builder.vm.smbios import QUICK_KERNEL_ARGUMENTS
from patronus_builder.vm.stall import check_timer, start_again_when_stalled

MAC_PREFIX = "52:54:00:00:00:"
# Several times what an emulated boot takes on two busy cores; a unit that fails ends the wait much earlier.
BOOT_SECONDS = 2 * PATIENCE
# What the serial line shows when no agent will ever come.
HOPELESS = ("UEFI Interactive Shell", "Kernel panic", "You are in emergency mode")


class BootFailedError(AssertionError):
    """The box did not come up; the text names the units that failed."""


def mac_of(number: int) -> str:
    """The MAC of the router's n-th card, counted from 1: WAN, LAN, further ones."""
    return f"{MAC_PREFIX}{number:02x}"


class Router:
    """One box. Its disk survives power cuts and reboots; `cables` are tap descriptors in the order WAN, LAN, ..."""

    def __init__(
        self,
        name: str,
        folder: Path,
        image: Path,
        cables: Sequence[int],
        *,
        size_gib: int = 8,
        credentials: Mapping[str, bytes] | None = None,
        sticks: Sequence[Path] = (),
        clock: str = "",
        other_disks: Sequence[Path] = (),
        blank: bool = False,
        drives: Sequence[Drive] = (),
        tpm: bool = False,
    ) -> None:
        """`credentials` reach its systemd, system-credentials(7); `sticks` are images of USB sticks in its ports.

        `clock` is the time its battery-backed clock shows at the start; empty: the right one. `blank` leaves its disk
        empty: it then starts from one of the `drives`; `image` only tells how to emulate.
        """
        accelerator = choose_accelerator(image)
        nics = [TapNic(mac_of(number), fd) for number, fd in enumerate(cables, start=1)]
        quick = QUICK_KERNEL_ARGUMENTS if accelerator is TCG else ()
        self.name = name
        self.spec = MachineSpec(
            folder,
            find_firmware(),
            accelerator,
            nics=nics,
            kernel_arguments=quick,
            credentials={**agent_credentials(), **(credentials or {})},
            clock=clock,
            other_disks=other_disks,
            ports=(Port(AGENT_PORT, folder / "agent.sock"), Port(SHELL_PORT, folder / "shell.sock")),
            console_socket=folder / "console.sock",
            drives=(*drives, *(Drive(f"stick{number}", file, "usb") for number, file in enumerate(sticks))),
            tpm=tpm,
        )
        prepare_folder(self.spec, None if blank else image, size_gib=size_gib)
        self._machine: Machine | None = None
        self._agent: Agent | None = None

    @property
    def machine(self) -> Machine:
        """The running machine; raises when the power is off."""
        if self._machine is None:
            raise AgentError(f"{self.name} is switched off")
        return self._machine

    @property
    def is_on(self) -> bool:
        """Whether the machine runs."""
        return self._machine is not None

    @property
    def agent(self) -> Agent:
        """The connection to the guest; raises when the power is off."""
        if self._agent is None:
            raise AgentError(f"{self.name} is switched off")
        return self._agent

    def start_agent_after(self, unit: str) -> None:
        """From the next start on, the tests' hooks wait for this unit: what comes before is the box alone."""
        self.spec = replace(self.spec, credentials={**self.spec.credentials, **agent_credentials(after=unit)})
        write_strings(self.spec)

    # --- power ---------------------------------------------------------------------------------------------------

    def switch_on(self) -> None:
        """Starts the machine and waits until the agent answers, which is early in the boot."""

        def attempt() -> None:
            self._machine = Machine(self.spec)
            self._agent = Agent(self.spec.folder / "agent.sock", alive=self._machine.is_alive)
            self._wait_for_agent(1)

        start_again_when_stalled(attempt, before_next=self.power_cut)

    def boot(self, *, expect_failed: Sequence[str] = ()) -> None:
        """Starts the machine and waits until the boot is finished; units in `expect_failed` may fail, no others."""
        self.switch_on()
        self.wait_until_booted(expect_failed=expect_failed)

    def power_cut(self) -> None:
        """Pulls the plug: nothing is flushed, nothing is told."""
        self.machine.cut_power()
        self.agent.close()
        self._machine = self._agent = None

    def reboot(self, *, expect_failed: Sequence[str] = ()) -> None:
        """Restarts the guest in an orderly way and waits until it is up again."""
        before = self.agent.boots
        self.run("systemctl", "reboot", "--no-block", check=False)
        self.wait_for_restart(before, expect_failed=expect_failed)

    def wait_for_restart(self, boots: int, *, expect_failed: Sequence[str] = ()) -> None:
        """Waits for the boot after the first `boots` ones, whoever restarted the machine."""
        self._wait_for_agent(boots + 1)
        self.wait_until_booted(expect_failed=expect_failed)

    def wait_until_booted(self, *, expect_failed: Sequence[str] = ()) -> None:
        """Waits for the end of the boot transaction; raises BootFailedError as soon as a unit fails that must not."""

        def check() -> bool:
            failed = [unit for unit in self.failed_units() if unit not in expect_failed]
            if failed:
                raise BootFailedError(
                    f"{self.name}: failed while booting: {', '.join(failed)}\n{self._explain(failed)}"
                )
            state = self.run("systemctl", "is-system-running", check=False).out.strip()
            return state in ("running", "degraded")

        wait_for(lambda: check() or None, seconds=BOOT_SECONDS, what=f"{self.name} to finish booting")

    def close(self) -> None:
        """Switches off when it is on."""
        if self._machine is not None:
            self.power_cut()

    # --- inside --------------------------------------------------------------------------------------------------

    def run(self, *argv: str, check: bool = True, stdin: bytes = b"", timeout: float = PATIENCE) -> Completed:
        """Runs a command as root in the guest; raises AgentError with its words when it fails and `check` is set."""
        done = self.agent.run(argv, stdin=stdin, timeout=timeout)
        return done.check() if check else done

    def patronus(self, *arguments: str, check: bool = True, timeout: float = 2 * PATIENCE) -> Completed:
        """Runs the appliance's own command."""
        return self.run("patronus", *arguments, check=check, timeout=timeout)

    def read(self, path: str) -> bytes:
        """The bytes of a file in the guest."""
        return self.agent.read(path)

    def write(self, path: str, data: bytes) -> None:
        """Writes a file in the guest."""
        self.agent.write(path, data)

    def failed_units(self) -> list[str]:
        """The units in the state failed."""
        done = self.run("systemctl", "list-units", "--state=failed", "--no-legend", "--plain", check=False)
        return [line.split()[0] for line in done.out.splitlines() if line.strip()]

    def property_of(self, unit: str, name: str) -> str:
        """One property of a unit, systemctl(1) show."""
        return self.run("systemctl", "show", "--value", f"--property={name}", unit).out.strip()

    def main_pids(self) -> dict[str, str]:
        """The main process of every running service, by unit name."""
        done = self.run("systemctl", "list-units", "--type=service", "--state=running", "--no-legend", "--plain")
        units = [line.split()[0] for line in done.out.splitlines() if line.strip()]
        shown = self.run("systemctl", "show", "--property=Id,MainPID", *units).out
        blocks = (
            dict(line.split("=", 1) for line in block.splitlines()) for block in shown.split("\n\n") if block.strip()
        )
        return {block["Id"]: block["MainPID"] for block in blocks if "@" not in block["Id"]}

    def journal(self, *arguments: str) -> str:
        """This boot's journal."""
        return self.run("journalctl", "--boot", "--no-pager", "--output=short-monotonic", *arguments, check=False).out

    def read_json(self, *argv: str) -> Any:
        """The JSON that a command prints."""
        return json.loads(self.run(*argv).out)

    def addresses(self, interface: str, family: int) -> list[str]:
        """The global addresses (4 or 6) of one of the router's interfaces."""
        found = self.read_json("ip", "-j", f"-{family}", "address", "show", "dev", interface, "scope", "global")
        infos = [info for link in found for info in link.get("addr_info", [])]
        # ip(8) leaves empty objects where its filter dropped an address.
        return [str(info["local"]) for info in infos if "local" in info and not info.get("tentative")]

    def wait_for_unit(self, unit: str, state: str = "active", *, seconds: float = PATIENCE) -> None:
        """Waits until a unit has a state; raises BootFailedError at once when it failed instead."""

        def check() -> bool:
            now = self.property_of(unit, "ActiveState")
            if now == "failed" and state != "failed":
                raise BootFailedError(f"{unit} failed\n{self._explain([unit])}")
            return now == state

        wait_for(lambda: check() or None, seconds=seconds, what=f"{unit} to be {state}")

    def wait_for_journal(self, pattern: str, *arguments: str, seconds: float = PATIENCE) -> str:
        """Waits for a line of this boot's journal that matches a PCRE pattern; returns the text found so far."""
        follow = ("--grep", pattern, *arguments)
        return wait_for(
            lambda: self.journal("-q", *follow) or None, seconds=seconds, what=f"{pattern!r} in the journal"
        )

    # --- cables --------------------------------------------------------------------------------------------------

    def cut_cable(self, nic: int) -> None:
        """Takes the carrier from the router's n-th card, counted from 1."""
        self.machine.set_cable(nic - 1, plugged=False)

    def plug_cable(self, nic: int) -> None:
        """Gives the carrier back."""
        self.machine.set_cable(nic - 1, plugged=True)

    # --- evidence ------------------------------------------------------------------------------------------------

    def serial(self) -> str:
        """All the guest wrote to its serial line, over all boots."""
        return self.machine.read_serial()

    def shows(self, words: str) -> bool:
        """Whether these words stand on the first virtual terminal, vcs(4)."""
        return words in self.read("/dev/vcs1").decode("ascii", errors="replace")

    def type(self, line: str) -> None:
        """Types a line on the serial console and waits for its echo: QEMU drops what the guest has not taken yet."""
        wanted, echo = f"{line}\n".encode(), b""
        with socket.socket(socket.AF_UNIX) as cable:
            cable.settimeout(30)
            cable.connect(str(self.spec.console_socket))
            cable.sendall(f"{line}\r".encode())
            while wanted not in echo.replace(b"\r", b""):
                received = cable.recv(4096)
                if not received:
                    raise AgentError(f"{self.name} was switched off while something was typed")
                echo += received

    def press(self, keys: str) -> None:
        """Presses keys on the serial console and waits until the guest says something: an echo, or a new screen."""
        with socket.socket(socket.AF_UNIX) as cable:
            cable.settimeout(PATIENCE)
            cable.connect(str(self.spec.console_socket))
            cable.sendall(keys.encode())
            cable.recv(1)

    def save_evidence(self, folder: Path) -> None:
        """Copies what helps to understand a failure; a part that cannot be had leaves a note instead."""
        folder.mkdir(parents=True, exist_ok=True)
        for source in (self.spec.serial_log, self.spec.folder / "qemu.log"):
            if source.exists():
                (folder / f"{self.name}-{source.name}").write_bytes(source.read_bytes())
        if self._machine is None or not self._machine.is_alive():
            return
        texts = {
            "journal.txt": ("journalctl", "--no-pager", "--output=short-monotonic", "--lines=20000"),
            "failed.txt": ("systemctl", "status", "--failed", "--no-pager", "--full"),
            "jobs.txt": ("systemctl", "list-jobs", "--no-pager"),
            "ruleset.nft": ("nft", "list", "ruleset"),
            "addresses.txt": ("ip", "-d", "address"),
            "routes.txt": ("ip", "route", "show", "table", "all"),
            "networkctl.txt": ("networkctl", "status", "--all", "--no-pager"),
        }
        try:
            self.machine.save_screen(folder.resolve() / f"{self.name}-screen.png")
        except RuntimeError as error:
            (folder / f"{self.name}-screen.txt").write_text(f"{error}\n")
        for name, argv in texts.items():
            try:
                done = self.run(*argv, check=False, timeout=30)
                text = done.out + done.err
            except RuntimeError as error:
                text = f"{error}\n"
            (folder / f"{self.name}-{name}").write_text(text)

    def _wait_for_agent(self, boot: int) -> None:
        """Waits for the agent's hello of this boot; raises BootFailedError when the serial line says it is hopeless."""

        begin = len(self.serial())

        def check() -> bool:
            hopeless = [words for words in HOPELESS if words in self.serial()]
            check_timer(self.spec.accelerator, self.serial()[begin:])
            if hopeless or not self.machine.is_alive():
                raise BootFailedError(f"{self.name} does not boot: {hopeless or 'QEMU ended'}\n{self.serial()[-2000:]}")
            return self.agent.boots >= boot

        wait_for(lambda: check() or None, seconds=BOOT_SECONDS, what=f"the agent in {self.name} to say hello")

    def _explain(self, units: Sequence[str]) -> str:
        return "\n".join(self.journal("--lines=30", "-u", unit) for unit in units)
