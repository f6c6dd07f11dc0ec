#!/bin/sh
# Starts a Docker engine by hand on a machine without systemd (CI, a container with root), and waits until it answers.
# Does nothing where one answers already.
#
#   scripts/start-docker.sh [DIR]    DIR holds images, containers, the log and the pid; default /var/lib/nightshift-docker
#
# Stop it with: kill "$(cat DIR/docker.pid)"
set -eu

dir=${1:-/var/lib/nightshift-docker}
socket=/var/run/docker.sock

answers() { curl --silent --fail --max-time 2 --unix-socket "$socket" http://docker/_ping >/dev/null 2>&1; }

if answers; then
  echo "docker: an engine answers at $socket"
  exit 0
fi
[ "$(id -u)" = 0 ] || { echo "docker: only root can start an engine" >&2; exit 1; }
command -v dockerd >/dev/null || { echo "docker: dockerd is not installed (apt-get install docker.io)" >&2; exit 1; }

# Debian's runc wants the control groups mounted; a bare container may have none.
if [ ! -e /sys/fs/cgroup/cgroup.controllers ] && [ ! -d /sys/fs/cgroup/memory ]; then
  mount -t cgroup2 none /sys/fs/cgroup || { echo "docker: no control groups are mounted under /sys/fs/cgroup" >&2; exit 1; }
fi

mkdir -p "$dir"
rm -f "$dir/docker.pid"
# A session of its own: it outlives the shell that asked for it.
setsid dockerd --data-root "$dir/data" --exec-root "$dir/exec" --host "unix://$socket" --pidfile "$dir/docker.pid" \
  </dev/null >>"$dir/dockerd.log" 2>&1 &

tries=0
until answers; do
  tries=$((tries + 1))
  if [ "$tries" -gt 150 ]; then
    echo "docker: no engine answers after 30 s; the end of $dir/dockerd.log:" >&2
    tail -n 20 "$dir/dockerd.log" >&2
    exit 1
  fi
  sleep 0.2
done
echo "docker: an engine answers at $socket (log in $dir/dockerd.log)"
