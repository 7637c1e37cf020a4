"""The examples in docstrings run, and print what they say; in a folder that holds the files which they name."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import numpy as np
import pytest
import soundfile
from builders.made_output import MadeOutput
from test_rooms import MODULES

from callbeam.callmaker import CallSpec, ConversationSpec, connect_fragments_from_pcm, make_call
from callbeam.callmaker.dialects import ProducerFragment
from callbeam.mkv import FRAGMENT_NUMBER, PRODUCER_TIMESTAMP, SERVER_TIMESTAMP, insert_aws_tags

WITH_EXAMPLES = [module for module, path in MODULES.items() if ">>> " in path.read_text(encoding="utf-8")]
TWO_FRAGMENTS = 2 * 16 * 512
FIRST_NUMBER = 91343852333181432392682062625456550729822253369
OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def _as_served(fragment: ProducerFragment, index: int) -> bytes:
    """Return a fragment with the tags that GetMedia gives it."""
    tags = [
        (FRAGMENT_NUMBER, str(FIRST_NUMBER + index)),
        (SERVER_TIMESTAMP, f"{fragment.server_ms / 1000:.3f}"),
        (PRODUCER_TIMESTAMP, f"{fragment.producer_ms / 1000:.3f}"),
    ]
    return insert_aws_tags(fragment.data, tags, [])


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make ``capture.mkv`` (two fragments of a call), ``recording.wav`` (its first 20 s), and ``out`` (an output)."""
    folder = tmp_path_factory.mktemp("examples")
    spec = CallSpec(call_id="c-1", start_ms=1_772_355_600_000, conversation=ConversationSpec(duration_ms=60_000))
    customer, agent = (make_call(spec, 1).pcm[role][: 20 * 8000] for role in ("CUSTOMER", "AGENT"))
    start = (customer[:TWO_FRAGMENTS], agent[:TWO_FRAGMENTS])
    fragments = connect_fragments_from_pcm(*start, contact_id="c-1", start_ms=spec.start_ms, sample_rate_hz=8000)
    capture = [_as_served(fragment, index) for index, fragment in enumerate(fragments)]
    (folder / "capture.mkv").write_bytes(b"".join(capture))
    soundfile.write(folder / "recording.wav", np.stack((customer, agent), axis=1), 8000)
    made = MadeOutput(folder / "out")
    made.add_call("c-1")
    made.publish()
    return folder


@pytest.mark.usefixtures("aws_credentials")
@pytest.mark.parametrize("module", WITH_EXAMPLES)
def test_examples_run(module: str, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(files)
    found = importlib.import_module(module)
    runner = doctest.DocTestRunner(optionflags=OPTIONS)
    report: list[str] = []
    for test in doctest.DocTestFinder().find(found, module):
        runner.run(test, out=report.append)
    assert not runner.summarize(verbose=False).failed, "".join(report)


def test_the_first_names_have_examples() -> None:
    import callbeam

    for name in callbeam.__all__:
        assert ">>> " in getattr(callbeam, name).__doc__
