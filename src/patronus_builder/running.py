"""`make run`: the image with a signed document on its config partition, at this terminal."""

from collections.abc import Sequence
from pathlib import Path

from patronus_builder.developer import EXAMPLE, make_developer_key, sign_document, write_example
from patronus_builder.disk import assemble
from patronus_builder.image import BUILD_FOLDER, PARTS_FOLDER, ImageRequest, build_image
from patronus_builder.messages import die, say, step
from patronus_builder.sandbox import run_in_sandbox

RUN_FOLDER = BUILD_FOLDER / "run"


def run_image(request: ImageRequest, document: Path, options: Sequence[str]) -> int:
    """Build what is missing, boot it and return QEMU's exit status. `options` go to patronus_builder.vm run."""
    if document == EXAMPLE:
        document = write_example(RUN_FOLDER)
        say("The example: log in as admin with the password patronus.")
        options = [*options, "--ssh-key", str(make_developer_key())]
    # First: a fault of the document is told before minutes are spent on the image.
    bundle = sign_document(document, RUN_FOLDER / f"{document.stem}.bundle")
    build_image(request)
    step("writing a disk with the signed document on it", about="5 s")
    disk = assemble(PARTS_FOLDER, RUN_FOLDER / "patronus.raw", [bundle])
    return run_disk(disk, options)


def run_disk(disk: Path, options: Sequence[str]) -> int:
    """Boot a disk as it is (QEMU writes to a layer above it) and return QEMU's exit status."""
    if not disk.is_file():
        die(f"there is no disk {disk}", hint="make image, or make disk BUNDLE=file.bundle")
    return run_in_sandbox(["python3", "-m", "patronus_builder.vm", "run", str(disk), *options]).returncode
