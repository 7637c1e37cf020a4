"""What ``mkdocs.yml`` needs beyond options: pages from outside ``docs/`` join the site, and links to them stay right.

Links are written as a reader of the repository needs them (``../benchmarks/README.md``); in the site they lead to the
page that the file has become.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

PAGES = {"benchmarks/README.md": "benchmarks.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
"""Files of the repository, and the pages that they become."""

LINK = re.compile(r"(?<=\]\()([^)\s#:]+)(?=[)#])")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages."""
    root = Path(config.config_file_path).parent
    for source, page in PAGES.items():
        files.append(File.generated(config, page, abs_src_path=str(root / source)))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001
    """Turn links between files of the repository into links between pages."""
    origins = {target: source for source, target in PAGES.items()}
    here = posixpath.dirname(origins.get(page.file.src_uri, f"docs/{page.file.src_uri}"))

    def to_page(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(here, link[0]))
        if target == "README.md":
            target = "docs/index.md"
        uri = PAGES.get(target, target.removeprefix("docs/"))
        return posixpath.relpath(uri, posixpath.dirname(page.file.src_uri) or ".")

    return LINK.sub(to_page, markdown)
