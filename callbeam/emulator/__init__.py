"""Kinesis Video Streams on this machine: a server that SDKs talk to as to KVS.

``with Emulator() as kvs`` opens a port; load captures, recordings or made-up calls, and point any SDK at
``kvs.endpoint_url``. Quotas and faults are as KVS has them, and faults come when asked for.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
