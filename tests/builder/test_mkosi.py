"""What mkosi makes of this project's files, asked of mkosi itself."""

import configparser
import json
import subprocess
import sys
from pathlib import Path

import pytest

from patronus_builder.cache import REPOSITORY
from patronus_builder.mkosi import mkosi_environment


@pytest.mark.parametrize(("profiles", "compression"), [("dhcp,dns", "lz4"), ("dhcp,dns,release", "zstd")])
def test_a_release_has_the_small_root_and_other_images_the_fast_one(profiles: str, compression: str) -> None:
    command = [sys.executable, "-m", "mkosi", f"--profile={profiles}", "--json", "summary"]
    done = subprocess.run(command, cwd=REPOSITORY, env=mkosi_environment(), capture_output=True, check=True)
    appliance = next(image for image in json.loads(done.stdout)["Images"] if image["Image"] == "main")
    folders = [Path(folder) for folder in appliance["RepartDirectories"]]
    # systemd-repart(8): of files with one name in several folders, the first one given counts.
    definition = configparser.ConfigParser(strict=False)
    definition.read(next(file for folder in folders if (file := folder / "10-root.conf").exists()))
    assert definition["Partition"]["Compression"] == compression
    assert any((folder / "11-verity.conf").exists() for folder in folders)
