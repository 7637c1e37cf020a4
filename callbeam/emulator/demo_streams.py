"""Puts made-up calls into streams, once: the same demo in the same folder is not put in again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from callbeam.emulator.loading import loaded_stream_info
from callbeam.emulator.store import examine
from callbeam.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from callbeam.emulator.config import EmulatorConfig
    from callbeam.emulator.store import StreamStore


def put_demo(store: StreamStore, config: EmulatorConfig, calls: int, seed: int) -> Path:
    """Put made-up calls into the store; return the folder with the truth about them, beside which are ``records``.

    ``demo.json`` is written first as unfinished and last as whole, so that a demo that was broken off is made anew.

    Raises
    ------
    UsageError
        The folder holds another demo, or streams of other origin under the demo's names.
    """
    truth = store.folder / "truth"
    marker = store.folder / "demo.json"
    wanted = {"calls": calls, "seed": seed, "region": config.region}
    found = json.loads(marker.read_text()) if marker.exists() else None
    if found is not None and found["demo"] != wanted:
        raise UsageError(
            f"{store.folder} holds another demo ({found['demo']}); choose another --data folder, or delete this one"
        )
    if found is not None and found["whole"]:
        return truth
    _write(store, marker, wanted, whole=False, streams=[])
    for name in found["streams"] if found is not None else []:
        stream = store.find(name, config.region)
        if stream is not None:
            store.delete(stream)
    _make(store, config, wanted, marker)
    return truth


def _make(store: StreamStore, config: EmulatorConfig, wanted: dict[str, object], marker: Path) -> None:
    from callbeam.callmaker import load_truth, make_demo, write_records  # noqa: PLC0415 - only a demo needs voices

    made: list[str] = []
    truth = store.folder / "truth"
    for source in make_demo(int(str(wanted["calls"])), seed=int(str(wanted["seed"])), truth_dir=truth):
        stream = store.find(source.stream, config.region)
        if stream is not None and source.stream not in made:
            raise UsageError(f"the folder has a stream {source.stream} that is no demo's; choose another --data folder")
        for fragment in source.fragments:
            if stream is None:
                made.append(source.stream)
                _write(store, marker, wanted, whole=False, streams=made)
                stream = store.create(loaded_stream_info(source.stream, config, fragment.server_ms))
            stream.add(examine(fragment.data), server_ms=fragment.server_ms, producer_ms=fragment.producer_ms)
    arns = {stream.info.name: stream.info.arn for stream in store.all()}
    write_records((load_truth(path) for path in truth.glob("*.json")), arns.__getitem__, store.folder / "records")
    _write(store, marker, wanted, whole=True, streams=made)


def _write(store: StreamStore, marker: Path, wanted: dict[str, object], *, whole: bool, streams: list[str]) -> None:
    temporary = store.folder / "demo.json.new"
    temporary.write_text(json.dumps({"demo": wanted, "whole": whole, "streams": streams}, indent=1))
    temporary.replace(marker)
