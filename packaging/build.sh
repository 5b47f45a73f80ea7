#!/bin/sh
# build.sh: makes the program for this system, as its users install it, from this checkout. Nothing else is needed than
# what packaging/setup.sh needs, and on Linux dpkg-deb and zstd.
#
#   dist/ann-explorer/             the program as one folder
#   dist/ann-explorer-VERSION-linux-x86_64.tar.gz   the same, to unpack anywhere
#   dist/ann-explorer_VERSION_amd64.deb             the same, installed by apt
#   dist/SHA256SUMS, dist/sizes.tsv                 checksums, and what each library weighs
#
# On Windows (in Git's bash) and macOS it makes the folder, and packaging/windows or packaging/macos goes on from there.
set -eu
cd "$(dirname "$0")/.."
here=$PWD/packaging
work=$PWD/build/app
say() { printf '%s\n' "$*" >&2; }

case $(uname -s) in
    Linux) system=linux ;;
    Darwin) system=macos ;;
    *) system=windows ;;
esac

# --- an environment of its own: what tests need must not get into the program

[ "$system" = linux ] && PYTHON=${PYTHON:-} packaging/setup.sh  # the system's packages, and a Python that is complete
find_python() { [ -x .venv/bin/python ] && .venv/bin/python -c 'import sys; print(sys._base_executable)' || command -v python3; }
base=${PYTHON:-$(find_python)}
bin=$work/venv/bin
[ "$system" = windows ] && bin=$work/venv/Scripts
stamp="$(cat pyproject.toml packaging/constraints.txt packaging/build.sh | cksum) $("$base" -V)"
if [ "$(cat "$work/stamp" 2>/dev/null || true)" != "$stamp" ]; then
    say "Making the environment of the build …"
    rm -rf "$work"
    mkdir -p "$work"
    "$base" -m venv "$work/venv"
    "$bin/python" -m pip install -qq --constraint "$here/constraints.txt" pip setuptools wheel pyinstaller
    packaging/annoy_wheel.sh "$bin/python" "$work/wheels.annoy"
    packaging/hnswlib_wheel.sh "$bin/python" "$work/wheels.hnswlib"
    "$bin/python" -m pip install -qq --no-index --no-deps "$work"/wheels.annoy/*.whl "$work"/wheels.hnswlib/*.whl
    "$bin/python" -m pip install -qq --constraint "$here/constraints.txt" --no-build-isolation ".[bundle]"
    printf '%s' "$stamp" >"$work/stamp"
fi
"$bin/python" -m pip install -qq --no-deps --no-build-isolation --force-reinstall .
rm -rf build/lib build/bdist.* ./*.egg-info

# --- the program

version=$("$bin/python" -c 'from importlib.metadata import version; print(version("ann-explorer"))')
say "Freezing ANN Explorer $version …"
"$bin/python" "$here/app/icons.py" "$here/app/build" "$system"
"$bin/pyinstaller" --noconfirm --log-level WARN --distpath dist --workpath "$work/pyinstaller" "$here/app/explorer.spec"
program=dist/ann-explorer
[ "$system" = macos ] && program="dist/ANN Explorer.app/Contents/Resources"
mkdir -p "$program/licences"
"$bin/python" "$here/app/licences.py" "$program/licences"
cp LICENSE packaging/CHANGELOG.md "$program/"
if [ "$system" = linux ]; then
    "$bin/python" "$here/app/stripped.py" dist/ann-explorer/_internal
    "$bin/python" "$here/app/sizes.py" dist/ann-explorer dist/sizes.tsv
    packaging/linux/deb.sh "$version"
    name=ann-explorer-$version-linux-$(uname -m)
    tar -C dist --transform "s,^ann-explorer,$name," --owner=0 --group=0 -czf "dist/$name.tar.gz" ann-explorer
    (cd dist && sha256sum ./*.deb ./*.tar.gz >SHA256SUMS)
    ls -l dist/*.deb dist/*.tar.gz
fi
du -sh "dist/ann-explorer"
