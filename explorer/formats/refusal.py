"""Why a file is of no format that can be read here, and what to do: a sentence for each kind that people have.

Nothing is executed to find out. What would be unpickled gets two lines of Python that its owner, who knows where it is
from, can run: they save its vectors in a format that cannot run anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from explorer.errors import Refused
from explorer.formats import archives
from explorer.formats.base import Format
from explorer.formats.pickled import is_pickle

_NEVER = "which is never unpickled here, because that can run code; if you trust it, save its vectors from Python"
_BYTES = "pathlib.Path(FILE).read_bytes()"
_SAVE = "save its vectors from Python"
_MODEL = "it is a model, which makes vectors and holds none; encode your data with it, and save the array by numpy.save"
_PICTURE = "it is a picture, and this program reads vectors; describe pictures by an image model first"
_SOUND = "it is sound or video, and this program reads vectors; describe it by a model first"
_PROGRAM = "it is a program, and this program reads vectors"
_TEXT = "it is a document, and this program reads vectors; a text encoder makes vectors of its text"


@dataclass(frozen=True)
class Kind:
    """A kind of file that is not read: what to say of it, and the expression that gives its vectors in Python, with
    FILE for its name, after the modules that have to be imported besides numpy."""

    what: str
    modules: str = ""
    vectors: str = ""


PICKLE = Kind(f"it is a Python pickle, {_NEVER}", "pathlib, pickle", f"pickle.loads({_BYTES})")
JOBLIB = Kind(f"it is a joblib pickle, {_NEVER}", "joblib", "joblib.load(FILE)")
TORCH = Kind(
    f"it is a PyTorch file, a pickle in an archive, {_NEVER} (for one tensor of several, add ['NAME'] after the load)",
    "torch",
    "torch.load(FILE, weights_only=True).float().numpy()",
)
MATLAB = Kind(
    f"it is a MATLAB file, which is not read here; {_SAVE} (scipy.io.whosmat lists the NAMEs)",
    "scipy.io",
    "scipy.io.loadmat(FILE)['NAME']",
)
MATLAB_73 = Kind(
    f"it is a MATLAB 7.3 file, which is HDF5 inside; {_SAVE} (list(h5py.File(FILE)) lists the NAMEs)",
    "h5py",
    "h5py.File(FILE)['NAME'][()].T",
)
SHEET = Kind("it is a spreadsheet; save the sheet as .csv from there, and open that")
_BEGINNINGS: tuple[tuple[bytes, Kind], ...] = (
    (b"MATLAB 7.3", MATLAB_73),
    (b"MATLAB 5.0", MATLAB),
    (b"GGUF", Kind(_MODEL)),
    (b"\x89PNG", Kind(_PICTURE)),
    (b"\xff\xd8\xff", Kind(_PICTURE)),
    (b"GIF8", Kind(_PICTURE)),
    (b"II*\0", Kind(_PICTURE)),
    (b"MM\0*", Kind(_PICTURE)),
    (b"ID3", Kind(_SOUND)),
    (b"OggS", Kind(_SOUND)),
    (b"fLaC", Kind(_SOUND)),
    (b"%PDF", Kind(_TEXT)),
    (b"{\\rtf", Kind(_TEXT)),
    # Old files of Excel, Word and PowerPoint alike.
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", SHEET),
    (b"7z\xbc\xaf\x27\x1c", Kind("it is a 7z archive; unpack it first, and open a file inside")),
    (b"Rar!\x1a\x07", Kind("it is a RAR archive; unpack it first, and open a file inside")),
    (b"\x7fELF", Kind(_PROGRAM)),
    (b"MZ", Kind(_PROGRAM)),
    (b"RDX", Kind("it is an R workspace")),
)
_SUFFIXES: dict[tuple[str, ...], Kind] = {
    (".pkl", ".pickle", ".pck", ".p"): PICKLE,
    (".joblib",): JOBLIB,
    (".pt", ".pth", ".ckpt"): TORCH,
    (".mat",): MATLAB,
    (".xlsx", ".xls", ".ods", ".xlsm"): SHEET,
    (".onnx", ".pb", ".tflite", ".keras", ".gguf", ".mlmodel"): Kind(_MODEL),
    (".bmp", ".webp", ".heic", ".svg"): Kind(_PICTURE),
    (".mp3", ".mp4", ".wav", ".m4a", ".avi", ".mov", ".mkv"): Kind(_SOUND),
    (".docx", ".doc", ".pptx", ".ppt", ".odt", ".html", ".epub"): Kind(_TEXT),
}
_R = "it is a file of R; save its matrix from R: write.csv({}, {}, row.names = FALSE)"
_R_BEGINNINGS = (b"RDX2\n", b"RDX3\n", b"X\n\0\0\0", b"A\n2\n", b"A\n3\n")
_MOST_NAMED = 3


def refused(path: Path, head: bytes, kinds: Iterable[Format]) -> Refused:
    """What to raise for a file that none of these formats recognises; `head` is its beginning."""
    kinds = tuple(kinds)
    if (known := foreign(path, head, kinds)) is not None:
        return known
    suffix = path.suffix.casefold()
    bearing = [kind.title for kind in kinds if suffix in kind.suffixes]
    titles = ", ".join(bearing or [kind.title for kind in kinds])
    what = (
        f"it is not what its name says ({titles})" if bearing else f"no format that can be read here fits it ({titles})"
    )
    return Refused(path, f"{what}; it may be damaged, or something else: {_SAVE}", _saving(path, "", "VECTORS"))


def foreign(path: Path, head: bytes, kinds: Iterable[Format] = ()) -> Refused | None:
    """The same for a file of a kind that is known and not read here; None for any other."""
    found = _foreign(path, head, tuple(kinds))
    if isinstance(found, str):
        return Refused(path, found)
    if found is None:
        return None
    return Refused(path, found.what, _saving(path, found.modules, found.vectors) if found.vectors else ())


def holds_foreign(head: bytes) -> bool:
    """Whether a compressed file that begins so holds a pickle, a file of R or an archive."""
    inside = archives.unpacked(head)
    return is_pickle(inside) or inside.startswith(_R_BEGINNINGS) or inside[257:262] == b"ustar"


def _foreign(path: Path, head: bytes, kinds: tuple[Format, ...]) -> Kind | str | None:
    suffix = path.suffix.casefold()
    if head.startswith((b"PK\3\4", b"PK\5\6")):
        return _zip(path, head, suffix, kinds)
    how, command = archives.compression(head)
    if how:
        return _compressed(path, archives.unpacked(head), how, command, kinds)
    if names := archives.tarred(path):
        return _archive("tar", names, kinds)
    for beginning, kind in _BEGINNINGS:
        if head.startswith(beginning):
            return _r(path) if beginning == b"RDX" else kind
    if is_pickle(head):
        return _pickle(suffix)
    if suffix in (".rds", ".rdata", ".rda"):
        return _r(path)
    return next((kind for suffixes, kind in _SUFFIXES.items() if suffix in suffixes), None)


def _pickle(suffix: str) -> Kind:
    """Whose pickle it is, by its name."""
    named = next((kind for suffixes, kind in _SUFFIXES.items() if suffix in suffixes), PICKLE)
    return named if named in (JOBLIB, TORCH) else PICKLE


def _compressed(path: Path, inside: bytes, how: str, command: str, kinds: tuple[Format, ...]) -> Kind | str:
    """What is inside decides, as far as it can be seen without unpacking much."""
    suffixes = [suffix.casefold() for suffix in path.suffixes]
    if ".joblib" in suffixes:
        return JOBLIB
    if inside.startswith(_R_BEGINNINGS) or suffixes[-1:] in ([".rds"], [".rdata"], [".rda"]):
        return _r(path)
    if is_pickle(inside):
        # joblib and nobody else writes pickles through zlib.
        module = {"gzip": "gzip", "bzip2": "bz2", "xz": "lzma"}.get(how)
        if module is None:
            return JOBLIB
        return Kind(PICKLE.what, f"{module}, pathlib, pickle", f"pickle.loads({module}.decompress({_BYTES}))")
    if names := archives.tarred(path):
        return _archive(f"tar archive compressed by {how}", names, kinds)
    if not command:
        return f"it is compressed by {how}; unpack it first, and open what is inside."
    return f"it is compressed by {how}; unpack it first ({command} {path.name}), and open what that leaves."


def _zip(path: Path, head: bytes, suffix: str, kinds: tuple[Format, ...]) -> Kind | str:
    """What kind of zip archive it is, by the names in it."""
    names = archives.zipped(path)
    if b"/data.pkl" in head or suffix in (".pt", ".pth", ".ckpt") or any(n.endswith("data.pkl") for n in names):
        return TORCH
    if any(name.endswith(("model.weights.h5", "model.json")) for name in names) or suffix == ".keras":
        return Kind(_MODEL)
    if any(name.startswith("xl/") for name in names) or suffix in (".xlsx", ".ods"):
        return SHEET
    if any(name.startswith(("word/", "ppt/")) for name in names) or "META-INF/container.xml" in names:
        return Kind(_TEXT)
    if not names:
        return "it is a zip archive that cannot be read: it is empty or damaged; copy or make it again."
    return _archive("zip", names, kinds)


def _archive(what: str, names: list[str], kinds: tuple[Format, ...]) -> str:
    """Which files in an archive could be opened."""
    suffixes = {suffix for kind in kinds for suffix in kind.suffixes}
    fit = [name for name in names if Path(name).suffix.casefold() in suffixes]
    what = what if "archive" in what else f"{what} archive"
    if not fit:
        return f"it is a {what} of {len(names):,} files, none of a kind that can be read here; unpack it to see."
    more = f" and {len(fit) - _MOST_NAMED:,} more" if len(fit) > _MOST_NAMED else ""
    return f"it is a {what}; unpack it first, and open {', '.join(fit[:_MOST_NAMED])}{more} from it."


def _r(path: Path) -> str:
    object_ = f'as.matrix(readRDS("{path.name}"))' if path.suffix.casefold() == ".rds" else "as.matrix(NAME)"
    return _R.format(object_, f'"{path.stem}.csv"') + "."


def _saving(path: Path, modules: str, vectors: str) -> tuple[str, str]:
    """The two lines that save the vectors beside the file."""
    first = "import " + ", ".join(filter(None, ("numpy", modules)))
    array = vectors.replace("FILE", repr(str(path)))
    out = repr(str(path.with_suffix(".npy")))
    return first, f"numpy.save({out}, numpy.asarray({array}, dtype='float32'))"
