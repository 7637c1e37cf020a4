"""The site: each room has a page about what it names, and the menu leads to every page."""

from __future__ import annotations

import os
import re
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
DOCS = REPOSITORY / "docs"


def public_packages() -> set[str]:
    """Return the packages that name what others may use; the command line is for people."""
    found = set()
    for folder, _, files in os.walk(REPOSITORY / "callbeam", followlinks=True):
        stub = Path(folder, "__init__.pyi")
        if stub.name in files and "import" in stub.read_text(encoding="utf-8"):
            found.add(".".join(stub.parent.relative_to(REPOSITORY).parts))
    return {name for name in found if not name.startswith("callbeam.pipelines")}


def test_each_room_has_its_page() -> None:
    pages = "\n".join(path.read_text(encoding="utf-8") for path in sorted((DOCS / "api").glob("*.md")))
    assert set(re.findall(r"^::: ([\w.]+)$", pages, re.MULTILINE)) == public_packages()


def test_the_home_page_leads_to_every_page_but_those_about_rooms() -> None:
    home = (DOCS / "index.md").read_text(encoding="utf-8")
    pages = {str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md")}
    linked = set(re.findall(r"\]\(([\w/-]+\.md)\)", home))
    assert pages - linked == {name for name in pages if name.startswith("api/")} - {"api/index.md"} | {"index.md"}
