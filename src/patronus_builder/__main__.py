"""`python3 -m patronus_builder VERB`: what the Makefile calls."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from patronus_builder.developer import EXAMPLE, make_developer_key, make_developer_trust
from patronus_builder.disk import assemble
from patronus_builder.image import DEFAULT_VERSION, PARTS_FOLDER, ImageRequest, build_image, find_profiles
from patronus_builder.mkosi import check_files
from patronus_builder.running import run_image
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
    verbs.add_parser("developer-key", help="print the private key whose signatures locally built images trust")
    image = verbs.add_parser("image", help="build the image; print the disk's path")
    run = verbs.add_parser("run", help="build the image and boot it with a signed document at this terminal")
    run.add_argument("--config", type=Path, default=EXAMPLE, help="the document (default: the example)")
    run.add_argument("--shell", action="store_true", help="also offer the root shell of `make shell`")
    for parser_with_image in (image, run):
        _add_image_options(parser_with_image)
    verbs.add_parser("check-image-files", help="read mkosi's files; warnings are errors")
    disk = verbs.add_parser("assemble", help="write another disk from the image built last")
    disk.add_argument("output", type=Path)
    disk.add_argument("--parts", type=Path, default=PARTS_FOLDER)
    disk.add_argument("--incoming", type=Path, nargs="*", default=[], help="signed bundles for the config partition")
    return parser


def _add_image_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--profiles", default="dhcp dns", help="feature profiles to bake in, separated by spaces")
    parser.add_argument("--version", default=DEFAULT_VERSION)
    parser.add_argument("--trust", type=Path, help="folder with allowed_signers and policy.json to bake in")
    parser.add_argument(
        "--release", action="store_true", help="for sending: small root, no trust but what --trust says"
    )


def _read_request(options: argparse.Namespace) -> ImageRequest:
    trust = options.trust if options.trust or options.release else make_developer_trust()
    return ImageRequest(options.profiles.split(), options.version, trust, options.release)


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
        case "developer-key":
            print(make_developer_key())
        case "image":
            print(build_image(_read_request(options)))
        case "run":
            return run_image(_read_request(options), options.config, ["--shell"] if options.shell else [])
        case "check-image-files":
            check_files(find_profiles())
        case "assemble":
            print(assemble(options.parts, options.output, options.incoming))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
