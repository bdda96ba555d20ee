"""Fixtures of the VM stories, and the evidence that a failing one leaves in build/evidence/."""

import os
import re
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from tests.vm.driver.house import House, find_owner
from tests.vm.driver.lab import OPEN_LABS, Lab
from tests.vm.driver.netns import gain_network_rights

REPOSITORY = Path(__file__).resolve().parents[2]
EVIDENCE = REPOSITORY / "build" / "evidence"


def pytest_configure() -> None:
    """Before any thread exists: only then may the process move into a user namespace."""
    gain_network_rights()


@pytest.fixture(scope="session")
def parts() -> Path:
    """The folder with the built parts of the image, to make disks from; PATRONUS_PARTS names another."""
    path = Path(os.environ.get("PATRONUS_PARTS") or REPOSITORY / "build" / "image")
    if not (path / "image.roothash").exists():
        pytest.fail(f"{path} has no built image: run `make image` first")
    return path


class SharedHouse:
    """The house that most stories share; booted when the first one asks. A failure is explained once, not in each."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._booted = False
        self._failed = False

    def get(self) -> House:
        """The booted house, and its client with a lease."""
        if self._failed:
            pytest.fail("the house did not boot: see the first story that needed it", pytrace=False)
        if not self._booted:
            self._failed = True
            self._house.router.boot()
            # Stories reach the box from the client; whichever is the first of a worker needs its address.
            assert self._house.lease
            self._failed = False
            self._booted = True
        return self._house


@pytest.fixture(scope="session")
def shared_house(parts: Path) -> Iterator[SharedHouse]:
    """One house for the whole run of a worker."""
    with Lab() as lab:
        yield SharedHouse(House(lab, parts, find_owner()))


@pytest.fixture
def house(shared_house: SharedHouse) -> Iterator[House]:
    """The shared house; whatever a story changed is put back after it."""
    house = shared_house.get()
    house.open_again()
    yield house
    house.settle()


@pytest.fixture
def house_as_it_is(shared_house: SharedHouse) -> House:
    """The shared house for a story that shuts it, shut already or not; who needs it open restarts it."""
    house = shared_house.get()
    house.is_shut = True
    return house


@pytest.fixture
def lab() -> Iterator[Lab]:
    """A lab of its own for one story."""
    with Lab() as lab:
        yield lab


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Collects the evidence while the machines of the failed test still run."""
    report = yield
    if report.failed and OPEN_LABS:
        folder = EVIDENCE / re.sub(r"[^\w.-]+", "_", item.nodeid)
        shutil.rmtree(folder, ignore_errors=True)
        for lab in OPEN_LABS:
            lab.save_evidence(folder)
        report.sections.append(("evidence", _describe(folder, item.nodeid)))
    return report


def _describe(folder: Path, nodeid: str) -> str:
    names = ", ".join(sorted(file.name for file in folder.iterdir()))
    return f"{folder.relative_to(REPOSITORY)}: {names}\nagain: make test-vm TESTS='{nodeid}'"
