"""Outputs to report on."""

from builders.made_output import made  # noqa: F401 - a fixture
