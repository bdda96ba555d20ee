"""`python3 -m patronus_builder VERB`: what the Makefile calls."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from patronus_builder.disk import assemble
from patronus_builder.image import DEFAULT_VERSION, PARTS_FOLDER, ImageRequest, build_image
from patronus_builder.sandbox import run_in_sandbox
from patronus_builder.tools import make_tools
from patronus_builder.venv import make_venv, venv_path


def make_parser() -> argparse.ArgumentParser:
    """The command line of the builder."""
    parser = argparse.ArgumentParser(prog="patronus_builder", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("venv", help="make the environment with linters and test tools")
    verbs.add_parser("venv-path", help="print where it is")
    verbs.add_parser("tools", help="fetch mkosi and build the tools tree; print its folder")
    sandbox = verbs.add_parser("sandbox", help="run a command in the tools tree: sandbox -- COMMAND...")
    sandbox.add_argument("command", nargs="+")
    image = verbs.add_parser("image", help="build the image; print the disk's path")
    image.add_argument("--profiles", default="dhcp dns", help="feature profiles to bake in, separated by spaces")
    image.add_argument("--version", default=DEFAULT_VERSION)
    image.add_argument("--trust", type=Path, help="folder with allowed_signers and policy.json to bake in")
    image.add_argument("--release", action="store_true", help="small root file system, for images to send")
    disk = verbs.add_parser("assemble", help="write another disk from the image built last")
    disk.add_argument("output", type=Path)
    disk.add_argument("--parts", type=Path, default=PARTS_FOLDER)
    disk.add_argument("--incoming", type=Path, nargs="*", default=[], help="signed bundles for the config partition")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; returns the exit status."""
    options = make_parser().parse_args(arguments)
    match options.verb:
        case "venv":
            make_venv()
        case "venv-path":
            print(venv_path())
        case "tools":
            print(make_tools())
        case "sandbox":
            return run_in_sandbox(options.command).returncode
        case "image":
            request = ImageRequest(options.profiles.split(), options.version, options.trust, options.release)
            print(build_image(request))
        case "assemble":
            print(assemble(options.parts, options.output, options.incoming))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
