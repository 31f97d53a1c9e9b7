#!/bin/sh
# The Python tests, in four lanes at once: many of them wait more than they work. Each lane says at the end how it went.
set -u
pytest="${PYTEST:-.venv/bin/pytest} -p no:cacheprovider --color=no"
said=$(mktemp -d)
trap 'rm -rf "$said"' EXIT

# Every second file of the page's tests, so that neither half has all the long ones.
page() {
    # shellcheck disable=SC2046
    $pytest $(ls tests/browser/test_*.py | awk "NR % 2 == $1")
}

lane() {
    case $1 in
    page-1) page 0 ;;
    page-2) page 1 ;;
    disk) $pytest --ignore=tests/persistence/crash tests/persistence && $pytest tests/persistence/crash ;;
    rest) $pytest --ignore=tests/persistence --ignore=tests/browser ;;
    esac
}

running=
trap 'kill $running 2>/dev/null; exit 130' INT TERM
for name in page-1 page-2 disk rest; do
    lane "$name" >"$said/$name" 2>&1 &
    running="$running $!"
done
failed=0
for number in $running; do
    wait "$number" || failed=1
done
cat "$said"/*
exit "$failed"
