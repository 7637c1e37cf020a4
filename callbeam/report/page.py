"""The frame of every page: self-contained, and by its own policy unable to load anything."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files

from callbeam.report.markup import Html, el, join

LICENCE_NOTE = "Made by callbeam from the tables; nothing is loaded from the network."


@cache
def asset(name: str) -> str:
    """Return the text of a file in ``assets/``."""
    return files(__package__).joinpath("assets", name).read_text(encoding="utf-8")


def page(*, title: str, body: Html, scripts: tuple[str, ...] = ()) -> str:
    """Return a whole page.

    Parameters
    ----------
    title : str
    body : Html
        What ``main`` holds, data blocks included.
    scripts : tuple of str
        Names of assets, run in this order as one script.

    Returns
    -------
    str
        HTML. Its policy names the hashes of its own style and script: should markup ever slip through from a table,
        no script in it would run.
    """
    style = asset("report.css")
    script = "".join(asset(name) for name in scripts)
    allowed_script = f"'{_digest(script)}'" if script else "'none'"
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src {allowed_script}; media-src data:; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=policy),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="referrer", content="no-referrer"),
        el("title", title),
        el("link", rel="icon", href="data:,"),
        el("style", Html(style)),
    )
    content = el("main", body, el("footer", LICENCE_NOTE))
    running = el("script", Html(script)) if script else None
    return f"<!DOCTYPE html>\n{el('html', head, el('body', join(content, running)), lang='en')}\n"


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def facts(*pairs: tuple[str, str | Html | None]) -> Html:
    """Return a line of named facts; those without a value are left out."""
    return el(
        "dl",
        *(el("div", el("dt", name), el("dd", value)) for name, value in pairs if value),
        class_="facts",
    )
