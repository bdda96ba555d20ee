"""`python3 -m patronus_builder VERB`: what the Makefile calls."""

import argparse
import errno
from collections.abc import Callable, Sequence
from pathlib import Path

from patronus_builder.cache import cache_root
from patronus_builder.developer import EXAMPLE, make_developer_key, make_developer_trust
from patronus_builder.disk import assemble
from patronus_builder.host import require_packages
from patronus_builder.image import DEFAULT_VERSION, PARTS_FOLDER, ImageRequest, build_image, find_profiles
from patronus_builder.iso import build_iso, write_iso
from patronus_builder.messages import die, say
from patronus_builder.mkosi import check_files
from patronus_builder.running import run_disk, run_image
from patronus_builder.sandbox import run_in_sandbox
from patronus_builder.tools import make_tools
from patronus_builder.venv import make_venv, venv_path

NO_TRUST = "none"
Verb = Callable[[argparse.Namespace], object]
INTERRUPTED = 128 + 2  # the exit status of what SIGINT ends, bash(1)


def make_parser() -> argparse.ArgumentParser:
    """The command line of the builder; each verb's function is its `run` default, an int it returns the exit status."""
    parser = argparse.ArgumentParser(prog="patronus_builder", description=__doc__)
    verbs = parser.add_subparsers(required=True)

    def add(name: str, text: str, run: Verb) -> argparse.ArgumentParser:
        verb: argparse.ArgumentParser = verbs.add_parser(name, help=text)
        verb.set_defaults(run=run)
        return verb

    add("venv", "make the environment with linters and test tools", lambda _: make_venv())
    add("venv-path", "print where it is", lambda _: print(venv_path()))
    add("tools", "fetch mkosi and build the tools tree; print its folder", lambda _: print(make_tools()))
    add("bootstrap", "all that `make run` and `make test` need besides the image", _bootstrap)
    add("developer-key", "print the key whose signatures local images trust", lambda _: print(make_developer_key()))
    add("check-image-files", "read mkosi's files; warnings are errors", lambda _: check_files(find_profiles()))
    sandbox = add("sandbox", "run a command in the tools tree: sandbox -- COMMAND...", _sandbox)
    sandbox.add_argument("command", nargs="+")
    _add_image_options(add("image", "build the image; print the disk's path", _image))
    _add_image_options(add("iso", "build the image and its installation medium; print the medium's path", _iso))
    medium = add("medium", "write another installation medium from the image built last; print its path", _medium)
    medium.add_argument("output", type=Path)
    medium.add_argument("--parts", type=Path, default=PARTS_FOLDER)
    run = add("run", "build the image and boot it with a signed document at this terminal", _run)
    run.add_argument("--config", type=Path, default=EXAMPLE, help="the document (default: the example)")
    run.add_argument("--disk", type=Path, help="boot this disk instead, as it is")
    run.add_argument("--shell", action="store_true", help="also offer the root shell of `make shell`")
    _add_image_options(run)
    disk = add("assemble", "write another disk from the image built last; print its path", _assemble)
    disk.add_argument("output", type=Path)
    disk.add_argument("--parts", type=Path, default=PARTS_FOLDER)
    disk.add_argument("--incoming", type=Path, nargs="*", default=[], help="signed bundles for the config partition")
    return parser


def _add_image_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--profiles", default="dhcp dns", help="feature profiles to bake in, separated by spaces")
    parser.add_argument("--version", default=DEFAULT_VERSION)
    parser.add_argument(
        "--trust", help="folder with allowed_signers and policy.json to bake in; `none`: enrol at the box's console"
    )
    parser.add_argument(
        "--release", action="store_true", help="for sending: small root, no trust but what --trust says"
    )


def _read_request(options: argparse.Namespace) -> ImageRequest:
    require_packages(image=True)
    return ImageRequest(options.profiles.split(), options.version, _read_trust(options), options.release)


def _read_trust(options: argparse.Namespace) -> Path | None:
    if options.trust == NO_TRUST or (options.release and not options.trust):
        say("This image trusts nobody yet: its console asks for the owner's key. TRUST=folder bakes one in.")
        return None
    if options.trust:
        folder = Path(options.trust)
        if not (folder / "allowed_signers").is_file():
            die(f"{folder} holds no allowed_signers", hint=f"patronus keygen KEY.pub --trust {folder}")
        return folder
    return make_developer_trust()


def _bootstrap(_: argparse.Namespace) -> None:
    make_venv()
    make_tools()


def _sandbox(options: argparse.Namespace) -> int:
    return run_in_sandbox(options.command).returncode


def _image(options: argparse.Namespace) -> None:
    print(build_image(_read_request(options)))


def _iso(options: argparse.Namespace) -> None:
    print(build_iso(_read_request(options)))


def _medium(options: argparse.Namespace) -> None:
    print(write_iso(options.parts, options.output))


def _run(options: argparse.Namespace) -> int:
    shell = ["--shell"] if options.shell else []
    if options.disk:
        return run_disk(options.disk, shell)
    if options.trust or options.release:
        hint = "make image TRUST=... RELEASE=1, make disk BUNDLE=gw.bundle, then make run DISK=build/gw.raw"
        die("make run signs with the developer's key, which an image for others does not trust", hint=hint)
    return run_image(_read_request(options), options.config, shell)


def _assemble(options: argparse.Namespace) -> None:
    print(assemble(options.parts, options.output, options.incoming))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; returns the exit status."""
    options = make_parser().parse_args(arguments)
    try:
        status = options.run(options)
    except KeyboardInterrupt:
        say("interrupted; the same command again goes on from here")
        return INTERRUPTED
    except OSError as error:
        explain(error)
        raise
    return status if isinstance(status, int) else 0


def explain(error: OSError) -> None:
    """End the program with the way out where the user can mend it: a full disk, somebody else's file. Else return."""
    if error.errno == errno.ENOSPC:
        die(f"no space left for {error.filename or 'a file'}", hint=f"make clean, or remove {cache_root()}")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        hint = "let it be yours (chown), or set PATRONUS_CACHE to a folder of yours when it is in the cache"
        die(f"{error.filename} cannot be written or read: {error.strerror}", hint=hint)


if __name__ == "__main__":
    raise SystemExit(main())
