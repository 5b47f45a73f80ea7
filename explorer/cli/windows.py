"""The commands that open a window, or draw one where there is no display: `open`, `demo`, `snapshot`."""

from __future__ import annotations

import argparse
import contextlib
import shlex
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from explorer import indexes, projection, samples
from explorer.cli.arguments import (
    Command,
    add_index,
    add_json,
    add_query,
    add_source,
    check_out,
    checked_k,
    query_text,
    read_request,
    settings_of,
)
from explorer.cli.output import say, say_json
from explorer.errors import BadFile, BadParameter, Unavailable
from explorer.formats import keeping
from explorer.loading import SAMPLE
from explorer.servers.address import is_server
from explorer.session.asking import MOST_NEIGHBOURS
from explorer.session.inspecting import TABS
from explorer.session.state import State
from explorer.work.requests import ReadRequest

if TYPE_CHECKING:
    from explorer.gui.main_window import MainWindow

NO_DISPLAY = "there is no display to open a window on"
PICTURES = (".png", ".jpg", ".jpeg")


def _open(arguments: argparse.Namespace) -> int:
    try:
        return _opened(arguments)
    finally:
        if arguments.temporary is not None:
            shutil.rmtree(arguments.temporary, ignore_errors=True)
            keeping.forget_below(arguments.temporary)


def _opened(arguments: argparse.Namespace) -> int:
    if not arguments.file and (arguments.metadata or arguments.positions):
        raise BadParameter("--metadata and --positions go with a FILE.")
    requests = {source: read_request(arguments, source) for source in arguments.file}
    for source in arguments.file:
        _check_there(source)
    _need_display(arguments.file[0] if arguments.file else f"sample:{samples.DEFAULT}")
    from explorer.gui import app

    def prepare(window: MainWindow, source: str) -> None:
        opening = window.controller.opening
        window.controller.mapping.first_positions = arguments.positions
        opening.read(requests[source], remember=arguments.temporary is None)
        if arguments.selection is not None:
            window.controller.session.listen(_selection_writer(arguments.selection))

    return app.run(arguments.file, prepare)


def _check_there(source: str) -> None:
    """Raise before a window opens for a sample set or a file that was mistyped."""
    if is_server(source):
        return
    if source.startswith(SAMPLE):
        samples.sample_named(source.removeprefix(SAMPLE))
    elif not Path(source).exists():
        raise BadFile(source, "there is no such file.")


def _selection_writer(path: Path) -> Callable[[State, State], None]:
    """Keeps the selection in a file, for the script that opened the window."""

    def write(new: State, old: State) -> None:
        if new.selection is not old.selection:
            beside = path.with_name(f"{path.name}.writing.npy")
            # Whoever opened the window may be gone, and its file with it.
            with contextlib.suppress(OSError):
                np.save(beside, new.selection)
                beside.replace(path)

    return write


def _demo(arguments: argparse.Namespace) -> int:
    name = samples.sample_named(arguments.name).name
    source = f"sample:{name}"
    if arguments.or_offscreen and (why := _no_display()):
        return _main_job_offscreen(source, why)
    _need_display(source)
    from explorer.gui import app

    return app.run([source], lambda window, source: window.controller.opening.open(source))


def _main_job_offscreen(source: str, why: str) -> int:
    """The same main job without anybody watching: open, project, build, ask, picture."""
    say(f"explorer: {why}; doing the same work in the window offscreen.")
    from explorer.gui.snapshot import Shot, taken

    out = Path(tempfile.mkdtemp(prefix="ann-explorer-")) / f"{source.removeprefix(SAMPLE)}.png"
    report = taken(Shot(ReadRequest(source), out, wait="map", query=("row", "#42")))
    say()
    rows = report["neighbours"]
    width = max(len(row["name"]) for row in rows)
    say(f"neighbours of row {report['clicked_row']} by {report['index']}:")
    for row in rows:
        say(f"{row['rank'] or '–':>3}  {row['name']:<{width}}  {row['distance']:.4f}  {row['mark']}")
    say()
    say(f"{report['points_drawn']:,} points drawn; the picture is {out}")
    return 0


def _snapshot(arguments: argparse.Namespace) -> int:
    width, cross, height = arguments.size.partition("x")
    if not (
        cross and width.isdigit() and height.isdigit() and 300 <= int(width) <= 8000 and 200 <= int(height) <= 8000
    ):
        raise BadParameter(f"--size is WIDTHxHEIGHT in pixels, such as 1440x900, not “{arguments.size}”.")
    check_out(arguments.out)
    if arguments.out.suffix.lower() not in PICTURES:
        raise BadFile(arguments.out, f"a picture's name ends in {' or '.join(PICTURES)}.")
    if checked_k(arguments) > MOST_NEIGHBOURS:
        raise BadParameter(f"--k is at most {MOST_NEIGHBOURS:,} in the window, not {arguments.k}.")
    if arguments.index not in (None, *indexes.types()):
        raise BadParameter(f"“{arguments.index}” is no index type; there are {', '.join(indexes.types())}.")
    from explorer.gui.snapshot import Shot, taken

    shot = Shot(
        request=read_request(arguments, arguments.file) if arguments.file else None,
        out=arguments.out,
        size=(int(width), int(height)),
        wait=arguments.wait,
        theme=arguments.theme,
        method=arguments.method,
        positions=arguments.positions,
        index=arguments.index or "",
        settings=dict(settings_of(arguments)),
        k=checked_k(arguments),
        query=query_text(arguments),
        click=not arguments.no_click,
        view=arguments.view,
        seconds=arguments.timeout,
    )
    report = taken(shot)
    if arguments.json:
        say_json(report)
    else:
        say(f"{arguments.out}: {report['points_drawn']:,} points drawn, {report['map'] or 'no map yet'}")
    return 0


def _no_display() -> str:
    """Why no window can be shown to anybody; empty when one can."""
    from explorer.gui import display

    if not display.has_display():
        return NO_DISPLAY
    fault = display.lacking()
    return f"Qt cannot open a window on this display ({fault})" if fault else ""


def _need_display(source: str) -> None:
    if why := _no_display():
        shot = f"explorer snapshot {shlex.quote(source)} --out SHOT.png"
        raise Unavailable(f"{why}; {shot} draws the same window into a file.")


def _declare_open(parser: argparse.ArgumentParser) -> None:
    add_source(parser, many=True)
    parser.add_argument("--selection", type=Path, metavar="ROWS.npy", help="keep the selected rows in this file")
    parser.add_argument("--temporary", type=Path, help=argparse.SUPPRESS)


def _declare_demo(parser: argparse.ArgumentParser) -> None:
    names = ", ".join(samples.samples())
    parser.add_argument("name", nargs="?", default="wordnet", metavar="NAME", help=f"{names} (wordnet)")
    parser.add_argument(
        "--or-offscreen", action="store_true", help="without a display, do the same offscreen and save a picture"
    )


def _declare_snapshot(parser: argparse.ArgumentParser) -> None:
    add_source(parser, optional=True)
    parser.add_argument("--out", type=Path, required=True, metavar="SHOT.png", help="where the picture is saved")
    parser.add_argument("--size", default="1440x900", help="of the window in pixels (1440x900)")
    parser.add_argument(
        "--wait",
        choices=("window", "first-map", "index", "map"),
        default="map",
        help="take the picture when this is there (map)",
    )
    parser.add_argument("--method", choices=tuple(projection.types()), default="umap", help="of the map (umap)")
    parser.add_argument("--theme", choices=("dark", "light"), default="dark", help="dark or light (dark)")
    parser.add_argument(
        "--view", choices=TABS, default="neighbours", metavar="NAME", help=f"of the inspector: {', '.join(TABS)}"
    )
    parser.add_argument("--no-click", action="store_true", help="make the query only, without the click on a point")
    parser.add_argument("--timeout", type=float, default=3600, metavar="SECONDS", help="give up after this (3600)")
    add_index(parser, "annoy")
    add_query(parser, required=False)
    add_json(parser)


COMMANDS = (
    Command("open", "open a window for each file", "explorer open sample:words", _declare_open, _open),
    Command("demo", "open a built-in sample set", "explorer demo digits", _declare_demo, _demo),
    Command(
        "snapshot",
        "draw the real window into a picture",
        "explorer snapshot sample:digits --row 42 --out digits.png --theme light",
        _declare_snapshot,
        _snapshot,
    ),
)
