from dataclasses import fields
from pathlib import Path

import pytest

from callbeam.conversation import Thresholds
from callbeam.conversation.conversation import ONE_PARTICIPANT_HEARD, PROMPTS_COUNTED_AS_AGENT
from callbeam.conversation.overlaps import Overlap
from callbeam.conversation.totals import TOTAL_NAMES
from callbeam.conversation.turns import Turn
from callbeam.schemas import ACOUSTIC_MEASURES
from callbeam.schemas.events import EVENT_TYPES, EVENTS
from callbeam.schemas.phases import PHASE_KINDS
from callbeam.speech import UtteranceConfig

TEXT = (Path(__file__).parents[2] / "docs" / "definitions.md").read_text(encoding="utf-8")

MEASURES = {field.name for field in fields(Overlap)} & {column.name for column in EVENTS.columns}
SOUNDS = {column.name for column in ACOUSTIC_MEASURES if not column.name.startswith("mfcc_")}


@pytest.mark.parametrize("names", [EVENT_TYPES, PHASE_KINDS, TOTAL_NAMES, MEASURES, SOUNDS])
def test_all_that_is_measured_is_defined(names):
    assert not [name for name in names if f"`{name}`" not in TEXT]


def test_turns_and_warnings_are_defined():
    assert not [field.name for field in fields(Turn) if f"`{field.name}`" not in TEXT]
    assert not [name for name in (ONE_PARTICIPANT_HEARD, PROMPTS_COUNTED_AS_AGENT) if f"`{name}`" not in TEXT]


def test_the_figures_are_the_defaults():
    figures = {getattr(Thresholds(), field.name) for field in fields(Thresholds)} | {UtteranceConfig().max_duration_ms}
    written = {f"**{ms} ms**" if ms < 1000 else f"**{ms / 1000:g} s**" for ms in figures}
    assert not [figure for figure in written if figure not in TEXT]
