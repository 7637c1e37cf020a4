from .interface import ObjectStore as ObjectStore
from .interface import StorageConfig as StorageConfig
from .interface import StorageError as StorageError
from .objects import check_writable as check_writable
from .objects import open_store as open_store
from .objects import resolve_config as resolve_config

__all__ = [
    "ObjectStore",
    "StorageConfig",
    "StorageError",
    "check_writable",
    "open_store",
    "resolve_config",
]
