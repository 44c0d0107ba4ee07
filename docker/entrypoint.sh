#!/bin/sh
# Started as root (as docker-compose.yaml and `docker compose exec` do), give the data folder to somebody and become them:
# whoever owns it, or the image's own user where root does. The server itself never runs as root. Started as another user,
# change nothing.
set -eu
program=/opt/venv/bin/embedding-explorer
if [ "$(id -u)" = 0 ]; then
  owner=$(stat -c %u "$EXPLORER_DATA")
  if [ "$owner" = 0 ]; then
    owner=$(id -u explorer)
    chown -R "$owner" "$EXPLORER_DATA"
  fi
  group=$(stat -c %g "$EXPLORER_DATA")
  export HOME=/home/explorer
  exec setpriv --reuid="$owner" --regid="$group" --clear-groups "$program" "$@"
fi
exec "$program" "$@"
