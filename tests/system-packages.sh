#!/bin/sh
# What the tests need beside Python packages: a Chromium, PostgreSQL and curl. Installs Debian's where that can be done
# without a question, otherwise says what will be skipped. Never fails: the tests themselves decide (tests/browser/conftest.py,
# tests/postgres.py).
set -u

# A Chromium that Playwright fetched (`playwright install chromium`) is used as well.
fetched() {
  ls -d "${PLAYWRIGHT_BROWSERS_PATH:-${HOME:-/root}/.cache/ms-playwright}"/chromium-* >/dev/null 2>&1
}

has_browser() {
  for name in chromium google-chrome-stable google-chrome; do
    if command -v "$name" >/dev/null 2>&1; then return 0; fi
  done
  fetched
}

# Debian keeps the programs of PostgreSQL off the path.
has_postgres() {
  command -v pg_ctl >/dev/null 2>&1 || ls -d "${POSTGRES_FOLDERS:-/usr/lib/postgresql}"/*/bin/pg_ctl >/dev/null 2>&1
}

missing=
has_browser || missing="$missing chromium"
has_postgres || missing="$missing postgresql"
command -v curl >/dev/null 2>&1 || missing="$missing curl"
if [ -z "$missing" ]; then exit 0; fi

say() {
  echo "Not installed, so tests that need it are skipped, or fail where CI is set:$1 ($2)" >&2
}

skip() {
  say "$missing" "$1"
  exit 0
}

command -v apt-get >/dev/null 2>&1 || skip "there is no apt-get; for Chromium run .venv/bin/playwright install chromium"
if [ "$(id -u)" = 0 ]; then
  as_root=
elif sudo -n true >/dev/null 2>&1; then
  as_root="sudo -n"
else
  skip "installing needs root; run: sudo apt-get install$missing"
fi

# A lock that somebody else holds and a mirror that does not answer end in a line of text, not in a wait for ever.
apt() {
  $as_root env DEBIAN_FRONTEND=noninteractive timeout "$1" apt-get -qq -o DPkg::Lock::Timeout=60 "$2" -y \
    --no-install-recommends $3 >"$log" 2>&1 </dev/null
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "Installing what the tests need:$missing ..." >&2
apt 120 update "" || true  # an old list of packages may do
for package in $missing; do
  case $(apt-cache policy "$package" 2>/dev/null) in
    *Candidate:*snap*) say " $package" "there is only a snap; run .venv/bin/playwright install --with-deps chromium" ;;
    *Candidate:\ [0-9]*)
      if [ "$package" = chromium ]; then package="chromium fonts-liberation"; fi
      apt 900 install "$package" || say " $package" "apt-get install failed: $(tail -n 1 "$log")" ;;
    *) say " $package" "apt-get knows no such package" ;;
  esac
done
exit 0
