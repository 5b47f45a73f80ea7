"""The command line: `explorer FILE` opens a window, every other command answers on standard output."""

from __future__ import annotations

import argparse
import difflib
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from explorer import paths
from explorer.cli import answering, building, describing, explaining, keeping, selftest, windows
from explorer.cli.arguments import Command, withhold_passwords
from explorer.cli.ending import unwinding_when_ended
from explorer.cli.output import speak_any_script
from explorer.errors import BadFile, ExplorerError
from explorer.servers.address import is_server

PASSWORD = re.compile(r"(rediss?://)\S*@", re.IGNORECASE)
"""Who and with what, in the address of a server: it is in no message, even one that could not read the address."""

COMMANDS: tuple[Command, ...] = (
    *windows.COMMANDS,
    *describing.COMMANDS,
    *answering.COMMANDS,
    *explaining.COMMANDS,
    *building.COMMANDS,
    *keeping.COMMANDS,
    *selftest.COMMANDS,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status: 0, 2 for bad input or usage, 1 for anything else, 130 interrupted."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    parsed = argparse.Namespace()
    try:
        speak_any_script()
        # Where it cannot be, this process makes one that goes with it, before a child would make its own.
        paths.cache_folder()
        with unwinding_when_ended():
            parser().parse_args(_with_command(given), parsed)
            withhold_passwords(parsed)
            status = int(parsed.run(parsed))
            sys.stdout.flush()
        return status
    except ExplorerError as error:
        return _say(_about_file(error, parsed), error.exit_status)
    except KeyboardInterrupt:
        return _say("interrupted.", 130)
    except BrokenPipeError:
        # Whoever read our output has left; nothing more can be said.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except MemoryError:
        return _say("there is not enough memory for this.", 1)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _say(f"{where}{error.strerror or error}.", 1)
    except Exception as error:
        if os.environ.get("EXPLORER_DEBUG"):
            raise
        what = f"something unforeseen happened ({type(error).__name__}: {error})"
        return _say(f"{what}; with EXPLORER_DEBUG=1 it says where.", 1)


def parser() -> argparse.ArgumentParser:
    """All commands with their options; the help of each ends with an example."""
    top = _Parser(
        prog="explorer",
        description="See your vectors as a map, ask for nearest neighbours, and see what an index does not find.",
        epilog="explorer FILE … opens a window for each file; explorer alone opens the samples to choose from.",
    )
    top.add_argument("--version", action=describing.Version, nargs=0, help="version, libraries and system")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", parser_class=_Parser, required=True)
    for command in COMMANDS:
        sub = commands.add_parser(
            command.name,
            help=command.about,
            description=command.about[0].upper() + command.about[1:] + ".",
            epilog=f"example:  {command.example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        command.declare(sub)
        sub.set_defaults(run=command.run)
    return top


class _Parser(argparse.ArgumentParser):
    """Usage errors are one line too."""

    def error(self, message: str) -> None:  # type: ignore[override]
        self.exit(_say(f"{message} (see {self.prog} --help)", 2))


def _with_command(given: list[str]) -> list[str]:
    """`explorer FILE` and `explorer` alone mean the command `open`."""
    names = {command.name for command in COMMANDS}
    if not (given and (given[0] in names or given[0] in ("-h", "--help", "--version"))):
        _check_command(given)
        given = ["open", *given]
    return _with_negative_numbers(given)


def _check_command(given: list[str]) -> None:
    """Raise BadFile where a command was meant: the word is no file, and nearly one of the commands."""
    word = given[0] if given else "-"
    meant = difflib.get_close_matches(word, [command.name for command in COMMANDS], 1)
    if meant and not word.startswith("-") and not Path(word).exists():
        said = f"there is no such file, nor a command of that name; did you mean explorer {meant[0]}?"
        raise BadFile(word, said)


def _with_negative_numbers(given: list[str]) -> list[str]:
    """`--vector -1,2` as `--vector=-1,2`: the parser would take what begins with a dash for an option."""
    joined: list[str] = []
    for argument in given:
        if joined and joined[-1] == "--vector" and re.match(r"-[\d.]", argument):
            joined[-1] = f"--vector={argument}"
        else:
            joined.append(argument)
    return joined


def _about_file(error: ExplorerError, parsed: argparse.Namespace) -> str:
    """The sentence of an error, after the FILE that it is about unless it names one."""
    sentence, file = str(error), getattr(parsed, "file", None)
    if isinstance(error, BadFile) or not isinstance(file, str) or file in sentence or is_server(file):
        return sentence
    return f"{file}: {sentence}"


def _say(sentence: str, status: int) -> int:
    one_line = PASSWORD.sub(r"\1", " ".join(sentence.split()))
    sys.stderr.write(f"explorer: {one_line}\n")
    return status
