"""man.py OUT.gz: the manual page, from the commands themselves."""

from __future__ import annotations

import gzip
import sys
from importlib.metadata import version
from pathlib import Path

from explorer.cli.main import COMMANDS


def quoted(text: str) -> str:
    """Text as roff wants it."""
    return text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")


def page() -> str:
    """The page in section 1."""
    lines = [f'.TH EXPLORER 1 "" "ANN Explorer {version("ann-explorer")}" "User Commands"']
    lines += [".SH NAME", "explorer \\- see vectors as a map, and what an index does not find"]
    lines += [
        ".SH SYNOPSIS",
        ".B explorer",
        "[\\fIFILE\\fR ...]",
        ".br",
        ".B explorer",
        "\\fICOMMAND\\fR [\\fIOPTION\\fR ...]",
    ]
    about = "Opens a window for each FILE, or carries out a command. FILE is a file of vectors, an index file, "
    about += "sample:NAME, or redis://HOST/0?key=NAME. explorer COMMAND --help lists the options of a command."
    lines += [".SH DESCRIPTION", quoted(about), ".SH COMMANDS"]
    for command in COMMANDS:
        lines += [".TP", f".B {quoted(command.name)}", quoted(command.about[0].upper() + command.about[1:] + ".")]
        lines += [".br", f".I {quoted(command.example)}"]
    lines += [".SH ENVIRONMENT"]
    for name, what in (
        ("EXPLORER_CACHE", "Folder of what is kept between openings."),
        ("EXPLORER_SETTINGS", "Folder of the settings."),
        ("EXPLORER_DEBUG", "With 1, what is unforeseen says where it happened."),
    ):
        lines += [".TP", f".B {name}", what]
    lines += [".SH EXIT STATUS", "0, 2 for bad input or usage, 1 for anything else, 130 when interrupted."]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(gzip.compress(page().encode("utf-8"), 9, mtime=0))
