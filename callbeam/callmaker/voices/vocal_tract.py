"""The vocal tract's filter, as all made-up voices share it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

BANDWIDTHS_HZ = (70.0, 100.0, 140.0, 200.0, 280.0)
"""Bandwidths of the formants F1 to F5."""


def tract_response(
    formants_hz: npt.NDArray[np.float64], frequency: npt.NDArray[np.floating]
) -> npt.NDArray[np.complex128]:
    """Transfer function of a cascade of analogue resonators with unit gain at 0 Hz; shape (pulses, frequencies).

    Analogue, so that a formant above the Nyquist frequency still lends its slope and does not fold back.
    """
    product: npt.NDArray[np.complex128] = np.ones((formants_hz.shape[1], len(frequency)), dtype=complex)
    squared, imaginary = frequency**2, 1j * frequency
    for centre, bandwidth in zip(formants_hz, BANDWIDTHS_HZ, strict=True):
        inverse = (1 / centre**2)[:, None]
        product *= 1 + inverse * (bandwidth * imaginary - squared)
    return 1 / product
