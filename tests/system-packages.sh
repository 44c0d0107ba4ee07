#!/bin/sh
# What the tests need beside Python packages: a Chromium. Installs Debian's where that can be done without a question,
# otherwise says what will be skipped. Never fails: the tests themselves decide (tests/browser/conftest.py).
set -u

# A Chromium that Playwright fetched (`playwright install chromium`) is used as well.
fetched() {
  ls -d "${PLAYWRIGHT_BROWSERS_PATH:-${HOME:-/root}/.cache/ms-playwright}"/chromium-* >/dev/null 2>&1
}

for name in chromium google-chrome-stable google-chrome; do
  if command -v "$name" >/dev/null 2>&1; then exit 0; fi
done
if fetched; then exit 0; fi

skip() {
  echo "No Chromium, so the tests of the page (tests/browser) are skipped, or fail where CI is set: $1" >&2
  exit 0
}

command -v apt-get >/dev/null 2>&1 || skip "there is no apt-get; install Chromium, or run .venv/bin/playwright install chromium."
if [ "$(id -u)" = 0 ]; then
  as_root=
elif sudo -n true >/dev/null 2>&1; then
  as_root="sudo -n"
else
  skip "installing it needs root; run: sudo apt-get install chromium"
fi

# A lock that somebody else holds and a mirror that does not answer end in a line of text, not in a wait for ever.
apt() {
  $as_root env DEBIAN_FRONTEND=noninteractive timeout "$1" apt-get -qq -o DPkg::Lock::Timeout=60 "$2" -y \
    --no-install-recommends $3 >"$log" 2>&1 </dev/null
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "Installing Chromium for the tests of the page ..." >&2
apt 120 update "" || true  # an old list of packages may do
case $(apt-cache policy chromium 2>/dev/null) in
  *Candidate:*snap*) skip "this distribution has it only as a snap; run .venv/bin/playwright install --with-deps chromium." ;;
  *Candidate:\ [0-9]*) ;;
  *) skip "apt-get knows no package chromium." ;;
esac
apt 900 install "chromium fonts-liberation" || skip "apt-get install chromium failed: $(tail -n 1 "$log")"
exit 0
