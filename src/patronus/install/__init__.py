"""Puts the system of the medium this box was started from on a disk; two faces, one set of steps.

partitions   the layout of a box's disk, shared with the builder        pure
disks        which disks may be chosen, and why others may not          pure
verity       is what was written what the kernel image will accept      pure
medium       what the installation medium holds
write        the steps, as a generator of events
delivered    what a stick brought
answer       the signed answer of an unattended installation            pure
events       what the steps tell
screens      the face for a screen, in Textual
plain        the face for any terminal
"""
