#!/bin/sh
# hnswlib_wheel.sh PYTHON FOLDER: builds a wheel of hnswlib that runs on every machine, into FOLDER.
#
# hnswlib is published as source only, and compiles for the very processor that it stands on unless it is told not to.
set -eu
python=$1
folder=$2
here=$(cd "$(dirname "$0")" && pwd)

flags=
case $(uname -m) in
    x86_64 | amd64) flags=-march=x86-64-v2 ;;
esac

version=$(sed -n 's/^hnswlib==\([0-9.]*\).*/\1/p' "$here/constraints.txt")
key="hnswlib $version $flags $("$python" -V)"
if [ -f "$folder/hnswlib.key" ] && [ "$(cat "$folder/hnswlib.key")" = "$key" ]; then
    exit 0
fi

rm -rf "$folder"
mkdir -p "$folder"
# no cache: pip keeps wheels by name and version and would hand out one that was built with other flags
HNSWLIB_NO_NATIVE=1 CFLAGS="${CFLAGS:-} $flags" "$python" -m pip wheel --quiet --quiet --no-deps --no-cache-dir \
    --no-binary hnswlib --build-constraint "$here/constraints.txt" --wheel-dir "$folder" "hnswlib==$version"
echo "$key" > "$folder/hnswlib.key"
