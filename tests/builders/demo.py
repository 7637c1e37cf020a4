"""The demo's calls, made up once for all tests of a process that want them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import pytest

from callbeam.callmaker import CallSpec, make_call

if TYPE_CHECKING:
    from pathlib import Path

    from callbeam.callmaker import MadeCall
    from callbeam.emulator import Emulator

MAKERS = ("callbeam.callmaker.demo_calls.make_call", "callbeam.callmaker.recorded_calls.make_call")


@cache
def _sound(spec: CallSpec, seed: int) -> MadeCall:
    call = make_call(spec, seed)
    for samples in call.pcm.values():
        samples.setflags(write=False)  # others will hear the same
    return call


def _made_once(spec: CallSpec, seed: int) -> MadeCall:
    # When a call is, and how it is called, is not to be heard.
    return replace(_sound(replace(spec, call_id="", start_ms=0), seed), spec=spec)


def load_demo(emulator: Emulator, calls: int) -> Path:
    """Do as ``emulator.load_demo``, which takes 1.5 s a call, for a test that is not about how calls are made up."""
    with pytest.MonkeyPatch.context() as patch:
        for maker in MAKERS:
            patch.setattr(maker, _made_once)
        return emulator.load_demo(calls)
