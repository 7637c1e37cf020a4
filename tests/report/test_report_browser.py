"""The pages as a browser shows them: Chromium without a window, opened from the disk."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from builders.chromium_browser import chromium
from builders.made_output import MadeOutput

from callbeam.report import write_report
from callbeam.storage import StorageConfig
from callbeam.tables import open_output

HOSTILE = "<script>document.title='owned'</script>"

LANES = ["Customer waveform", "Agent waveform", "speech", "Level each second", "Pitch median F0", "Phases", "Silence"]

INK = """
return [...document.querySelectorAll('#timeline .lane')].map((lane) => {
  const canvas = lane.querySelector('canvas');
  const context = canvas.getContext('2d');
  const pixels = new Uint32Array(context.getImageData(0, 0, canvas.width, canvas.height).data.buffer);
  return [lane.querySelector('.name').innerText.replace(/\\s+/g, ' ').trim(), new Set(pixels).size - 1];
});
"""
"""Names of the lanes, and how many colours each is drawn in."""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with chromium(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the pages of a few calls, one named like markup, one of four hours, one without anything."""
    made = MadeOutput(tmp_path_factory.mktemp("tables"))
    for seed in range(1, 9):
        made.add_call(f"call-{seed}", seed=seed)
    made.add_call(HOSTILE, seed=9, longest_non_talk_ms=500_000, warnings=["echo_leak"])
    made.add_call("long", seed=10, duration_ms=4 * 3_600_000)
    made.add("calls", call_id="bare", status="no_audio", source="chime", clock_source="server")
    for row in made.rows["utterances"]:
        if row["call_id"] == "call-1" and row["participant_role"] == "CUSTOMER":
            made.add_clip("call-1", "CUSTOMER", row["begin_offset_ms"], row["duration_ms"])
    made.add_said("call-2")
    tables = made.publish()
    write_report(open_output(StorageConfig(str(tables))), tables / "_report", sample=99)
    return tables / "_report"


def page_of(folder: Path, name: str) -> Path:
    return next(path for path in (folder / "pages").iterdir() if path.name.startswith(name))


def opened(browser: Any, path: Path, *, width: int = 1280) -> None:
    browser.get_log("browser")
    browser.get_log("performance")
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": False}
    )
    browser.get(path.as_uri())


def requests(browser: Any) -> set[str]:
    """Return the schemes and hosts of whatever the page asked for."""
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    urls = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    return {url.partition(":")[0] for url in urls}


def find(browser: Any, selector: str) -> Any:
    return browser.find_element("css selector", selector)


def click_at(browser: Any, element: Any, share: float) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
    across = round((share - 0.5) * element.size["width"])
    ActionChains(browser).move_to_element_with_offset(element, across, 0).click().perform()


def slider(browser: Any) -> tuple[int, str]:
    root = find(browser, "#timeline")
    return int(root.get_attribute("aria-valuenow")), root.get_attribute("aria-valuetext")


def wait_until(browser: Any, script: str) -> None:
    deadline = time.monotonic() + 10
    while not browser.execute_script(f"return {script}"):
        assert time.monotonic() < deadline, script
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("name", "width"),
    [
        ("index", 400),
        ("index", 1280),
        ("call-1", 400),
        ("script", 400),
        ("script", 1280),
        ("bare", 400),
        ("long", 1280),
    ],
)
def test_pages_are_shown_without_error_network_or_sideways_scrolling(
    browser: Any, folder: Path, name: str, width: int
) -> None:
    opened(browser, folder / "index.html" if name == "index" else page_of(folder, name), width=width)
    assert [entry for entry in browser.get_log("browser") if entry["level"] != "INFO"] == []
    assert requests(browser) <= {"file", "data"}
    assert browser.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    assert browser.title in ("Calls", f"Call {HOSTILE}", "Call call-1", "Call bare", "Call long")


def test_all_lanes_are_drawn(browser: Any, folder: Path) -> None:
    opened(browser, page_of(folder, "call-1"))
    lanes = browser.execute_script(INK)
    assert {name for name, _ in lanes} >= set(LANES)
    assert [name for name, colours in lanes if not colours] == []
    names = [canvas.get_attribute("aria-label") for canvas in browser.find_elements("css selector", "#timeline canvas")]
    assert all(names)
    assert any(name.startswith("Waveform, Customer: ") for name in names)


def test_the_transcript_follows_the_cursor_and_messages_are_shown_by_type(browser: Any, folder: Path) -> None:
    opened(browser, page_of(folder, "call-2"))
    marked = "return [...document.querySelectorAll('tr.now')].map((row) => row.id)"
    assert browser.execute_script(marked) == []
    find(browser, "#s1 a[data-t]").click()
    assert browser.execute_script(marked) == ["s1"]
    find(browser, "#s0 a[data-t]").click()
    assert set(browser.execute_script(marked)) == {"s0", "l0"}
    browser.execute_script(
        "const kinds = document.getElementById('kinds'); kinds.value = 'END'; kinds.dispatchEvent(new Event('change'))"
    )
    shown = "return [...document.querySelectorAll('tr[data-kind]')].filter((row) => !row.hidden).map((row) => row.id)"
    assert browser.execute_script(shown) == ["m2"]
    assert [entry for entry in browser.get_log("browser") if entry["level"] != "INFO"] == []


def test_sentiment_follows_the_cursor(browser: Any, folder: Path) -> None:
    opened(browser, page_of(folder, "call-2"))
    drawn = [(name, colours) for name, colours in browser.execute_script(INK) if name.startswith("Sentiment")]
    assert [name for name, _ in drawn] == ["Sentiment Contact lens"]
    assert drawn[0][1] > 2
    pixels = "return document.querySelector('.lane.sentiment canvas').toDataURL()"
    before = browser.execute_script(pixels)
    assert "Sentiment" not in slider(browser)[1]
    find(browser, "#s0 a[data-t]").click()
    assert "Sentiment (Contact lens): Agent \u22121.50" in slider(browser)[1]
    assert "\u22121.50" in find(browser, "#readout").text
    assert browser.execute_script(pixels) != before
    find(browser, "#s1 a[data-t]").click()  # the last judgement stands until there is another one
    assert "Agent \u22121.50" in slider(browser)[1]
    opened(browser, page_of(folder, "call-1"))
    assert browser.execute_script("return document.querySelectorAll('.lane.sentiment').length") == 0
    assert [entry for entry in browser.get_log("browser") if entry["level"] != "INFO"] == []


def test_a_click_seeks_marks_the_utterance_and_plays(browser: Any, folder: Path) -> None:
    opened(browser, page_of(folder, "call-1"))
    data = json.loads(find(browser, "#call-data").get_attribute("textContent"))
    index, utterance = max(
        ((i, u) for i, u in enumerate(data["utterances"]) if u[2] == 0), key=lambda x: x[1][1] - x[1][0]
    )
    at = utterance[0] + 300
    click_at(browser, find(browser, ".wave.CUSTOMER canvas"), at / data["duration"])
    wait_until(browser, "!document.getElementById('player').paused")
    now, text = slider(browser)
    assert at - 100 <= now <= utterance[1]
    assert "Customer speaks" in text
    # In one step each: the page renews the readout while it plays.
    assert browser.execute_script("return document.querySelector('#readout b').innerText")
    assert browser.execute_script("return document.querySelector('tr.here').id") == f"u{index}"
    assert (
        browser.execute_script("return document.getElementById('player').currentTime")
        >= (at - utterance[0]) / 1000 - 0.1
    )
    before = slider(browser)[0]
    wait_until(browser, f"Number(document.getElementById('timeline').getAttribute('aria-valuenow')) > {before + 50}")
    # Where the other lane has no audio, a click still seeks, and what was playing stops.
    _, other = next((i, u) for i, u in enumerate(data["utterances"]) if u[2] == 1)
    click_at(browser, find(browser, ".wave.AGENT canvas"), (other[0] + other[1]) / 2 / data["duration"])
    wait_until(browser, "document.getElementById('player').paused")
    assert other[0] <= slider(browser)[0] <= other[1]
    assert [entry for entry in browser.get_log("browser") if entry["level"] != "INFO"] == []


def test_where_there_is_no_audio_nobody_is_silent(browser: Any, folder: Path) -> None:
    opened(browser, page_of(folder, "call-1"))
    click_at(browser, find(browser, ".level canvas"), 1500 / 60_000)
    now, text = slider(browser)
    assert 1000 < now < 2000
    assert "Customer no audio; Agent no audio" in text
    click_at(browser, find(browser, ".level canvas"), 500 / 60_000)
    assert re.search(r"Customer silent \S+ dBFS; Agent silent", slider(browser)[1])


def test_keys_rows_and_the_legend_move_the_cursor(browser: Any, folder: Path) -> None:
    from selenium.webdriver.common.keys import Keys

    opened(browser, page_of(folder, "call-2"))
    root = find(browser, "#timeline")
    root.send_keys(Keys.HOME, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert slider(browser)[0] == 2000
    root.send_keys(Keys.SHIFT, Keys.ARROW_RIGHT)
    assert slider(browser)[0] == 12_000
    root.send_keys(Keys.NULL, Keys.ARROW_LEFT, Keys.ARROW_LEFT)
    assert slider(browser)[0] == 10_000
    root.send_keys(Keys.END)
    assert slider(browser)[0] == 60_000
    link = find(browser, "#u2 a")
    link.click()
    assert slider(browser)[0] == int(link.get_attribute("data-t"))
    assert "here" in find(browser, "#u2").get_attribute("class")
    data = json.loads(find(browser, "#call-data").get_attribute("textContent"))
    root.send_keys(Keys.HOME, "n")
    assert slider(browser)[0] == data["events"][0][1]
    kind = next(i for i, each in enumerate(data["kinds"]) if each["kind"] == "interruption")
    browser.find_elements("css selector", "#legend button")[kind].click()
    assert slider(browser)[0] == next(event[1] for event in data["events"] if event[0] == kind)


def test_the_view_zooms_by_button_drag_and_wheel(browser: Any, folder: Path) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    opened(browser, page_of(folder, "call-2"))
    root = find(browser, "#timeline")

    def view() -> tuple[int, int]:
        return int(root.get_attribute("data-from")), int(root.get_attribute("data-to"))

    assert view() == (0, 60_000)
    find(browser, "#zoom-in").click()
    assert view() == (0, 30_000)
    find(browser, "#zoom-all").click()
    canvas = find(browser, ".wave.AGENT canvas")
    quarter = round(canvas.size["width"] / 4)
    ActionChains(browser).move_to_element(canvas).click_and_hold().move_by_offset(quarter, 0).release().perform()
    assert view() == (pytest.approx(30_000, abs=100), pytest.approx(45_000, abs=100))
    assert slider(browser)[0] == 0
    browser.execute_script(
        "arguments[0].dispatchEvent(new WheelEvent('wheel', {deltaY: 300, ctrlKey: true, bubbles: true, "
        "cancelable: true, clientX: arguments[0].getBoundingClientRect().left}))",
        canvas,
    )
    begin, end = view()
    assert end - begin == pytest.approx(15_000 * 2.718, rel=0.01)


def test_four_hours_are_drawn_at_once(browser: Any, folder: Path) -> None:
    opened(browser, page_of(folder, "long"))
    took = browser.execute_script(
        "const t = performance.now(); for (let i = 0; i < 5; i++) dispatchEvent(new Event('afterprint'));"
        "return (performance.now() - t) / 5"
    )
    assert took < 250
    assert [name for name, colours in browser.execute_script(INK) if not colours] == []


def test_paper_is_light_and_as_wide_as_a_sheet(browser: Any, folder: Path) -> None:
    opened(browser, page_of(folder, "call-1"))
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    )
    ink = "return getComputedStyle(document.documentElement).getPropertyValue('--ink').trim()"
    dark = browser.execute_script(ink)
    browser.execute_script("dispatchEvent(new Event('beforeprint'))")
    assert browser.execute_script(ink) != dark
    assert browser.execute_script("return document.querySelector('main').offsetWidth") == 690
    browser.execute_script("dispatchEvent(new Event('afterprint'))")
    assert browser.execute_script(ink) == dark
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
