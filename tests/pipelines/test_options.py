"""Command lines: strict, and clear about what is wrong."""

import argparse

import pytest

from callbeam.errors import UsageError
from callbeam.pipelines import cli
from callbeam.pipelines.options import StrictParser, instant, number_at_least, parse, show_instant


@pytest.fixture
def parser() -> StrictParser:
    parser = StrictParser()
    parser.add_argument("--streams", nargs="+")
    parser.add_argument("--max-loss", type=float)
    return parser


def test_a_misspelt_option_names_the_nearest(parser: StrictParser) -> None:
    with pytest.raises(UsageError, match=r"unknown option --stream; did you mean --streams\?"):
        parse(parser, ["--stream", "a"], beam=False)


def test_an_option_is_not_abbreviated(parser: StrictParser) -> None:
    with pytest.raises(UsageError, match="--max"):
        parse(parser, ["--max", "1"], beam=True)


def test_beams_own_options_pass(parser: StrictParser) -> None:
    options, words = parse(parser, ["--streams", "a", "b", "--runner=FlinkRunner", "--parallelism", "4"], beam=True)
    assert options.streams == ["a", "b"]
    assert words == ["--runner=FlinkRunner", "--parallelism", "4"]


def test_beams_options_are_unknown_where_beam_does_not_run(parser: StrictParser) -> None:
    with pytest.raises(UsageError, match="unknown option --runner"):
        parse(parser, ["--runner=FlinkRunner"], beam=False)


def test_a_misspelt_beam_option_names_the_nearest(parser: StrictParser) -> None:
    with pytest.raises(UsageError, match=r"unknown option --direct_num_worker; did you mean --direct_num_workers\?"):
        parse(parser, ["--direct_num_worker=2"], beam=True)


def test_a_word_without_an_option_is_an_error(parser: StrictParser) -> None:
    with pytest.raises(UsageError, match="unexpected argument 'stray'"):
        parse(parser, ["stray"], beam=True)


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T01:00:00+01:00", 0),
        ("2026-03-02T00:00:00.250Z", 1772409600250),
        ("2026-03-02T00:00Z", 1772409600000),
    ],
)
def test_instants(text: str, milliseconds: int) -> None:
    assert instant(text) == milliseconds


@pytest.mark.parametrize(
    ("text", "complaint"), [("2026-03-02T00:00:00", "has no zone"), ("yesterday", "no ISO 8601"), ("", "no ISO 8601")]
)
def test_bad_instants(text: str, complaint: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=complaint):
        instant(text)


def test_instants_come_back() -> None:
    assert show_instant(instant("2026-03-02T12:34:56Z")) == "2026-03-02T12:34:56Z"


def test_numbers_have_a_floor() -> None:
    assert number_at_least(0)("0.5") == 0.5
    for text in ("-1", "nan", "x"):
        with pytest.raises(argparse.ArgumentTypeError):
            number_at_least(0)(text)


def test_an_unknown_command_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["backfil"]) == 2
    assert "did you mean backfill?" in capsys.readouterr().err
    assert cli.main([]) == 2
    assert cli.main(["--help"]) == 0
