"""A run of samples read from the blocks that hold it. What their payload is, ``callbeam.calls`` has decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callbeam.calls.samples import read_samples

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from callbeam.calls.blocks import Run
    from callbeam.calls.formats import AudioFormat


def read_run(data: bytes | memoryview, run: Run, form: AudioFormat) -> npt.NDArray[np.int16]:
    """Read a run's samples.

    Parameters
    ----------
    data : bytes-like
        The document.
    run : Run
    form : AudioFormat
        Of a stream of samples.

    Returns
    -------
    int16 array, shape (run.end - run.start, form.channels), or (run.end - run.start,) of one channel
        Read-only where it is a view of ``data``.
    """
    if len(run.blocks) == 1 and not run.head:
        _, _, start, end = run.blocks[0]
        payload = memoryview(data)[start:end]
    else:
        payload = memoryview(b"".join([run.head, *(data[start:end] for _, _, start, end in run.blocks)]))
    samples = read_samples(payload[: (run.end - run.start) * form.frame_bytes], form.encoding)
    return samples if form.channels == 1 else samples.reshape(-1, form.channels)
