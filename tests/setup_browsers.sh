#!/bin/sh
# Sees to it that the browsers for the browser tests are there: Chromium, without which nothing of the page is tested, and
# Firefox, without which its tests are skipped (in CI they fail). Debian's come through apt.
set -eu

find_one() {
    for name in "$@"; do
        [ -n "$name" ] && command -v "$name" >/dev/null && return
    done
    return 1
}

find_chromium() { find_one "${CHROMIUM:-}" chromium chromium-browser google-chrome; }
find_firefox() { find_one "${FIREFOX:-}" firefox-esr firefox; }

wanted=
find_chromium || wanted=chromium
find_firefox || wanted="$wanted firefox-esr"
[ -n "$wanted" ] || exit 0

install="apt-get update && apt-get install --yes --no-install-recommends $wanted"
if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    DEBIAN_FRONTEND=noninteractive sh -c "$install" >&2 || true
elif command -v apt-get >/dev/null && { sudo -n true 2>/dev/null || { [ -t 0 ] && command -v sudo >/dev/null; }; }; then
    sudo env DEBIAN_FRONTEND=noninteractive sh -c "$install" >&2 || true
fi
find_firefox || echo 'Without Firefox its tests are skipped. Elsewhere than on Debian: install it and name it in FIREFOX.' >&2
find_chromium && exit
echo "The browser tests need Chromium. On Debian:  sudo sh -c '$install'" >&2
echo 'Elsewhere: install it and name it in CHROMIUM.' >&2
exit 1
