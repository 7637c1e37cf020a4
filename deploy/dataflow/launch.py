"""What Dataflow's Flex Template launcher runs: parameters of the template become the command line of a backfill.

The launcher gives each parameter as ``--name=value``, together with Dataflow's own options, and makes a template of the
one job that it then starts. A parameter cannot be repeated, and has no blank: several streams are told apart by commas,
further options of ``callbeam backfill`` stand in ``options``, as on a command line.
"""

from __future__ import annotations

import shlex
import sys

from callbeam.pipelines.cli import main

OURS = {"start", "end", "calls", "output", "aws_region"}
"""Parameters that are options of the same name, but for its dashes."""


def command_line(words: list[str]) -> list[str]:
    """Return the words of the command.

    Examples
    --------
    >>> command_line(["--runner=DataflowRunner", "--streams=calls-1,calls-2", "--options=--frames --max-loss 0.01"])
    ['backfill', '--runner=DataflowRunner', '--streams', 'calls-1', 'calls-2', '--frames', '--max-loss', '0.01']
    """
    line = ["backfill"]
    for word in words:
        option, _, value = word.partition("=")
        name = option.removeprefix("--")
        if name == "streams":
            line += [option, *value.split(",")]
        elif name == "options":
            line += shlex.split(value)
        else:
            line.append(word.replace("_", "-", option.count("_")) if name in OURS else word)
    return line


if __name__ == "__main__":
    sys.exit(main(command_line(sys.argv[1:])))
