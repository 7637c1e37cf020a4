from .iceberg_option import add_iceberg_argument as add_iceberg_argument
from .local_folder import folder_beside as folder_beside
from .parsing import StrictParser as StrictParser
from .parsing import instant as instant
from .parsing import number as number
from .parsing import parse as parse
from .parsing import show_instant as show_instant
from .parsing import suggestion as suggestion
from .parsing import web_address as web_address
from .parsing import whole_number as whole_number
from .s3_options import add_s3_arguments as add_s3_arguments
from .s3_options import add_s3_writing_arguments as add_s3_writing_arguments
from .s3_options import output_config as output_config
from .s3_options import s3_config as s3_config

__all__ = [
    "StrictParser",
    "add_iceberg_argument",
    "add_s3_arguments",
    "add_s3_writing_arguments",
    "folder_beside",
    "instant",
    "number",
    "output_config",
    "parse",
    "s3_config",
    "show_instant",
    "suggestion",
    "web_address",
    "whole_number",
]
