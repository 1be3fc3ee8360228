#!/usr/bin/env bash
# Asks an image what a check of its Dockerfile cannot: who it runs as, what of it that user may write, how large it is.
# `npm run check:containers -- --rehearse` runs it, too, upon what the steps of the image make.
set -euo pipefail
image="$1"
# Node alone is half of it.
max_bytes=$((300 * 1024 * 1024))
# Its root may be written here: what is asked is what its files themselves allow, whatever it is started with.
node=(docker run --rm --cap-drop ALL --security-opt no-new-privileges --network none --entrypoint /nodejs/bin/node "$image" --eval)

user="$("${node[@]}" 'console.log(process.getuid())')"
[[ "$user" == 10001 ]] || { echo "It runs as the user $user, not as 10001." >&2; exit 1; }
writable="$("${node[@]}" '
  const fs = require("node:fs");
  const meant = ["/data", "/tmp", "/var/tmp", "/proc", "/sys", "/dev"];
  const walk = (place) => {
    if (meant.includes(place)) return;
    const found = fs.lstatSync(place);
    if (found.isSymbolicLink()) return;
    try {
      fs.accessSync(place, fs.constants.W_OK);
      console.log(place);
    } catch {}
    if (!found.isDirectory()) return;
    let names = [];
    try {
      names = fs.readdirSync(place);
    } catch {}
    for (const name of names) walk((place === "/" ? "" : place) + "/" + name);
  };
  walk("/");')"
[[ -z "$writable" ]] || { echo "Its user may write: ${writable//$'\n'/ }" >&2; exit 1; }
bytes="$(docker image inspect --format '{{.Size}}' "$image")"
[[ "$bytes" -le "$max_bytes" ]] || { echo "It has $bytes bytes, more than $max_bytes." >&2; exit 1; }
echo "user $user, may write to /data and /tmp alone, $((bytes / 1024 / 1024)) MB"
