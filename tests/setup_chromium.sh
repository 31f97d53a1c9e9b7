#!/bin/sh
# Sees to it that a Chromium is there for the browser tests, and prints its path. Debian's comes through apt.
set -eu

find_chromium() {
    for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
        [ -n "$name" ] && command -v "$name" && return
    done
    return 1
}

find_chromium && exit
install='apt-get update && apt-get install --yes --no-install-recommends chromium'
if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    DEBIAN_FRONTEND=noninteractive sh -c "$install" >&2 || true
elif command -v apt-get >/dev/null && { sudo -n true 2>/dev/null || { [ -t 0 ] && command -v sudo >/dev/null; }; }; then
    sudo env DEBIAN_FRONTEND=noninteractive sh -c "$install" >&2 || true
fi
find_chromium && exit
echo "The browser tests need Chromium. On Debian:  sudo sh -c '$install'" >&2
echo 'Elsewhere: install it and name it in CHROMIUM.' >&2
exit 1
