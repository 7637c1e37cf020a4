"""``callbeam`` as it runs where pandas is not installed: ``python benchmarks/without_pandas.py backfill ...``.

Callbeam does not need pandas, which Beam imports wherever it finds it: 35 MB.
"""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType


class WithoutPandas(MetaPathFinder):
    """Finds that there is no pandas."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:  # noqa: ARG002  (Python's signature)
        """Raise for pandas; leave other modules to the finders behind this one."""
        if fullname == "pandas":
            raise ModuleNotFoundError("No module named 'pandas'", name=fullname)


if __name__ == "__main__":
    sys.meta_path.insert(0, WithoutPandas())
    from callbeam.pipelines.cli import main

    sys.exit(main())
