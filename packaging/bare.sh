#!/bin/bash
# bare.sh [SUITE [OPTIONS of debootstrap]]: proves `make run` and `make test` on a system that has nothing but git and make.
#
# Needs root and debootstrap. Makes a minimal Debian (bookworm unless SUITE says otherwise) in a temporary folder, clones
# the last commit of this checkout into it, runs both commands there as a new user would, without a display, and says
# how they ended. What the machine says about package indexes (apt, pip, certificates, proxies) holds inside too.
# KEEP=1 keeps the folder, to look around in. MIRROR=URL names another mirror; for Ubuntu:
#   MIRROR=http://archive.ubuntu.com/ubuntu packaging/bare.sh noble --components=main,universe
set -euo pipefail
suite=${1:-bookworm}
options=("${@:2}")
mirror=${MIRROR:-http://deb.debian.org/debian}
checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

if [ "$(id -u)" != 0 ] || ! command -v debootstrap >/dev/null; then
    echo "bare.sh needs root and debootstrap (apt-get install debootstrap)." >&2
    exit 2
fi
if [ "${BARE_INSIDE:-}" != yes ]; then  # mounts of one's own: they end with this process, whatever happens to it
    BARE_INSIDE=yes exec unshare --mount --propagation private "${BASH_SOURCE[0]}" "$@"
fi

root=$(mktemp -d "${TMPDIR:-/var/tmp}/ann-explorer-bare.XXXXXX")
mounted=()
clean_up() {
    local place
    for place in "${mounted[@]}"; do umount -R "$place" || true; done
    if [ "${KEEP:-}" = 1 ]; then echo "kept: $root"; else rm -rf --one-file-system "$root"; fi
}
trap clean_up EXIT
show() {  # show FOLDER: the same folder, seen from inside
    mkdir -p "$root$1"
    mount --rbind --make-rslave "$1" "$root$1"
    mounted=("$root$1" "${mounted[@]}")
}
copy() {  # copy PATH...: where they exist
    local path
    for path; do
        if [ -e "$path" ]; then
            rm -rf "${root:?}$path"  # a link in there would lead out, to this machine's own file
            mkdir -p "$root$(dirname "$path")"
            cp -rL --no-target-directory "$path" "$root$path"
        fi
    done
}

echo "== a bare $suite in $root"
script=()
if [ ! -e "/usr/share/debootstrap/scripts/$suite" ]; then  # newer than debootstrap: all of Ubuntu's are the same
    script=(gutsy)
fi
debootstrap --variant=minbase --include=git,make,ca-certificates "${options[@]}" \
    "$suite" "$root" "$mirror" "${script[@]}" >"$root.log" 2>&1 ||
    { tail -n 20 "$root.log"; rm -f "$root.log"; exit 1; }
rm -f "$root.log"

copy /etc/resolv.conf /etc/hosts /etc/ssl/certs /etc/pip.conf /etc/xdg/pip /root/.config/pip /root/.pip
copy /etc/apt/apt.conf /etc/apt/apt.conf.d /etc/apt/auth.conf /etc/apt/auth.conf.d
if (. /etc/os-release && [ "${VERSION_CODENAME:-}" = "$suite" ]); then
    copy /etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/trusted.gpg.d /etc/apt/keyrings /usr/share/keyrings
fi
settings=()  # of the environment: indexes, proxies and certificates
while IFS= read -r line; do settings+=("$line"); done < <(env | grep -iE '^(pip_|ssl_cert|requests_ca|curl_ca|[a-z]+_proxy)' || true)
for folder in $( (cat "$root"/etc/pip.conf "$root"/root/.config/pip/* "$root"/root/.pip/* 2>/dev/null; printf '%s\n' "${settings[@]:-}") |
    grep -oE '(^|[ =]|file://)/[^ ,]+' | sed -E 's|^[ =]?(file://)?||' | cut -d/ -f1-3 | sort -u); do
    case $folder in
        /etc/*) ;;  # was copied
        *) if [ -d "$folder" ]; then show "$folder"; fi ;;  # an index that lies on this machine
    esac
done
show /dev
mkdir -p "$root/proc"
mount -t proc proc "$root/proc"
mounted=("$root/proc" "${mounted[@]}")

git clone --quiet "$checkout" "$root/root/ann-explorer"
echo "== $(git -C "$checkout" log -1 --format='commit %h: %s')"

status=0
try() {  # try COMMAND...: inside, with a new user's environment and nobody to answer questions
    local began=$SECONDS outcome=0
    echo "== $*"
    chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        "${settings[@]}" /bin/sh -c 'cd /root/ann-explorer && exec "$@"' sh "$@" </dev/null 2>&1 |
        tee "$root/tmp/last.log" | tail -n 40 || outcome=$?
    echo "== $*: exit status $outcome after $((SECONDS - began)) s"
    [ "$outcome" = 0 ] || status=1
}
try make run
try make test
exit $status
