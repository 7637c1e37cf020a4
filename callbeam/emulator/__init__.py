"""Kinesis Video Streams on this machine: a server that SDKs talk to as to KVS, and calls with known truth."""

from callbeam.emulator.config import AWS_QUOTAS, EmulatorConfig, Quotas
from callbeam.emulator.emulator import Emulator
from callbeam.emulator.faults import Fault

__all__ = ["AWS_QUOTAS", "Emulator", "EmulatorConfig", "Fault", "Quotas"]
