"""What the pages say can be done: links lead somewhere, commands parse, configurations are valid."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.documents import write

from patronus.cli.main import make_parser
from patronus.features import FEATURES
from patronus.pipeline.build import build
from patronus.pipeline.read_yaml import read_yaml

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
GUIDE = sorted((ROOT / "docs/user-guide").glob("*.md"))
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```([^\n`]*)\n(.*?)^```$", re.M | re.S)
COMMAND = re.compile(r"(?<![\w./=-])patronus(?: [^`\n|<>]*)?")

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def read_prose(page: Path) -> str:
    """The page without its code blocks."""
    return FENCE.sub("", page.read_text("utf-8"))


def blocks(page: Path, *kinds: str) -> list[str]:
    """The code blocks of these kinds."""
    return [text for kind, text in FENCE.findall(page.read_text("utf-8")) if kind in kinds]


def anchors(page: Path) -> set[str]:
    """The anchors a forge gives to the page's headings."""
    headings = re.findall(r"^#+ (.*)$", read_prose(page), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@each_page
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in LINK.findall(read_prose(page)):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), f"{link}: there is no {target}"
        assert not anchor or anchor in anchors(target), f"{link}: {target.name} has no such heading"


@pytest.mark.parametrize("folder", ["decisions", "user-guide"])
def test_every_page_is_in_a_table_of_contents(folder: str) -> None:
    indexes = "".join((ROOT / name).read_text("utf-8") for name in ("docs/README.md", "docs/decisions/README.md"))
    pages = [path.name for path in (ROOT / "docs" / folder).glob("*.md") if path.name != "README.md"]
    assert pages
    assert [name for name in pages if not re.search(rf"\((?:{folder}/)?{re.escape(name)}\)", indexes)] == []


def commands(page: Path) -> Iterator[str]:
    """Every `patronus ...` at a prompt, behind another command, or in backquotes."""
    for text in blocks(page, "console"):
        for line in text.replace("\\\n", " ").splitlines():
            prompt = re.match(r"(?:\w+@\w+:~)?\$ (.*)", line)
            yield from COMMAND.findall(prompt[1]) if prompt else ()
    for text in re.findall(r"`([^`]+)`", read_prose(page)):
        yield from COMMAND.findall(" ".join(text.split())) if "patronus " in text else ()


@each_page
def test_every_command_parses(page: Path) -> None:
    parser = make_parser()
    for command in commands(page):
        words = shlex.split(command.split(" ...")[0])[1:]
        if words in ([], ["schema"]) or words[0] == "--":
            continue
        try:
            parser.parse_args(_complete(words))
        except SystemExit:
            pytest.fail(f"{page.name}: `{command}` is not a command")


@each_page
def test_every_make_verb_exists(page: Path) -> None:
    verbs = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    shown = "\n".join([*blocks(page, "console"), *re.findall(r"`([^`]+)`", read_prose(page))])
    assert set(re.findall(r"(?:^|\$ |\()make (?:-s )?([a-z][a-z-]*)", shown, re.M)) - verbs == set()


def _complete(words: list[str]) -> list[str]:
    """In running text a command may stand without the files it needs, or as a name only."""
    needs = {"check": 1, "plan": 1, "verify": 1, "inspect": 1, "apply": 1, "diff": 1, "push": 2, "sign": 1, "keygen": 1}
    if len(words) == 1:
        words = [*words, *["file"] * needs.get(words[0], 0)]
    extra = {"sign": ["--key", "key", "--output", "file"], "verify": ["--trust", "t"], "keygen": ["--trust", "t"]}
    missing = [] if "--key" in words or "--trust" in words else extra.get(words[0], [])
    return [*words, *missing]


@pytest.mark.parametrize("page", GUIDE, ids=lambda page: page.stem)
def test_every_configuration_in_the_guide_is_valid(page: Path) -> None:
    documents = [read_yaml(page.name, text) for text in blocks(page, "yaml document")]
    parts = [read_yaml(page.name, text) for text in blocks(page, "yaml part")]
    assert not blocks(page, "yaml"), "say whether it is a `yaml document` or a `yaml part` of the first document"
    assert documents or not parts
    for document in documents:
        build({"document.yaml": write(document)})
    for part in parts:
        build({"document.yaml": write(lay_over(documents[0], part))})


def test_guests_of_the_recipe_reach_nothing_of_the_box_but_addresses_and_names() -> None:
    page = ROOT / "docs/user-guide/configuration.md"
    document, *_ = blocks(page, "yaml document")
    (recipe,) = (text for text in blocks(page, "yaml part") if "guest-web" in text)
    tree = build({"document.yaml": write(lay_over(read_yaml(page.name, document), read_yaml(page.name, recipe)))}).tree
    (ruleset,) = (content.decode() for path, content in tree.contents.items() if path.endswith(".nft"))
    chain = ruleset.partition("chain input.guest.self {")[2].partition("}")[0]
    assert sorted(re.findall(r"dport (\d+)", chain)) == ["53", "53", "67"]
    assert chain.count("accept") == 3


def lay_over(under: Any, over: Any) -> Any:
    """The first document with the keys of a part's sections put into its own sections."""
    return {**under, **{key: {**under.get(key, {}), **section} for key, section in over.items()}}


def test_the_guide_has_something_of_every_kind() -> None:
    assert sum(len(list(commands(page))) for page in PAGES) > 30
    assert sum(len(blocks(page, "yaml part")) for page in GUIDE) > 8
    reference = (ROOT / "docs/reference.md").read_text()
    assert all(f"(`{feature.key}`)" in reference for feature in FEATURES)


def read_sources() -> str:
    """All the program's text, with the parts of a sentence that stands in several literals put together."""
    text = "\n".join(path.read_text("utf-8") for path in sorted((ROOT / "src/patronus").rglob("*.py")))
    return re.sub(r"[\"']\s*\n\s*f?[\"']", "", text)


def test_every_message_in_the_tables_is_one_the_program_says() -> None:
    sources = read_sources()
    page = (ROOT / "docs/user-guide/troubleshooting.md").read_text("utf-8")
    tables = page[page.index("## Documents") :] + (ROOT / "docs/user-guide/recovery.md").read_text("utf-8")
    messages = re.findall(r"`([^`]+)`", "\n".join(re.findall(r"^\| (.*?) \|", tables, re.M)))
    assert len(messages) > 50
    parts = [part.strip() for message in messages for part in message.split("…") if part.strip()]
    assert [part for part in parts if part not in sources] == []
