"""Files that were made to do harm, or that tools break in ways of their own: a few kilobytes each, written anew."""

from __future__ import annotations

import gzip
import io
import json
import os
import struct
import zipfile
import zlib
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

TERA = 10**12


def _npy(shape: str, body: bytes = bytes(64), descr: str = "'<f4'") -> bytes:
    """An array whose header says what it likes."""
    said = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".encode("latin-1")
    said += b" " * (-(len(said) + 11) % 64) + b"\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(said)) + said + body


def _zip(members: dict[str, bytes], *, packed: bool = True) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return file.getvalue()


def _bomb(head: bytes, zeros: int) -> bytes:
    """A zip member of a head and very many zeros, packed without ever being whole."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
        archive.open("x.npy", "w") as member,
    ):
        member.write(head)
        for _ in range(zeros >> 20):
            member.write(bytes(1 << 20))
    return file.getvalue()


def _overlong_zip() -> bytes:
    """A zip whose member says that it holds four gigabytes."""
    whole = bytearray(_zip({"x.npy": _npy("(4, 4)")}, packed=False))
    at = whole.rfind(b"PK\1\2")
    whole[at + 20 : at + 28] = struct.pack("<II", 2**32 - 2, 2**32 - 2)
    return bytes(whole)


def _safetensors(header: dict[str, Any] | bytes, body: bytes = bytes(64), length: int | None = None) -> bytes:
    said = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(said) if length is None else length) + said + body


def _tensor(begin: int, end: int, shape: list[int], dtype: str = "F32") -> dict[str, Any]:
    return {"x": {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}}


def _hdf5(make: Callable[[Any], object]) -> Callable[[Path], object]:
    def write(path: Path) -> None:
        import h5py

        with h5py.File(path, "w") as file:
            make(file)

    return write


def _outside(file: Any) -> None:
    """Data that lies in another file, and links that lead there."""
    import h5py

    file["x"] = h5py.ExternalLink("/etc/passwd", "/x")
    file["y"] = h5py.SoftLink("/y")
    file.create_dataset("z", (100, 4), "f4", external=[("/etc/passwd", 0, 1600)])


def _many_rows(path: Path) -> None:
    """320 million equal values in a Parquet file of some hundred kilobytes."""
    import pyarrow as pa
    from pyarrow import parquet

    column = pa.array(np.ones(1_000_000, bool))
    table = pa.table({f"p{j}": column for j in range(32)})
    with parquet.ParquetWriter(path, table.schema, compression="zstd") as writer:
        for _ in range(10):
            writer.write_table(table)


def _long_list(path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    one = pa.array([np.zeros(20_000_000, np.float32)], pa.list_(pa.float32()))
    parquet.write_table(pa.table({"embedding": one}), path, compression="zstd")


def _bytes(body: bytes | Callable[[], bytes]) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(body if isinstance(body, bytes) else body())


_EVERYWHERE: dict[str, Callable[[Path], object]] = {
    "terabytes.npy": _bytes(_npy(f"({TERA}, 128)")),
    "overflow.npy": _bytes(_npy(f"({2**62}, {2**62})")),
    "beyond-integers.npy": _bytes(_npy(f"({10**40}, 3)")),
    "negative.npy": _bytes(_npy("(-4, 4)")),
    "no-rows.npy": _bytes(_npy("(0, 16)")),
    "no-columns.npy": _bytes(_npy("(16, 0)")),
    "code.npy": _bytes(_npy("__import__('os').getcwd()")),
    "deep-header.npy": _bytes(_npy("(" * 3000 + ")" * 3000)),
    "header-only.npy": _bytes(_npy("(4, 4)", b"")),
    "just-magic.npy": _bytes(b"\x93NUMPY"),
    "nested-type.npy": _bytes(_npy("(4, 4)", descr="[('a', '<f4', (1000000, 1000000))]")),
    "bomb.npz": _bytes(lambda: _bomb(_npy(f"({TERA}, 128)", b""), 64 << 20)),
    "zeros.npz": _bytes(lambda: _bomb(_npy("(131072, 128)", b""), 64 << 20)),
    "empty-member.npz": _bytes(_zip({"x.npy": b""})),
    "pickled-member.npz": _bytes(_zip({"x.npy": _npy("(4, 4)", descr="'|O'")})),
    "overlong-member.npz": _bytes(_overlong_zip()),
    "climbing.npz": _bytes(_zip({"../../x.npy": _npy("(4, 4)")})),
    "many-members.npz": _bytes(lambda: _zip({f"{i}.npy": b"" for i in range(3000)}, packed=False)),
    "no-members.npz": _bytes(_zip({})),
    "bomb.csv.gz": _bytes(lambda: gzip.compress(bytes(64 << 20))),
    "bomb.joblib": _bytes(lambda: zlib.compress(bytes(64 << 20), 9)),
    "huge.fvecs": _bytes(struct.pack("<i", 2**31 - 1) + bytes(64)),
    "none.fvecs": _bytes(struct.pack("<i", 0) * 16),
    "negative.fvecs": _bytes(struct.pack("<i", -5) + bytes(64)),
    "huge.fbin": _bytes(struct.pack("<II", 2**32 - 1, 2**32 - 1) + bytes(64)),
    "none.fbin": _bytes(struct.pack("<II", 0, 0)),
    "rowless.fbin": _bytes(struct.pack("<II", 0, 128)),
    "columnless.fbin": _bytes(struct.pack("<II", 128, 0)),
    "huge.u8bin": _bytes(struct.pack("<II", 2**31, 2) + bytes(64)),
    "huge-word2vec.bin": _bytes(f"{TERA} {TERA}\nword ".encode() + bytes(64)),
    "endless-word.bin": _bytes(b"4 4\n" + b"w" * 5000),
    "long-header.safetensors": _bytes(_safetensors({}, length=2**40)),
    "negative-header.safetensors": _bytes(_safetensors({}, length=2**64 - 1)),
    "beyond.safetensors": _bytes(_safetensors(_tensor(0, TERA, [TERA // 4 // 8, 8]))),
    "backwards.safetensors": _bytes(_safetensors(_tensor(64, 0, [4, 4]))),
    "overflow.safetensors": _bytes(_safetensors(_tensor(0, 64, [2**62, 2**62]))),
    "no-type.safetensors": _bytes(_safetensors(_tensor(0, 64, [4, 4], "C77"))),
    "deep.safetensors": _bytes(_safetensors(b'{"a":' * 20_000)),
    "empty.safetensors": _bytes(_safetensors({}, b"")),
    "deep.json": _bytes(b"[" * 100_000),
    "deep-objects.json": _bytes(b'{"a":' * 100_000),
    "deep.jsonl": _bytes(b'{"embedding": ' + b"[" * 100_000 + b"\n"),
    "huge-numbers.json": _bytes(b'[{"embedding": [1e999, ' + b"9" * 5000 + b"]}]"),
    "ragged.json": _bytes(b'[{"embedding": [1, 2]}, {"embedding": "no"}, {"embedding": [1]}, 7, null]'),
    "nothing.json": _bytes(b"[]"),
    "half.json": _bytes(b'[{"embedding": [1.0, 2.0'),
    "nul.csv": _bytes(b"a,b\n1,2\n\0\0\0\0,4\n"),
    "late-nul.csv": _bytes(b"a,b\n" + b"1,2\n" * 40_000 + b"\0,\0\n"),
    "only-cr.csv": _bytes(b"a,b\r1,2\r3,4\r"),
    "not-utf8.csv": _bytes(b"name,a,b\n" + b"".join(b"caf\xe9\xff\xfe%d,1,2\n" % i for i in range(30))),
    "half-a-letter.csv": _bytes("name,a,b\nx,1,2\nkæ".encode()[:-1]),
    "utf16.csv": _bytes("a,b\n1,2\n3,4\n".encode("utf-16")),
    "odd-utf16.csv": _bytes("a,b\n1,2\n3,4\n".encode("utf-16") + b"x"),
    "mark-only.csv": _bytes(b"\xef\xbb\xbf"),
    "blank.csv": _bytes(b" \n\t\n   \n"),
    "newline.csv": _bytes(b"\n"),
    "open-quote.csv": _bytes(b'a,b\n"1,2\n' + b"3,4\n" * 1000),
    "wide.csv": _bytes(lambda: b",".join(b"c%d" % i for i in range(20_000)) + b"\n" + b",".join([b"1"] * 20_000)),
    "commas.csv": _bytes(b"," * 300_000 + b"\n"),
    "one-line.csv": _bytes(b"1," * 200_000 + b"1"),
    "long-cell.csv": _bytes(b"name,a,b\n" + b"x" * 2_000_000 + b",1,2\ny,3,4\n"),
    "same-names.csv": _bytes(b"a,a,a\n1,2,3\n4,5,6\n"),
    "huge-numbers.csv": _bytes(b"a,b\n1e400,-1e400\n" + b"9" * 500 + b",1\n1,2\n"),
    "huge-header.vec": _bytes(b"1000000000 1000000000\nword 1 2 3\n"),
    "wide-header.vec": _bytes(b"2 3\nword 1 2 3\nother 1 2\n"),
    "huge.ann": _bytes(struct.pack("<i", 2**31 - 1) * 40),
    "huge-flat.faiss": _bytes(b"IxF2" + struct.pack("<iqqqBi", 128, 2**60, 1 << 20, 1 << 20, 1, 1) + bytes(64)),
    "huge-list.faiss": _bytes(b"IxF2" + struct.pack("<iqqqBiQ", 4, 16, 1 << 20, 1 << 20, 1, 1, 2**60) + bytes(64)),
    "huge-hnsw.bin": _bytes(struct.pack("<6QiI3QdQ", 0, 2**60, 2**60, 96, 88, 36, 3, 0, 16, 32, 16, 0.4, 200)),
    "damaged.db": _bytes(b"SQLite format 3\0" + bytes(100) + b"\xff" * 4000),
    "damaged.h5": _bytes(b"\x89HDF\r\n\x1a\n" + b"\xff" * 4000),
    "damaged.parquet": _bytes(b"PAR1" + b"\xff" * 4000 + struct.pack("<I", 2**31 - 1) + b"PAR1"),
    "damaged.arrow": _bytes(b"ARROW1\0\0" + struct.pack("<iI", -1, 2**31 - 1) + b"\xff" * 4000),
    "empty": _bytes(b""),
    "one-byte": _bytes(b"x"),
}
_LIBRARIES: dict[str, dict[str, Callable[[Path], object]]] = {
    "h5py": {
        "terabytes.h5": _hdf5(lambda file: file.create_dataset("x", (10**10, 128), "f4", chunks=(1024, 128))),
        "compressed-terabytes.h5": _hdf5(
            lambda file: file.create_dataset("train", (10**10, 128), "f4", chunks=(1024, 128), compression="gzip")
        ),
        "no-rows.h5": _hdf5(lambda file: file.create_dataset("x", (0, 16), "f4")),
        "nothing.h5": _hdf5(lambda file: file.create_group("x")),
        "elsewhere.h5": _hdf5(_outside),
        "words.h5": _hdf5(lambda file: file.create_dataset("x", data=np.array([[b"a", b"b"]] * 4))),
    },
    "pyarrow": {"many-rows.parquet": _many_rows, "long-list.parquet": _long_list},
}
BAD = {**_EVERYWHERE, **{n: w for library, each in _LIBRARIES.items() if find_spec(library) for n, w in each.items()}}
"""What writes each, by its name."""
if hasattr(os, "mkfifo"):
    ODD: dict[str, Callable[[Path], object]] = {
        "pipe.npy": os.mkfifo,
        "folder.npy": Path.mkdir,
        "loop.npy": lambda path: path.symlink_to(path),
        "dangling.npy": lambda path: path.symlink_to(path.with_name("nowhere")),
        "device.npy": lambda path: path.symlink_to("/dev/zero"),
    }
else:
    ODD = {"folder.npy": Path.mkdir}
"""What is no file at all."""
