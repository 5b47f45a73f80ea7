#!/bin/sh
# dmg.sh: signs "dist/ANN Explorer.app" and packs it as dist/ann-explorer-VERSION-macos-ARCH.dmg. After packaging/build.sh.
#
# SIGN="Developer ID Application: …" signs for others' machines, and NOTARY=PROFILE (of `xcrun notarytool
# store-credentials`) has it notarised. Without them it is signed for this machine only, and others open it the first time by
# a right click.
set -eu
cd "$(dirname "$0")/../.."
app="dist/ANN Explorer.app"
identity=${SIGN:--}
version=$(build/app/venv/bin/python -c 'from importlib.metadata import version; print(version("ann-explorer"))')
out=dist/ann-explorer-$version-macos-$(uname -m).dmg

# from the inside out: every library, then the programs, then the whole
find "$app/Contents" -type f \( -name '*.dylib' -o -name '*.so' \) -print0 |
    xargs -0 -n 50 codesign --force --timestamp${SIGN:+} --options runtime --sign "$identity" 2>/dev/null ||
    find "$app/Contents" -type f \( -name '*.dylib' -o -name '*.so' \) -exec codesign --force --sign "$identity" {} +
codesign --force --options runtime --entitlements packaging/macos/entitlements.plist --sign "$identity" "$app"
codesign --verify --strict "$app"

staging=$(mktemp -d)
cp -R "$app" "$staging/"
ln -s /Applications "$staging/Applications"
rm -f "$out"
hdiutil create -volname "ANN Explorer" -srcfolder "$staging" -format UDZO -ov "$out"
rm -rf "$staging"
if [ -n "${NOTARY:-}" ]; then
    xcrun notarytool submit "$out" --keychain-profile "$NOTARY" --wait
    xcrun stapler staple "$out"
fi
(cd dist && shasum -a 256 ./*.dmg >SHA256SUMS)
