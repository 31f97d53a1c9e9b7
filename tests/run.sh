#!/bin/sh
# The Python tests, in three lanes at once: many of them wait more than they work. Each lane says at the end how it went.
set -u
pytest="${PYTEST:-.venv/bin/pytest} -p no:cacheprovider --color=no"
said=$(mktemp -d)
trap 'rm -rf "$said"' EXIT

lane() {
    case $1 in
    page) $pytest tests/browser ;;
    disk) $pytest --ignore=tests/persistence/crash tests/persistence && $pytest tests/persistence/crash ;;
    rest) $pytest --ignore=tests/persistence --ignore=tests/browser ;;
    esac
}

running=
trap 'kill $running 2>/dev/null; exit 130' INT TERM
for name in page disk rest; do
    lane "$name" >"$said/$name" 2>&1 &
    running="$running $!"
done
failed=0
for number in $running; do
    wait "$number" || failed=1
done
cat "$said"/*
exit "$failed"
