"""Why a file is of no format that can be read here, and what to do: a sentence for each kind that people have."""

from __future__ import annotations

from pathlib import Path

_SAVE = "save it from Python: import numpy; numpy.save('vectors.npy', numpy.asarray({}, dtype='float32'))"
_PICKLED = "which is never unpickled here, because that can run code; " + _SAVE
_BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (b"PAR1", "it is a Parquet file; " + _SAVE.format("pyarrow.parquet.read_table(FILE)[COLUMN].to_pylist()")),
    (b"MATLAB 5.0", "it is a MATLAB file; " + _SAVE.format("scipy.io.loadmat(FILE)[NAME]")),
    (b"\x1f\x8b", "it is compressed by gzip; unpack it first: gunzip FILE"),
    (b"BZh", "it is compressed by bzip2; unpack it first: bunzip2 FILE"),
    (b"\xfd7zXZ", "it is compressed by xz; unpack it first: unxz FILE"),
    (b"\x28\xb5\x2f\xfd", "it is compressed by zstd; unpack it first: unzstd FILE"),
    (b"\x89PNG", "it is a picture, and this program reads vectors; describe pictures by an image model first"),
    (b"\xff\xd8\xff", "it is a picture, and this program reads vectors; describe pictures by an image model first"),
    (b"%PDF", "it is a PDF document, and this program reads vectors"),
    (b"SQLite format 3", "it is an SQLite database; " + _SAVE.format("ROWS")),
    (b"\x7fELF", "it is a program, and this program reads vectors"),
    (b"MZ", "it is a program, and this program reads vectors"),
)
_SUFFIXES: dict[str, str] = {
    ".pkl": "it is a Python pickle, " + _PICKLED.format("OBJECT"),
    ".pickle": "it is a Python pickle, " + _PICKLED.format("OBJECT"),
    ".joblib": "it is a joblib pickle, " + _PICKLED.format("joblib.load(FILE)"),
    ".pt": "it is a PyTorch file, " + _PICKLED.format("TENSOR"),
    ".pth": "it is a PyTorch file, " + _PICKLED.format("TENSOR"),
    ".mat": "it is a MATLAB file; " + _SAVE.format("scipy.io.loadmat(FILE)[NAME]"),
    ".npz": "it is no archive of NumPy arrays, or a damaged one; save it again with numpy.savez",
    ".safetensors": "it is no safetensors file although its name says so; save it with safetensors.numpy.save_file",
    ".xlsx": "it is a spreadsheet; save it as .csv from there",
    ".npy": "it is no .npy file although its name says so; save the array with numpy.save",
    ".jsonl": "it holds JSON lines; " + _SAVE.format("[json.loads(line)[FIELD] for line in open(FILE)]"),
    ".json": "it holds JSON; " + _SAVE.format("json.load(open(FILE))"),
}


def why_not(path: Path, head: bytes, titles: list[str]) -> str:
    """The sentence for a file that no format recognises; `head` is its beginning, `titles` are what can be read."""
    known = foreign(path, head)
    return known or f"no format that can be read here fits it ({', '.join(titles)}); {_SAVE.format('VECTORS')}."


def foreign(path: Path, head: bytes) -> str:
    """What to do with a file of a kind that is known, and not read here; empty for any other."""
    for beginning, sentence in _BEGINNINGS:
        if head.startswith(beginning):
            return _ended(sentence)
    suffix = path.suffix.casefold()
    if head.startswith(b"PK\x03\x04"):
        return _ended(_zipped(head, suffix))
    # Protocols 2 to 5 begin so; a pickle under another suffix is one all the same.
    if head[:1] == b"\x80" and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return _ended(_SUFFIXES.get(suffix if suffix in (".pt", ".pth", ".joblib") else ".pkl", ""))
    return _ended(_SUFFIXES[suffix]) if suffix in _SUFFIXES else ""


def _zipped(head: bytes, suffix: str) -> str:
    """What kind of zip archive it is."""
    if b"/data.pkl" in head or suffix in (".pt", ".pth"):
        return _SUFFIXES[".pt"]
    if b".npy" in head or suffix == ".npz":
        return _SUFFIXES[".npz"]
    if b"[Content_Types].xml" in head or suffix == ".xlsx":
        return _SUFFIXES[".xlsx"]
    return "it is a zip archive; unpack it first and open the file inside"


def _ended(sentence: str) -> str:
    return sentence + "."
