"""An emulator that stands still is started again, and nothing else is."""

import pytest

from patronus_builder.vm.command import KVM, TCG
from patronus_builder.vm.stall import STALLED, STARTS, EmulatorStalledError, check_timer, start_again_when_stalled

# As the kernel writes it.
SERIAL = f"[   26.1] rcu: {STALLED} for 5252 jiffies! g-1019 f0x0 RCU_GP_WAIT_FQS(5) ->state=0x402\n"


def test_the_kernels_complaint_counts_under_emulation_only() -> None:
    with pytest.raises(EmulatorStalledError):
        check_timer(TCG, SERIAL)
    check_timer(KVM, SERIAL)
    check_timer(TCG, "Debian GNU/Linux 13 patronus ttyS0\n\npatronus login: ")


@pytest.mark.parametrize("stalls", [0, 1, STARTS - 1])
def test_it_is_started_until_it_runs(stalls: int) -> None:
    told: list[int] = []

    def attempt() -> str:
        if len(told) < stalls:
            raise EmulatorStalledError
        return "ran"

    assert start_again_when_stalled(attempt, before_next=lambda: told.append(1)) == "ran"
    assert len(told) == stalls


def test_it_is_not_started_for_ever() -> None:
    starts: list[int] = []

    def attempt() -> None:
        starts.append(1)
        raise EmulatorStalledError

    with pytest.raises(EmulatorStalledError):
        start_again_when_stalled(attempt, before_next=lambda: None)
    assert len(starts) == STARTS
