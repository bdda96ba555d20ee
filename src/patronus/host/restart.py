"""Restarting a machine whose root may be gone already, as when the medium it runs from was pulled."""

from __future__ import annotations

import ctypes
import os

# reboot(2)
_RESTART = 0x01234567
_POWER_OFF = 0x4321FEDC
# mlockall(2)
_MCL_CURRENT, _MCL_FUTURE, _MCL_ONFAULT = 1, 2, 4


class LastWord:
    """Made while the root is still there: what this program uses from now on stays in memory."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._libc.mlockall(_MCL_CURRENT)
        # Also what is loaded later, such as the screens; but only as much of it as is used.
        self._libc.mlockall(_MCL_FUTURE | _MCL_ONFAULT)

    def restart(self) -> None:
        """Write out what is not written yet and restart at once, without asking any service."""
        self._end(_RESTART)

    def power_off(self) -> None:
        """The same, and stay off."""
        self._end(_POWER_OFF)

    def _end(self, command: int) -> None:
        os.sync()
        self._libc.reboot(ctypes.c_int(command))
