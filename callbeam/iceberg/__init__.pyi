from .catalog_name import check_catalog as check_catalog
from .snapshot_commits import Published as Published
from .snapshot_commits import commit_files as commit_files

__all__ = ["Published", "check_catalog", "commit_files"]
