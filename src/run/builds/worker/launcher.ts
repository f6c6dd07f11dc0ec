/**
 * `.nightshift/launch` in a slug: sets PATH to what was installed, sources `.profile.d` as buildpacks expect it, and
 * becomes the command. It finds everything from its own place, since a slug runs wherever it was unpacked.
 */
export function launcherScript(path: readonly string[]): string {
  const folders = path.map((folder) => `"$NIGHTSHIFT_SLUG/"${quoted(folder)}:`).join('')
  return `#!/bin/sh
NIGHTSHIFT_SLUG=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)
export NIGHTSHIFT_SLUG
PATH=${folders}$PATH
export PATH
if [ -d "$NIGHTSHIFT_SLUG/.profile.d" ]; then
  HOME=$NIGHTSHIFT_SLUG
  export HOME
  for nightshift_profile in "$NIGHTSHIFT_SLUG"/.profile.d/*.sh; do
    [ -r "$nightshift_profile" ] && . "$nightshift_profile"
  done
  unset nightshift_profile
fi
exec "$@"
`
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
