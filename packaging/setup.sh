#!/bin/sh
# setup.sh [--test]: makes .venv ready to run the program (or also its tests). Does nothing when it is ready already.
#
# System packages that are missing are installed where that needs no question (root, or sudo without a password);
# otherwise the one line to type is printed and the exit status is 2. PYTHON=... chooses the Python.
set -eu
cd "$(dirname "$0")/.."

wants=run
[ "${1:-}" = --test ] && wants=test

say() { printf '%s\n' "$*" >&2; }
stop() {
    say "$@"
    exit 2
}

# --- is everything done already? the stamp is written last, and differs when what it was made from does

stamp="$(cat pyproject.toml packaging/constraints.txt packaging/setup.sh packaging/*_wheel.sh | cksum) for"

fits() {  # does .venv run, stand where it was made, and belong to the Python that was asked for?
    .venv/bin/python -c "import pip" 2>/dev/null || return 1
    grep -qF "$(pwd -P)/.venv" .venv/pyvenv.cfg || return 1
    [ -z "${PYTHON:-}" ] || [ "$("$PYTHON" -V)" = "$(.venv/bin/python -V)" ]
}

for done_for in test "$wants"; do  # what can test can run
    if [ "$(cat .venv/stamp 2>/dev/null)" = "$stamp $done_for" ] && fits; then
        exit 0
    fi
done

# --- a Python that really runs (a version manager's shim may not), and can make environments and compile for itself

runs() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; }

complete() {
    "$1" -c 'if True:
        import ensurepip, os, sys, sysconfig, venv
        sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))' 2>/dev/null
}

find_python() {  # sets python: the newest complete one; otherwise the newest that runs; otherwise nothing
    python=
    if [ -n "${PYTHON:-}" ]; then set -- "$PYTHON"; else set -- python3.13 python3.12 python3.11 python3; fi
    for candidate; do
        runs "$candidate" || continue
        if complete "$candidate"; then
            python=$candidate
            return
        fi
        python=${python:-$candidate}
    done
}

# --- what the system must have: Debian's package, and the command or library by which other systems are asked for it

needed() {
    command -v c++ >/dev/null 2>&1 || echo "g++ c++"
    if [ -z "$python" ]; then
        printf '%s\n' "python3 python3" "python3-venv ensurepip" "python3-dev Python.h"
    elif ! complete "$python"; then
        version=$("$python" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
        printf '%s\n' "$version-venv ensurepip" "$version-dev Python.h"
    fi
    [ "$(uname)" = Linux ] || return 0
    cat <<'LIBRARIES'
fonts-dejavu-core a-font
libdbus-1-3 libdbus-1.so.3
libegl1 libEGL.so.1
libfontconfig1 libfontconfig.so.1
libgl1 libGL.so.1
libglib2.0-0|libglib2.0-0t64 libglib-2.0.so.0
libx11-xcb1 libX11-xcb.so.1
libxcb-cursor0 libxcb-cursor.so.0
libxcb-glx0 libxcb-glx.so.0
libxcb-icccm4 libxcb-icccm.so.4
libxcb-image0 libxcb-image.so.0
libxcb-keysyms1 libxcb-keysyms.so.1
libxcb-randr0 libxcb-randr.so.0
libxcb-render-util0 libxcb-render-util.so.0
libxcb-shape0 libxcb-shape.so.0
libxcb-shm0 libxcb-shm.so.0
libxcb-sync1 libxcb-sync.so.1
libxcb-xfixes0 libxcb-xfixes.so.0
libxcb-xkb1 libxcb-xkb.so.1
libxkbcommon-x11-0 libxkbcommon-x11.so.0
libxkbcommon0 libxkbcommon.so.0
LIBRARIES
    if [ "$wants" = test ]; then
        printf '%s\n' "xvfb Xvfb" "xdotool xdotool" "stunnel4 stunnel" "redis-tools redis-check-rdb"
    fi
}

known() {  # is this command or library here?
    case $1 in
        *.so.*) ! command -v ldconfig >/dev/null 2>&1 || ldconfig -p | grep -F "$1 " >/dev/null ;;
        a-font) ! command -v fc-list >/dev/null 2>&1 || [ -n "$(fc-list)" ] ;;
        ensurepip | Python.h) false ;;
        *) command -v "$1" >/dev/null 2>&1 ;;
    esac
}

find_missing() {  # sets missing: names, or a|b where systems differ in the name
    missing=
    if command -v dpkg-query >/dev/null 2>&1; then
        installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p')
        for names in $(needed | cut -d' ' -f1); do
            echo "$installed" | grep -xE "$(echo "$names" | sed 's/[.+]/\\&/g')" >/dev/null || missing="$missing $names"
        done
    else
        for thing in $(needed | cut -d' ' -f2); do
            known "$thing" || missing="$missing $thing"
        done
    fi
}

names_here() {  # the missing packages by the names that this system's lists know
    for names in $missing; do
        name=${names%%|*}
        for other in $(echo "$names" | tr '|' ' '); do
            if apt-cache show "$other" >/dev/null 2>&1; then name=$other; fi
        done
        printf ' %s' "$name"
    done
}

install_missing() {
    command -v apt-get >/dev/null 2>&1 || stop "This system lacks:$missing. Please install that, then run make again."
    line="apt-get install -y --no-install-recommends"
    if [ "$(id -u)" = 0 ]; then
        as_root=env
    elif sudo -n true 2>/dev/null; then
        as_root="sudo -n env"
    else
        say "Some system packages are missing. Please type this line, then run make again:"
        stop "sudo apt-get update && sudo $line$(names_here)"
    fi
    $as_root apt-get update -qq >&2 || say "The lists of packages could not be renewed; going on with those that are here."
    packages=$(names_here)
    say "Installing system packages:$packages"
    # shellcheck disable=SC2086  # a list of words on purpose
    $as_root DEBIAN_FRONTEND=noninteractive $line -qq $packages >&2 </dev/null ||
        stop "The system packages could not be installed. The line was: $line$packages"
}

find_python
if [ -n "${PYTHON:-}" ] && [ -z "$python" ]; then
    stop "PYTHON=$PYTHON does not run, or is not Python 3.11, 3.12 or 3.13."
fi
find_missing
if [ -n "$missing" ]; then
    install_missing
    find_python
fi
if [ -z "$python" ] || ! complete "$python"; then
    stop "Python 3.11, 3.12 or 3.13 with its venv and its headers is needed; name one with PYTHON=/path/to/python."
fi

# --- the environment

rm -f .venv/stamp
if ! { runs .venv/bin/python && fits; }; then
    say "Making .venv with $("$python" -V) …"
    rm -rf .venv
    "$python" -m venv .venv
fi

pip_install() {  # twice quiet: only what went wrong
    .venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check --constraint packaging/constraints.txt "$@"
}
say "Installing the tested versions of all that is needed (some minutes the first time) …"
pip_install pip setuptools
packaging/annoy_wheel.sh .venv/bin/python .venv/wheels
# by force, since an Annoy that is there already may have been built for this processor alone
pip_install --no-index --find-links .venv/wheels --no-deps --force-reinstall annoy
case $wants in
    run) pip_install --no-build-isolation --editable . ;;
    test)
        packaging/hnswlib_wheel.sh .venv/bin/python .venv/wheels.hnswlib
        pip_install --no-index --find-links .venv/wheels.hnswlib --no-deps --force-reinstall hnswlib
        pip_install --no-build-isolation --editable '.[test]'
        ;;
esac

echo "$stamp $wants" > .venv/stamp
say "Ready."
