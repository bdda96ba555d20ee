"""What is done once to the installed packages."""

import lzma
from pathlib import Path

from patronus_builder.prepare import compile_python, unpack_modules


def test_kernel_modules_are_unpacked(tmp_path: Path) -> None:
    module = tmp_path / "usr/lib/modules/6.12/kernel/net/thing.ko.xz"
    module.parent.mkdir(parents=True)
    module.write_bytes(lzma.compress(b"\x7fELF module"))
    unpack_modules(tmp_path)
    assert [path.name for path in module.parent.iterdir()] == ["thing.ko"]
    assert module.with_suffix("").read_bytes() == b"\x7fELF module"


def test_byte_code_does_not_name_the_build_folder(tmp_path: Path) -> None:
    source = tmp_path / "usr/lib/python3/thing.py"
    source.parent.mkdir(parents=True)
    source.write_text("def work() -> None:\n    raise RuntimeError\n")
    compile_python(tmp_path, ["usr/lib/python3"])
    (compiled,) = (source.parent / "__pycache__").iterdir()
    assert b"/usr/lib/python3/thing.py" in compiled.read_bytes()
    assert str(tmp_path).encode() not in compiled.read_bytes()
