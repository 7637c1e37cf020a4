"""Kinesis Video Streams on this machine: a server that SDKs talk to as to KVS."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
