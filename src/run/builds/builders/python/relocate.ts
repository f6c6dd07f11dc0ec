/**
 * Makes a virtual environment work wherever it lies. Python itself finds its environment beside its executable, which is
 * a copy (links out of a slug are not unpacked); what holds the old place are the first lines of console scripts, .pth
 * files of editable installs, and the activate scripts.
 */
import { lstat, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'

/**
 * A start that is both shell and Python: the shell runs the Python beside the script, Python sees a string. The way of
 * uv and of distlib for long paths.
 */
const relocatableStart = `#!/bin/sh
'''exec' "$(dirname -- "$(realpath -- "$0")")"/'python3' "$0" "$@"
' '''
`

/** Idempotent. @param builtAt  the app's folder, as paths within the environment name it */
export async function relocateVenv(venv: string, builtAt: string): Promise<{ scripts: number }> {
  let scripts = 0
  const bin = join(venv, 'bin')
  for (const name of await readdir(bin)) {
    const path = join(bin, name)
    if (/^[Aa]ctivate/.test(name)) await rm(path) // they name the old place, and nothing here uses them
    else if (/^python(3\.\d+)?$/.test(name)) {
      await rm(path) // one copy of the interpreter is enough
      await symlink('python3', path)
    } else if ((await lstat(path)).isFile() && (await relocateScript(path))) scripts++
  }
  const lib = join(venv, 'lib')
  for (const version of await readdir(lib)) {
    const site = join(lib, version, 'site-packages')
    for (const name of await readdir(site).catch(() => [])) if (name.endsWith('.pth')) await relocatePth(join(site, name), site, builtAt)
  }
  const config = join(venv, 'pyvenv.cfg')
  const kept = (await readFile(config, 'utf8')).split('\n').filter((line) => !line.startsWith('command = '))
  await writeFile(config, kept.join('\n'))
  return { scripts }
}

async function relocateScript(path: string): Promise<boolean> {
  const content = await readFile(path)
  if (content.length > 1024 * 1024 || content[0] !== 0x23 || content[1] !== 0x21) return false // no script
  const text = content.toString('utf8')
  const long = /^#!\/bin\/sh\n'''exec' .*python[\d.]* "\$0" "\$@"\n' '''\n/.exec(text) // pip writes this for places with long names or spaces
  const short = /^#!.*\/python[\d.]*[^\n]*\n/.exec(text)
  const start = long?.[0] ?? short?.[0]
  if (start === undefined || start === relocatableStart) return false
  await writeFile(path, relocatableStart + text.slice(start.length))
  return true
}

/** Lines that are paths count from the folder of the .pth file when they are relative. */
async function relocatePth(path: string, site: string, builtAt: string): Promise<void> {
  const text = await readFile(path, 'utf8')
  const moved = text.split('\n').map((line) => (line === builtAt || line.startsWith(`${builtAt}/`) ? relative(site, line) : line)).join('\n')
  if (moved !== text) await writeFile(path, moved)
}
