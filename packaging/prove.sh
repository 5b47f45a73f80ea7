#!/bin/bash
# prove.sh [DEB]: installs the package into a bare Debian 12 that has no Python, no compiler and no development files, and
# uses it there as an ordinary user: with a fresh home and with a read-only one, under a virtual display. Then removes it,
# and looks at what is left. Says PROVED at the end, or what failed, with exit status 1.
#
# Needs root, debootstrap and qemu-user. Without DEB: the newest of dist/. KEEP=1 keeps the folder, MIRROR=URL names another
# mirror.
set -euo pipefail
checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
deb=$(realpath "${1:-$(ls -t "$checkout"/dist/*.deb | head -n 1)}")
mirror=${MIRROR:-http://deb.debian.org/debian}
suite=bookworm

if [ "$(id -u)" != 0 ] || ! command -v debootstrap >/dev/null; then
    echo "prove.sh needs root and debootstrap (apt-get install debootstrap qemu-user)." >&2
    exit 2
fi
if [ "${BARE_INSIDE:-}" != yes ]; then  # mounts of one's own: they end with this process
    BARE_INSIDE=yes exec unshare --mount --propagation private "${BASH_SOURCE[0]}" "$@"
fi

root=$(mktemp -d "${TMPDIR:-/var/tmp}/ann-explorer-proof.XXXXXX")
chmod 755 "$root"  # an ordinary user has to get in
mounted=()
clean_up() {
    local place
    for place in "${mounted[@]}"; do umount -R -l "$place" || true; done
    if [ "${KEEP:-}" = 1 ]; then echo "kept: $root"; else rm -rf --one-file-system "$root"; fi
}
trap clean_up EXIT
show() {
    mkdir -p "$root$2"
    mount --rbind --make-rslave "$1" "$root$2"
    mounted=("$root$2" "${mounted[@]}")
}

echo "== a bare $suite in $root"
debootstrap --variant=minbase "$suite" "$root" "$mirror" >"$root.log" 2>&1 || { tail -n 20 "$root.log"; exit 1; }
rm -f "$root.log"
for path in /etc/resolv.conf /etc/hosts /etc/apt/apt.conf.d /etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/auth.conf.d \
    /etc/apt/trusted.gpg.d /etc/apt/keyrings /usr/share/keyrings /etc/ssl/certs; do
    if [ -e "$path" ]; then
        rm -rf "${root:?}$path"
        mkdir -p "$root$(dirname "$path")"
        cp -rL --no-target-directory "$path" "$root$path"
    fi
done
for folder in $(grep -rhoE 'file:/[^ ]+' "$root/etc/apt" 2>/dev/null | sed 's|^file:/*|/|' | cut -d/ -f1-3 | sort -u); do
    [ -d "$folder" ] && show "$folder" "$folder"
done
show /dev /dev
mkdir -p "$root/proc"
mount -t proc proc "$root/proc"
mounted=("$root/proc" "${mounted[@]}")

status=0
say() { printf '== %s\n' "$*"; }
inside() { chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@" </dev/null; }
check() {  # check WHAT COMMAND...: carries it out, says how it ended
    local what=$1 outcome=0 began=$SECONDS
    shift
    "$@" >"$root/tmp/last.log" 2>&1 || outcome=$?
    if [ $outcome = 0 ]; then say "ok      $what ($((SECONDS - began)) s)"; else
        status=1
        say "FAILED  $what (exit status $outcome)"
        tail -n 30 "$root/tmp/last.log"
    fi
}
as_user() {  # as_user COMMAND...: as an ordinary user, with a display
    inside su -s /bin/bash user -c "cd; export LANG=C.UTF-8 XDG_RUNTIME_DIR=/tmp/runtime DISPLAY=:77; $*"
}

inside apt-get update -qq
cp "$deb" "$root/tmp/ann-explorer.deb"
chmod 644 "$root/tmp/ann-explorer.deb"
inside dpkg-query -W -f '${Package}\n' | sort >"$root.before"
chmod 1777 "$root/tmp"
check "there is no Python and no compiler" inside sh -c '! command -v python3 && ! command -v cc && ! command -v gcc'
check "apt installs the package" inside apt-get install -y -qq --no-install-recommends /tmp/ann-explorer.deb
# What the proof itself needs: a display, somebody to type, and what a desktop has.
inside apt-get install -y -qq --no-install-recommends xvfb xdotool desktop-file-utils shared-mime-info libglib2.0-bin xdg-utils \
    appstream man-db procps >/dev/null 2>&1
inside useradd --create-home --shell /bin/bash user
inside sh -c 'mkdir -p /tmp/runtime && chown user /tmp/runtime && chmod 700 /tmp/runtime'
cp "$checkout/tests/data/formats/same.npy" "$root/home/user/vectors.npy"
inside chown -R user: /home/user
inside sh -c 'mkdir -p /tmp/.X11-unix && chmod 1777 /tmp /tmp/.X11-unix'
chroot "$root" /usr/bin/env -i PATH=/usr/bin:/bin HOME=/root /usr/bin/Xvfb :77 -ac -screen 0 1440x900x24 >"$root/tmp/xvfb.log" 2>&1 &
display=$!
for _ in $(seq 50); do [ -S "$root/tmp/.X11-unix/X77" ] && break; sleep 0.2; done

check "desktop entry and metainfo are valid" inside sh -c \
    'desktop-file-validate /usr/share/applications/ann-explorer.desktop && appstreamcli validate --no-net /usr/share/metainfo/*explorer*.xml'
check "the manual page is there" inside man -w explorer
check "explorer --version" as_user explorer --version
cat "$root/tmp/last.log"
check "explorer selftest, fresh home" as_user explorer selftest
check "explorer selftest again, from its caches" as_user explorer selftest
check "explorer info" as_user explorer info vectors.npy --json
check "explorer snapshot of a file" as_user explorer snapshot vectors.npy --out shot.png --wait map
check "the picture is one" inside sh -c 'head -c 4 /home/user/shot.png | grep -q PNG'
check "its desktop entry opens a file" as_user '
    gio info -a standard::content-type vectors.npy | grep -q application/x-npy &&
    gio mime application/x-npy | grep -q ann-explorer.desktop &&
    (gio open vectors.npy &) && sleep 25 && xdotool search --name "vectors.npy.*ANN Explorer" &&
    pkill -f "[/]opt/ann-explorer" && sleep 3 && ! pgrep -f "[/]opt/ann-explorer"'
mount --bind "$root/home/user" "$root/home/user" && mount -o remount,ro,bind "$root/home/user"
mounted=("$root/home/user" "${mounted[@]}")
check "explorer selftest, read-only home" as_user explorer selftest
check "explorer snapshot, read-only home" as_user explorer snapshot vectors.npy --out /tmp/ro.png
umount "$root/home/user"
mounted=("${mounted[@]:1}")
if command -v qemu-x86_64 >/dev/null && [ "${QEMU:-1}" = 1 ]; then  # a processor of 2008: no AVX
    cp "$(command -v qemu-x86_64)" "$root/usr/local/bin/qemu-x86_64" 2>/dev/null || true
    for library in $(ldd "$(command -v qemu-x86_64)" 2>/dev/null | grep -o '/[^ )]*'); do
        [ -e "$root$library" ] || cp --parents -L "$library" "$root"
    done
    check "the index libraries answer on a processor without AVX" as_user \
        QT_QPA_PLATFORM=offscreen timeout 3000 qemu-x86_64 -cpu Nehalem /opt/ann-explorer/ann-explorer selftest
fi
check "apt removes it" inside apt-get purge -y -qq ann-explorer
check "nothing is left but the user's own files" inside sh -c \
    '! ls -d /opt/ann-explorer /usr/bin/explorer /usr/share/applications/ann-explorer.desktop 2>/dev/null'
kill $display 2>/dev/null || true
if [ $status = 0 ]; then say PROVED; else say "not proved"; fi
exit $status
