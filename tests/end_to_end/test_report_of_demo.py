"""The report over what a backfill really writes."""

from __future__ import annotations

import json
import re
from collections import Counter
from html import unescape
from pathlib import Path
from typing import Any

from callbeam.pipelines import report


def test_every_call_gets_a_page_with_all_that_its_tables_hold(demo_output: Any, tmp_path: Path) -> None:
    calls = demo_output.rows("calls")
    assert report.main([str(demo_output.output), "--sample", str(len(calls)), "--to", str(tmp_path)]) == 0
    pages = {}
    for path in (tmp_path / "pages").iterdir():
        text = path.read_text()
        call_id = unescape(re.search(r'<span class="id">(.*?)</span>', text)[1])
        pages[call_id] = (text, json.loads(re.search(r'id="call-data">(.*?)</script>', text)[1]))
    assert set(pages) == {call["call_id"] for call in calls}
    utterances = Counter(row["call_id"] for row in demo_output.rows("utterances"))
    events = Counter(row["call_id"] for row in demo_output.rows("events"))
    channels = {(row["call_id"], row["participant_role"] or row["channel_id"]) for row in demo_output.rows("channels")}
    for call_id, (text, data) in pages.items():
        assert len(data["utterances"]) == len(re.findall(r'<tr id="u\d+">', text)) == utterances[call_id]
        assert len(data["events"]) == len(re.findall(r'<tr id="e\d+">', text)) == events[call_id]
        assert len(data["lanes"]) == sum(key[0] == call_id for key in channels)
        assert all(lane["waves"] and lane["series"] for lane in data["lanes"])
    played = {call_id for call_id, (text, data) in pages.items() if data["clips"] and "<audio" in text}
    assert played == {row["call_id"] for row in demo_output.rows("clips")}
