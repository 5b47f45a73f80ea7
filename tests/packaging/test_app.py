"""What the installers are made of: icons, file types, licence texts, the manual page."""

from __future__ import annotations

import configparser
import re
import runpy
import struct
import subprocess
import sys
import xml.etree.ElementTree as xml
from pathlib import Path

PACKAGING = Path(__file__).resolve().parents[2] / "packaging"


def run(*arguments: object) -> None:
    subprocess.run([sys.executable, *map(str, arguments)], check=True, timeout=120)


def test_icons_of_each_system(tmp_path: Path) -> None:
    for system in ("linux", "windows", "macos"):
        run(PACKAGING / "app" / "icons.py", tmp_path / system, system)
    png = (tmp_path / "linux" / "256.png").read_bytes()
    assert png[:4] == b"\x89PNG" and struct.unpack(">II", png[16:24]) == (256, 256)
    ico = (tmp_path / "windows" / "ann-explorer.ico").read_bytes()
    assert struct.unpack("<HHH", ico[:6]) == (0, 1, 6)
    size, at = struct.unpack("<II", ico[6 + 8 : 6 + 16])
    assert ico[at : at + 4] == b"\x89PNG" and at + size <= len(ico)
    icns = (tmp_path / "macos" / "ann-explorer.icns").read_bytes()
    assert icns[:4] == b"icns" and struct.unpack(">I", icns[4:8])[0] == len(icns)


def test_the_desktop_entry_offers_only_file_types_that_are_declared() -> None:
    entry = configparser.ConfigParser(interpolation=None)
    entry.read(PACKAGING / "linux" / "ann-explorer.desktop", "utf-8")
    said = set(entry["Desktop Entry"]["MimeType"].strip(";").split(";"))
    space = "{http://www.freedesktop.org/standards/shared-mime-info}"
    declared = xml.parse(PACKAGING / "linux" / "ann-explorer.xml").getroot()
    names = {kind.get("type") for kind in declared.iter(f"{space}mime-type")}
    assert names | {"application/x-hdf"} == said
    assert entry["Desktop Entry"]["Exec"] == "explorer open %F"


def test_file_types_of_the_systems_are_what_the_program_opens() -> None:
    from explorer import formats, indexes

    opened = {suffix for kind in formats.types().values() for suffix in kind.suffixes}
    opened |= {kind.suffix for kind in indexes.types().values() if kind.suffix}
    linux = set(re.findall(r'pattern="\*(\.\w+)"', (PACKAGING / "linux" / "ann-explorer.xml").read_text("utf-8")))
    windows = set(re.findall(r'\$\{ACTION\} "(\.\w+)"', (PACKAGING / "windows" / "installer.nsi").read_text("utf-8")))
    assert linux <= opened and windows <= opened


def test_every_library_has_its_licence(tmp_path: Path) -> None:
    run(PACKAGING / "app" / "licences.py", tmp_path)
    listed = (tmp_path / "README.txt").read_text("utf-8")
    assert "numpy" in listed and "MIT licence" in listed
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in (tmp_path / "lgpl-3.0.txt").read_text("utf-8")
    qt = (tmp_path / "Qt.txt").read_text("utf-8")
    assert "PySide6-Essentials==" in qt and "{" not in qt


def test_sizes_add_up(tmp_path: Path) -> None:
    for name, size in (("_internal/numpy/a.so", 100), ("_internal/numpy.libs/b.so", 20), ("ann-explorer", 3)):
        path = tmp_path / "app" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(size))
    run(PACKAGING / "app" / "sizes.py", tmp_path / "app", tmp_path / "sizes.tsv")
    lines = dict(line.split("\t") for line in (tmp_path / "sizes.tsv").read_text("utf-8").splitlines())
    assert (lines["numpy"], lines["the program"], lines["all"]) == ("120", "3", "123")


def test_the_manual_page_names_every_command() -> None:
    from explorer.cli.main import COMMANDS

    page = runpy.run_path(str(PACKAGING / "linux" / "man.py"))["page"]()
    assert page.startswith(".TH EXPLORER 1")
    assert all(f".B {command.name}\n" in page for command in COMMANDS)


def test_a_stripped_library_still_loads_and_a_broken_one_would_be_seen(tmp_path: Path) -> None:
    import msgpack._cmsgpack as one  # a wheel's own, relocated or not

    library = tmp_path / "lib" / Path(one.__file__).name
    library.parent.mkdir()
    library.write_bytes(Path(one.__file__).read_bytes())
    run(PACKAGING / "app" / "stripped.py", library.parent)
    loadable = runpy.run_path(str(PACKAGING / "app" / "stripped.py"))["loadable"]
    assert loadable(library)
    subprocess.run([sys.executable, "-c", f"import ctypes; ctypes.CDLL({str(library)!r})"], check=True)
    data = bytearray(library.read_bytes())
    (start,), (size, count) = struct.unpack_from("<Q", data, 32), struct.unpack_from("<HH", data, 54)
    for at in range(start, start + size * count, size):
        if struct.unpack_from("<I", data, at) == (1,):
            data[at + 8 : at + 16] = struct.pack("<Q", struct.unpack_from("<Q", data, at + 8)[0] + 8)
    library.write_bytes(data)
    assert not loadable(library)
