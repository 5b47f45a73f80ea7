#!/bin/sh
# deb.sh VERSION: packs dist/ann-explorer as a Debian package, in dist/; called by packaging/build.sh.
set -eu
cd "$(dirname "$0")/../.."
version=$1
here=packaging/linux
root=build/deb
arch=$(dpkg --print-architecture)

rm -rf "$root"
share=$root/usr/share
mkdir -p "$root/opt" "$root/usr/bin" "$root/DEBIAN" "$share/applications" "$share/mime/packages" "$share/metainfo" \
    "$share/man/man1" "$share/doc/ann-explorer" "$share/icons/hicolor/scalable/apps"
cp -a dist/ann-explorer "$root/opt/ann-explorer"
ln -s /opt/ann-explorer/ann-explorer "$root/usr/bin/explorer"
cp $here/ann-explorer.desktop "$share/applications/"
cp $here/ann-explorer.xml "$share/mime/packages/"
released=$(sed -n "s/^## $version (\(.*\))$/\1/p" packaging/CHANGELOG.md)
sed -e "s/@VERSION@/$version/" -e "s/@DATE@/${released:-$(date +%F)}/" $here/org.ann_explorer.Explorer.metainfo.xml \
    >"$share/metainfo/org.ann_explorer.Explorer.metainfo.xml"
cp resources/icon.svg "$share/icons/hicolor/scalable/apps/ann-explorer.svg"
for picture in packaging/app/build/*.png; do
    size=$(basename "$picture" .png)
    mkdir -p "$share/icons/hicolor/${size}x$size/apps"
    cp "$picture" "$share/icons/hicolor/${size}x$size/apps/ann-explorer.png"
done
build/app/venv/bin/python $here/man.py "$share/man/man1/explorer.1.gz"
cp LICENSE "$share/doc/ann-explorer/copyright"
gzip -9nc packaging/CHANGELOG.md >"$share/doc/ann-explorer/changelog.gz"

# What the libraries of the program load from the system; fonts, since a bare one has none.
cat >"$root/DEBIAN/control" <<CONTROL
Package: ann-explorer
Version: $version
Architecture: $arch
Maintainer: The ANN Explorer developers <developers@ann-explorer.invalid>
Section: science
Priority: optional
Installed-Size: $(du -sk "$root" | cut -f1)
Depends: libc6 (>= 2.34), libegl1, libgl1, libdbus-1-3, libfontconfig1, libglib2.0-0 | libglib2.0-0t64, libxkbcommon0, libxkbcommon-x11-0, libx11-6, libx11-xcb1, libxcb1, libxcb-cursor0, libxcb-icccm4, libxcb-image0, libxcb-keysyms1, libxcb-randr0, libxcb-render-util0, libxcb-render0, libxcb-shape0, libxcb-shm0, libxcb-sync1, libxcb-xfixes0, libxcb-xkb1, fonts-dejavu-core | fonts-noto-core | fonts-liberation
Recommends: shared-mime-info, desktop-file-utils, hicolor-icon-theme
Description: see a file of vectors as a map, and what your index does not find
 For everybody who holds a file of vectors: embeddings, descriptors, features.
 Open it, see all of it as a map, click or type, read the nearest neighbours
 with their distances, look inside the index that answered, and be told why a
 true neighbour was missed, and what would find it.
 .
 It needs no GPU, no network and no account.
CONTROL
find "$root" -type d -exec chmod 755 {} +
find "$root" -type f -perm /111 -exec chmod 755 {} +
find "$root" -type f -not -perm /111 -exec chmod 644 {} +
dpkg-deb --root-owner-group -Zxz -z6 --threads-max=2 --build "$root" "dist/ann-explorer_${version}_$arch.deb" >/dev/null
rm -rf "$root"
