"""icons.py FOLDER SYSTEM: the icon of resources/icon.svg in the sizes, or in the one file, that a system wants."""

from __future__ import annotations

import os
import struct
import sys
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PySide6.QtCore import QBuffer, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

SIZES = {"linux": (16, 24, 32, 48, 64, 128, 256, 512), "windows": (16, 24, 32, 48, 64, 256)}
APPLE = {16: b"icp4", 32: b"icp5", 64: b"icp6", 128: b"ic07", 256: b"ic08", 512: b"ic09", 1024: b"ic10"}
"""What Apple's icon file calls a PNG of that size (Apple Icon Image format)."""


def png(renderer: QSvgRenderer, size: int) -> bytes:
    """The icon as the bytes of a PNG."""
    image = QImage(size, size, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    renderer.render(painter)
    painter.end()
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    return bytes(buffer.data().data())


def ico(pictures: dict[int, bytes]) -> bytes:
    """Windows' file of several PNGs."""
    at = 6 + 16 * len(pictures)
    head, body = struct.pack("<HHH", 0, 1, len(pictures)), b""
    for size, data in pictures.items():
        head += struct.pack("<BBBBHHII", size % 256, size % 256, 0, 0, 1, 32, len(data), at + len(body))
        body += data
    return head + body


def icns(pictures: dict[int, bytes]) -> bytes:
    """Apple's file of several PNGs."""
    body = b"".join(APPLE[size] + struct.pack(">I", 8 + len(data)) + data for size, data in pictures.items())
    return b"icns" + struct.pack(">I", 8 + len(body)) + body


def main(folder: Path, system: str) -> None:
    """Write what that system wants."""
    application = QGuiApplication([])
    renderer = QSvgRenderer(str(Path(__file__).resolve().parents[2] / "resources" / "icon.svg"))
    folder.mkdir(parents=True, exist_ok=True)
    pictures = {size: png(renderer, size) for size in SIZES.get(system, tuple(APPLE))}
    if system == "linux":
        for size, data in pictures.items():
            (folder / f"{size}.png").write_bytes(data)
    elif system == "windows":
        (folder / "ann-explorer.ico").write_bytes(ico(pictures))
    else:
        (folder / "ann-explorer.icns").write_bytes(icns(pictures))
    del application


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
