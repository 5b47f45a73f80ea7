"""licences.py FOLDER: the licence texts of all that is shipped, and how to get and replace Qt.

Every library that is installed in the environment of the build has its texts copied; one that brings none fails the
build, unless its terms are written here.
"""

from __future__ import annotations

import re
import sys
import sysconfig
from importlib.metadata import Distribution, distributions, version
from pathlib import Path

TOOLS = {"pip", "setuptools", "wheel", "pyinstaller-hooks-contrib", "altgraph"}
"""Only used for the build."""
NAMED = re.compile(r"(licen[cs]e|copying|notice|copyright|authors)", re.IGNORECASE)
WITHOUT_TEXT = {
    "annoy": "Apache-2.0; Copyright 2013 Spotify AB. https://github.com/spotify/annoy/blob/main/LICENSE",
    "hnswlib": "Apache-2.0. https://github.com/nmslib/hnswlib/blob/master/LICENSE",
    "voyager": "Apache-2.0; Copyright Spotify AB. https://github.com/spotify/voyager/blob/main/LICENSE",
}
QT = """ANN Explorer uses Qt {qt} and Qt for Python {qt}, under the GNU Lesser General Public License, version 3.

Their texts are lgpl-3.0.txt and gpl-3.0.txt beside this file. Qt is Copyright The Qt Company Ltd and its contributors.

Source: the exact source of this version is at https://download.qt.io/official_releases/qt/ and
https://download.qt.io/official_releases/QtForPython/; it can also be had with
    pip download --no-binary :all: PySide6-Essentials=={qt}
and from the authors of ANN Explorer for three years, for no more than the cost of sending it.

Replacing it: Qt's libraries are ordinary files of this program's folder (_internal/PySide6 and
_internal/PySide6/Qt/lib; on macOS Contents/Frameworks). Put your own build of the same major version in their place,
under the same names, and start the program as before. Nothing in its terms forbids to look into how it works in order
to do that.
"""


def texts(one: Distribution) -> dict[str, str]:
    """The licence files of an installed library by the name that they get."""
    found = {}
    for file in one.files or ():
        place = str(file)
        if ".dist-info/" in place and NAMED.search(file.name) and file.suffix not in (".py", ".json"):
            path = Path(str(file.locate()))
            if path.is_file():
                found[file.name] = path.read_text("utf-8", "replace")
    return found


def main(folder: Path) -> int:
    """Write the texts; returns how many libraries have none."""
    folder.mkdir(parents=True, exist_ok=True)
    lines, missing = [], []
    for one in sorted(distributions(), key=lambda one: one.name.casefold()):
        name = one.name
        if name.casefold() in TOOLS:
            continue
        said = one.metadata.get("License-Expression") or one.metadata.get("License") or ""
        classified = [c.split(" :: ")[-1] for c in one.metadata.get_all("Classifier") or () if c.startswith("License")]
        terms = said.splitlines()[0] if said and len(said) < 200 else ", ".join(classified)
        found = texts(one)
        if not found and name in WITHOUT_TEXT:
            found = {"LICENSE": WITHOUT_TEXT[name]}
        if not found and not terms:
            missing.append(name)
            continue
        body = "\n\n".join(f"--- {file}\n\n{text}" for file, text in found.items()) or terms
        (folder / f"{name}.txt").write_text(f"{name} {one.version}\n{terms}\n\n{body}\n", "utf-8")
        lines.append(f"{name} {one.version} · {terms or 'see its text'}")
    python = Path(sysconfig.get_path("stdlib")) / "LICENSE.txt"
    here = Path(__file__).parent / "texts"
    psf = python if python.is_file() else here / "python.txt"
    (folder / "Python.txt").write_text(psf.read_text("utf-8"), "utf-8")
    for text in ("lgpl-3.0.txt", "gpl-3.0.txt"):
        (folder / text).write_text((here / text).read_text("utf-8"), "utf-8")
    (folder / "Qt.txt").write_text(QT.format(qt=version("PySide6-Essentials")), "utf-8")
    head = f"ANN Explorer {version('ann-explorer')} is under the MIT licence. It is made of:\n\n"
    (folder / "README.txt").write_text(
        head + "\n".join([f"Python {sys.version.split()[0]} · PSF-2.0", *lines]) + "\n", "utf-8"
    )
    if missing:
        sys.stderr.write(f"licences.py: no licence text for {', '.join(missing)}; name their terms in this file.\n")
    return len(missing)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
