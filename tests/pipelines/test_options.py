"""Command lines: strict, and clear about what is wrong."""

import argparse

import pytest

from callbeam.errors import UsageError
from callbeam.pipelines import cli
from callbeam.pipelines.command_line import (
    StrictParser,
    instant,
    number,
    parse,
    show_instant,
    web_address,
    whole_number,
)
from callbeam.pipelines.options import add_source_arguments, beam_parser, check_beam_words


@pytest.fixture
def parser() -> StrictParser:
    parser = StrictParser()
    parser.add_argument("--streams", nargs="+")
    parser.add_argument("--max-loss", type=float)
    return parser


def test_a_misspelt_option_names_the_nearest(parser: StrictParser) -> None:
    with pytest.raises(UsageError, match=r"unknown option --stream; did you mean --streams\?"):
        parse(parser, ["--stream", "a"])


@pytest.mark.parametrize("name", ["--streams", "--attributes", "--contact-id", "--voice-connector-id"])
def test_an_option_that_takes_several_values_may_stand_twice(name: str) -> None:
    parser = StrictParser()
    add_source_arguments(parser)
    options, _ = parse(parser, [name, "a", "b", name, "c"])
    assert ["a", "b", "c"] in vars(options).values()


def test_an_option_is_not_abbreviated(parser: StrictParser) -> None:
    with pytest.raises(UsageError, match="--max"):
        parse(parser, ["--max", "1"], others=beam_parser().known_options)


def test_beams_own_options_pass(parser: StrictParser) -> None:
    options, words = parse(
        parser,
        ["--streams", "a", "b", "--runner=FlinkRunner", "--parallelism", "4"],
        others=beam_parser().known_options,
    )
    assert options.streams == ["a", "b"]
    assert words == ["--runner=FlinkRunner", "--parallelism", "4"]


def test_beams_options_are_unknown_where_beam_does_not_run(parser: StrictParser) -> None:
    with pytest.raises(UsageError, match="unknown option --runner"):
        parse(parser, ["--runner=FlinkRunner"])


def test_a_misspelt_beam_option_names_the_nearest(parser: StrictParser) -> None:
    with pytest.raises(UsageError, match=r"unknown option --direct_num_worker; did you mean --direct_num_workers\?"):
        parse(parser, ["--direct_num_worker=2"], others=beam_parser().known_options)


def test_a_word_without_an_option_is_an_error(parser: StrictParser) -> None:
    with pytest.raises(UsageError, match="unexpected argument 'stray'"):
        parse(parser, ["stray"])


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
    ("text", "complaint"),
    [
        ("2026-03-02T00:00:00", "has no zone: write 2026-03-02T00:00:00Z"),
        ("2026-03-02", "names no time of day: write 2026-03-02T00:00:00Z"),
        ("2026-03-02Z", "names no time of day: write 2026-03-02T00:00:00Z"),
        ("2026-03-02+05:00", "names no time of day: write 2026-03-02T00:00:00Z"),
        ("yesterday", "no ISO 8601"),
        ("", "no ISO 8601"),
    ],
)
def test_bad_instants(text: str, complaint: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=complaint):
        instant(text)


def test_instants_come_back() -> None:
    assert show_instant(instant("2026-03-02T12:34:56Z")) == "2026-03-02T12:34:56Z"


def test_numbers_have_limits() -> None:
    assert number(0, 1)("0.5") == 0.5
    assert whole_number(1)("2") == 2
    for text in ("-1", "nan", "inf", "x", "2"):
        with pytest.raises(argparse.ArgumentTypeError):
            number(0, 1)(text)
    for text in ("0", "1.5", "x"):
        with pytest.raises(argparse.ArgumentTypeError):
            whole_number(1)(text)


def test_endpoints_are_urls() -> None:
    assert web_address("http://127.0.0.1:9400") == "http://127.0.0.1:9400"
    for text in ("foo", "127.0.0.1:9400", "http://", "ftp://x"):
        with pytest.raises(argparse.ArgumentTypeError):
            web_address(text)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--runner=FlinkRunnr"], r"unknown runner FlinkRunnr; did you mean FlinkRunner\?"),
        (["--direct_num_workers=x"], "direct_num_workers"),
        (["--direct_running_mode=foo"], "direct_running_mode"),
        (["stray"], "unexpected argument 'stray'"),
    ],
)
def test_beams_words_are_checked_before_anything_runs(words: list[str], complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        check_beam_words(beam_parser(), words)
    check_beam_words(beam_parser(), ["--runner=FlinkRunner", "--parallelism=4"])
    check_beam_words(beam_parser(), ["--runner=my.own.Runner"])


def test_an_unknown_command_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["backfil"]) == 2
    assert "did you mean backfill?" in capsys.readouterr().err
    assert cli.main([]) == 2
    assert cli.main(["--help"]) == 0
