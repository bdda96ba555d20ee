"""Notices an emulator that lost the guest's timer, and starts the machine again.

On a busy host QEMU's TCG sometimes loses the first processor's timer while the kernel starts, and the guest then stands
still for good. That is the emulator's fault and not the image's; under KVM and on hardware it is never forgiven.
"""

from collections.abc import Callable
from typing import TypeVar

from patronus_builder.vm.command import TCG, Accelerator

T = TypeVar("T")

# What the kernel writes on the serial line some 20 s after that.
STALLED = "rcu_preempt kthread timer wakeup didn't happen"
STARTS = 3


class EmulatorStalledError(RuntimeError):
    """The emulated processor gets no timer interrupts; nothing of the image has failed."""


def check_timer(accelerator: Accelerator, serial: str) -> None:
    """Raise EmulatorStalledError when the serial line of this start says that the timer was lost."""
    if accelerator is TCG and STALLED in serial:
        raise EmulatorStalledError("the emulated processor gets no timer interrupts")


def start_again_when_stalled(attempt: Callable[[], T], *, before_next: Callable[[], None]) -> T:
    """Call `attempt` until it does not raise EmulatorStalledError, STARTS times at most."""
    for _ in range(STARTS - 1):
        try:
            return attempt()
        except EmulatorStalledError:
            before_next()
    return attempt()
