from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from builders.made_output import START, MadeOutput

from callbeam.catalog.views import DUCKDB, views
from callbeam.conversation.conversation import ONE_PARTICIPANT_HEARD, PROMPTS_COUNTED_AS_AGENT
from callbeam.line import CHANNELS_MAY_BE_SWAPPED, ECHO_LEAK
from callbeam.line.layout import CHANNELS_IDENTICAL
from callbeam.report import CLIP_BYTES, write_report
from callbeam.report.call_rows import CallRows, load_calls
from callbeam.report.markup import data_block, el, join
from callbeam.report.said_tables import DIFFERENT
from callbeam.report.sentiment_lines import line_score, sentiment_lines
from callbeam.report.timeline_data import chosen_clips, playable, timeline_data
from callbeam.report.words import EVENTS, WARNINGS
from callbeam.report.write import page_name
from callbeam.schemas.events import EVENT_TYPES
from callbeam.storage import StorageConfig
from callbeam.tables import open_output

HOSTILE = "<script>document.title='owned'</script>\"'&\u2028#7 ../../x"


class Parsed(HTMLParser):
    """The elements of a page, its data block, and whether every element is closed where it should be."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.opened: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.data: Any = None
        self._stack: list[str] = []
        self.feed(text)
        self.close()
        assert self._stack == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.opened.append((tag, dict(attrs)))
        if tag not in ("meta", "link", "br"):
            self._stack.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._stack.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._stack and self._stack[-1] == "script" and self.opened[-1][1].get("type") == "application/json":
            self.data = json.loads(data)
        else:
            self.texts.append(data)

    def ids(self, prefix: str) -> list[str]:
        return [attrs["id"] or "" for _, attrs in self.opened if re.fullmatch(prefix + r"\d+", attrs.get("id") or "")]


def write(made: MadeOutput, **options: Any) -> tuple[Parsed, list[Parsed]]:
    folder = made.publish(**options)
    report = write_report(open_output(StorageConfig(str(folder))), folder / "_report")
    return Parsed(report.index.read_text()), [Parsed(path.read_text()) for path in report.pages]


def rows_of(made: MadeOutput, call_id: str) -> CallRows:
    output = open_output(StorageConfig(str(made.publish())))
    call = next(row for row in made.rows["calls"] if row["call_id"] == call_id)
    return load_calls(output, [call])[0]


def test_pages_without_audio_read_no_clips(made: MadeOutput) -> None:
    made.add_call("call-1", duration_ms=60_000)
    made.add_clip("call-1", "CUSTOMER", 2000, 1500)
    folder = made.publish()
    output = open_output(StorageConfig(str(folder)))
    (page,) = write_report(output, folder / "_report").pages
    assert '<audio id="player"' in page.read_text()
    shutil.rmtree(folder / "clips")
    (page,) = write_report(output, folder / "_report", clip_bytes=0).pages
    assert "<audio" not in page.read_text()


def test_a_page_holds_the_call(made: MadeOutput) -> None:
    made.add_call("call-1", duration_ms=60_000, warnings=["echo_leak", "made_up_warning"])
    made.add_clip("call-1", "CUSTOMER", 2000, 1500)
    index, [page] = write(made)
    utterances = sorted(made.rows["utterances"], key=lambda row: row["begin_offset_ms"])
    assert len(page.ids("u")) == len(utterances) == len(page.data["utterances"])
    assert len(page.ids("e")) == len(made.rows["events"]) == len(page.data["events"])
    assert [(each[0], each[1]) for each in page.data["utterances"]] == [
        (row["begin_offset_ms"], row["end_offset_ms"]) for row in utterances
    ]
    assert [lane["role"] for lane in page.data["lanes"]] == ["CUSTOMER", "AGENT"]
    for lane, channel in zip(page.data["lanes"], made.rows["channels"], strict=True):
        [wave] = lane["waves"]
        peaks = memoryview(base64.b64decode(wave["peaks"])).cast("b").tolist()
        assert peaks == [-1 if peak is None else peak for peak in channel["peaks"]]
        assert len(lane["series"][0]["level"]) == 60
    assert WARNINGS["echo_leak"] in page.texts
    assert "Made up warning." in page.texts
    clip = base64.b64decode(page.data["clips"][0][3])
    assert clip == made.rows["clips"][0]["audio"]["bytes"]
    assert page.data["clips"][0][:3] == [2000, 3500, 0]
    assert ("a", page_name("call-1", made.rows["calls"][0]["job_id"])) in [
        (tag, (attrs.get("href") or "").removeprefix("pages/")) for tag, attrs in index.opened
    ]


def test_a_name_that_is_markup_stays_text(made: MadeOutput) -> None:
    for seed in range(1, 9):
        made.add_call(f"call-{seed}", seed=seed)
    made.add_call(HOSTILE, seed=9, longest_non_talk_ms=900_000, warnings=["<img src=x onerror=alert(1)>"])
    made.rows["channels"][-1]["track_name"] = "</table><script>1</script>"
    made.rows["events"][-1]["event_type"] = "</script><script>alert(2)</script>"
    made.rows["phases"][-1]["phase"] = "</script>"
    index, pages = write(made)
    page = next(each for each in pages if HOSTILE in each.texts)
    assert HOSTILE in index.texts
    for parsed in (index, page):
        assert not [tag for tag, _ in parsed.opened if tag in ("img", "iframe", "object", "form")]
    assert len([tag for tag, _ in page.opened if tag == "script"]) == 2
    assert not [tag for tag, _ in index.opened if tag == "script"]
    assert page.data["kinds"][-1]["kind"] == "</script><script>alert(2)</script>"


def test_page_names_stay_in_their_folder() -> None:
    for call_id in (HOSTILE, "../../etc/passwd", "", ".", "..", "a" * 500, "\N{GREEK SMALL LETTER ALPHA}", "con/\0"):
        name = page_name(call_id, "job")
        assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,80}", name), name
    assert page_name("a/b", "job") != page_name("a?b", "job")
    assert page_name("a", "job") != page_name("a", "other")


def test_the_policy_allows_the_own_script_and_nothing_else(made: MadeOutput) -> None:
    made.add_call("a")
    folder = made.publish()
    report = write_report(open_output(StorageConfig(str(folder))), folder / "_report")
    text = report.pages[0].read_text()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy
    for element, directive in (("script", "script-src"), ("style", "style-src")):
        content = re.findall(rf"<{element}>(.*?)</{element}>", text, re.DOTALL)
        assert len(content) == 1
        digest = base64.b64encode(hashlib.sha256(content[0].encode()).digest()).decode()
        assert f"{directive} &#x27;sha256-{digest}&#x27;;" in policy[1]
    assert "default-src &#x27;none&#x27;" in policy[1]
    assert "http:" not in text
    assert "https:" not in text


@pytest.mark.parametrize("missing", ["utterances", "events", "phases", "seconds", "channels", "all"])
def test_an_output_without_a_table_gives_pages(made: MadeOutput, missing: str) -> None:
    made.add_call("a")
    for name in [missing] if missing != "all" else [name for name in made.rows if name != "calls"]:
        del made.rows[name]
    _, [page] = write(made)
    assert page.data["duration"] == 60_000
    assert len(page.data["lanes"]) == (0 if missing in ("channels", "all") else 2)


def test_an_output_of_an_older_version_gives_pages(made: MadeOutput) -> None:
    made.add_call("a")
    without = {
        "calls": {"channel_layout", "metrics_scope", "warnings", "agent_talk_ratio", "talk_time_agent_ms"},
        "channels": {"peaks", "snr_db", "role_confidence", "echo_leak_db"},
        "utterances": {"is_backchannel", "level_mean_dbfs"},
        "seconds": {"f0_median_hz"},
    }
    _, [page] = write(made, without=without)
    assert page.data["lanes"][0]["waves"] == []
    assert page.data["pitches"] is None
    assert page.data["levels"] is not None


def test_a_call_without_audio_gives_a_page(made: MadeOutput) -> None:
    made.add("calls", call_id="silent", status="no_audio", source="chime", clock_source="server", call_start_ts=START)
    _, [page] = write(made)
    assert "No audio of this call could be decoded, so there is nothing to draw." in page.texts


def test_an_unknown_role_has_a_lane_of_its_own(made: MadeOutput) -> None:
    made.add_call("a")
    for name in ("channels", "utterances", "seconds"):
        for row in made.rows[name]:
            if row["participant_role"] == "AGENT":
                row["participant_role"] = None
    _, [page] = write(made)
    assert [lane["label"] for lane in page.data["lanes"]] == ["Customer", "Channel A"]
    assert {each[2] for each in page.data["utterances"]} == {0, 1}


def test_legs_of_one_role_share_a_lane_each_in_its_place(made: MadeOutput) -> None:
    made.add_call("a")
    first = made.rows["channels"][0]
    later = {**first, "channel_id": "leg-2", "start_ts": first["start_ts"] + timedelta(seconds=90), "peaks": [5] * 40}
    made.rows["channels"].append({**later, "begin_offset_ms": 90_000, "end_offset_ms": 92_000})
    data = timeline_data(rows_of(made, "a"), clip_bytes=0)
    assert [wave["begin"] for wave in data["lanes"][0]["waves"]] == [0, 90_000]


def test_calls_of_two_jobs_have_two_pages(made: MadeOutput) -> None:
    made.add_call("a", seed=1)
    made.rows["calls"].append({**made.rows["calls"][0], "job_id": "another"})
    _, pages = write(made)
    assert sorted(len(page.ids("u")) > 0 for page in pages) == [False, True]


def test_clips_are_taken_as_far_as_they_fit_and_windows_only_where_no_utterance_is(made: MadeOutput) -> None:
    made.add_call("a")
    for begin in (2000, 10_000, 20_000):
        made.add_clip("a", "CUSTOMER", begin, 2000)
    made.add_clip("a", "CUSTOMER", 9000, 9000, unit_type="window")
    made.add_clip("a", "CUSTOMER", 30_000, 3000, unit_type="window")
    made.add_clip("a", "AGENT", 10_000, 3000, unit_type="window")
    clips = rows_of(made, "a").clips
    assert sorted(clip["begin_offset_ms"] for clip in playable(clips)) == [2000, 10_000, 10_000, 20_000, 30_000]
    size = len(made.rows["clips"][0]["audio"]["bytes"])
    assert [clip["begin_offset_ms"] for clip in chosen_clips(clips, 2 * size)] == [2000, 10_000]
    assert chosen_clips(clips, 0) == []


def test_a_page_of_four_hours_stays_small(made: MadeOutput) -> None:
    made.add_call("long", duration_ms=4 * 3_600_000)
    folder = made.publish()
    report = write_report(open_output(StorageConfig(str(folder))), folder / "_report")
    assert len(made.rows["utterances"]) > 3000
    assert report.pages[0].stat().st_size + CLIP_BYTES * 4 / 3 < 5_000_000


def test_a_figure_that_all_calls_share_has_no_distribution(made: MadeOutput) -> None:
    for seed in range(3):
        made.add_call(f"call-{seed}", seed=seed, first_speech_agent_ms=500)
    made.publish()
    write_report(open_output(StorageConfig(str(made.folder))), made.folder / "_report")
    rows = re.findall(r'<tr><th scope="row".*?</tr>', (made.folder / "_report" / "index.html").read_text())
    (alike,) = (row for row in rows if "Agent first speaks" in row)
    (other,) = (row for row in rows if "Agent&#x27;s latency p50" in row)
    assert ("all alike" in alike, "<svg" in alike) == (True, False)
    assert ("all alike" in other, "<svg" in other) == (False, True)


def test_every_event_of_the_schema_is_named() -> None:
    assert set(EVENT_TYPES) == set(EVENTS)


def test_every_warning_has_words() -> None:
    codes = {CHANNELS_IDENTICAL, ECHO_LEAK, CHANNELS_MAY_BE_SWAPPED, ONE_PARTICIPANT_HEARD, PROMPTS_COUNTED_AS_AGENT}
    assert codes <= set(WARNINGS)


def test_text_is_escaped_unless_it_is_markup() -> None:
    assert join("<", el("b", "&", title='"')) == '&lt;<b title="&quot;">&amp;</b>'
    block = data_block("id", {"a": "</script><!--\u2028"})
    assert block.count("<") == 2
    assert json.loads(block.partition(">")[2].removesuffix("</script>")) == {"a": "</script><!--\u2028"}


def test_every_asset_is_in_the_wheel() -> None:
    setup = (Path(__file__).parents[2] / "setup.py").read_text()
    assert '"callbeam.report": ["assets/*"]' in setup


def test_a_page_tells_what_others_say(made: MadeOutput) -> None:
    made.add_call("call-1", duration_ms=60_000)
    made.add_call("call-2", duration_ms=60_000, seed=2)
    made.add_said("call-1")
    _, pages = write(made)
    told, untold = sorted(pages, key=lambda page: "Transcript" not in page.texts)
    assert "Good <morning>" in told.texts
    assert "12.3 s" in told.texts
    assert "NEGATIVE" in told.texts
    kinds = [attrs["data-kind"] for tag, attrs in told.opened if tag == "tr" and "data-kind" in attrs]
    assert kinds == ["START", "ADD_TRANSCRIPT_SEGMENT", "END"]
    assert not {"Transcript", "Comparison", "Labels", "Messages"} & set(untold.texts)


def label(name: str, value: str | None = None, score: float | None = None, scale: str | None = None) -> dict[str, Any]:
    return {"name": name, "value": value, "score": score, "scale": scale}


@pytest.mark.parametrize(
    ("judged", "score"),
    [
        # positive 0.6, negative 0.2: 0.6 * 1.5 - 0.2 * 1.5
        (label("voice_tone_score", score=0.6 - 0.2, scale="-1..1"), 0.6),
        (label("voice_tone", value="positive", score=0.6, scale="0..1"), None),
        (label("sentiment", "POSITIVE"), 1.5),
        (label("sentiment", "NEGATIVE"), -1.5),
        (label("sentiment", "NEUTRAL"), 0),
        (label("sentiment", "MIXED"), 0),
        (label("sentiment", "positive"), 1.5),
        (label("sentiment", "angry"), None),
        (label("sentiment", "POSITIVE", 2.5, "-5..5"), 0.75),
        (label("sentiment", None, -5.0, "-5..5"), -1.5),
        (label("sentiment", "NEGATIVE", 0.9, "0..1"), -1.5),
        (label("sentiment", None, 0.9, "0..1"), None),
        (label("sentiment", None, 3.0, "1..5"), None),
        (label("sentiment", None, 0.0, "-0..0"), None),
        (label("category", "POSITIVE"), None),
    ],
    ids=lambda value: "-".join(str(one) for one in value.values()) if isinstance(value, dict) else str(value),
)
def test_sentiment_counts_as_the_consumer_application_counts_it(judged: dict[str, Any], score: float | None) -> None:
    assert line_score(judged) == score


def test_each_source_and_participant_has_a_line(made: MadeOutput) -> None:
    made.add_call("call-1")
    made.add_said("call-1")
    about = {"call_id": "call-1", "call_known": True, "source": "chime_call_analytics", "place": "f"}
    for number, (begin, score) in enumerate(((30_000, -0.5), (0, 0.4))):
        spans = {"begin_offset_ms": begin, "end_offset_ms": begin + 30_000, "participant_role": "CUSTOMER"}
        made.add("labels", **about, **spans, label_id=f"t{number}", name="voice_tone_score", score=score, scale="-1..1")
    made.add("labels", **about, label_id="u", name="sentiment", value="POSITIVE", unit_id="of a unit, without a time")
    rows = rows_of(made, "call-1")
    assert sentiment_lines(rows) == [
        {"of": "Chime call analytics, voice tone", "lane": 0, "points": [[0, 30_000, 0.6], [30_000, 60_000, -0.75]]},
        {"of": "Contact lens", "lane": 1, "points": [[3_000, 5_000, -1.5]]},
    ]
    assert timeline_data(rows, clip_bytes=0)["sentiment"] == sentiment_lines(rows)
    made.rows["labels"] = []
    assert sentiment_lines(rows_of(made, "call-1")) == []


def test_figures_beside_ours_say_that_they_are_defined_otherwise(made: MadeOutput) -> None:
    made.add_call("call-1")
    made.add_call("call-2", seed=2)
    made.add_said("call-1")
    _, pages = write(made)
    said = [page for page in pages if "Comparison" in page.texts]
    assert len(said) == 1
    assert DIFFERENT in said[0].texts
    heading = DIFFERENT.rpartition(", ")[2].rstrip(".")
    assert f"## {heading}\n" in (Path(__file__).parents[2] / "docs" / "definitions.md").read_text(encoding="utf-8")
    assert heading in views(DUCKDB)["comparison"]
