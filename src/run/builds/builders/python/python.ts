/**
 * Python apps: a virtual environment in `.venv` with what requirements.txt (or pyproject.toml) asks for. The slug is
 * unpacked elsewhere than it was built, so the environment is made independent of its place afterwards (relocate.ts).
 */
import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '#base/errors.ts'
import { hasFile, hasFolder, readSource } from '#run/manifest/source.ts'
import { procfileProcesses } from '../none/none.ts'
import type { BuildContext, Builder, Step } from '../types.ts'

const marks = ['requirements.txt', 'pyproject.toml', 'setup.py', 'Pipfile', 'manage.py', 'wsgi.py', 'main.py', 'app.py']

export const pythonBuilder: Builder = {
  name: 'python',
  async detect(dir) {
    for (const name of marks) if (await hasFile(dir, name)) return { because: `there is ${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name}` }
    return null
  },
  async plan(context) {
    const { dir, tools } = context
    if (tools.python === null) throw new AppError('unavailable', "python3 is not installed on this machine, or the build's user may not run it (Debian: apt-get install python3 python3-venv)")
    const steps: Step[] = []
    if (await hasFolder(dir, '.venv')) steps.push({ kind: 'say', text: 'the source holds a .venv; it is replaced by a fresh one (add .venv to .gitignore)' }, { kind: 'remove', path: join(dir, '.venv') })
    steps.push(...(await installSteps(context, tools.python)))
    if (!(await hasFile(dir, 'requirements.txt')) && (await hasFile(dir, 'Pipfile'))) steps.push({ kind: 'say', text: 'a Pipfile is not read: write a requirements.txt (pipenv requirements > requirements.txt)' })
    return { runtime: `Python ${tools.python.version}`, steps, processes: { ...(await defaultProcesses(dir)), ...(await procfileProcesses(dir)) }, path: ['.venv/bin'] }
  },
}

async function installSteps({ dir, cache }: BuildContext, python: { path: string; version: string }): Promise<Step[]> {
  const venv = join(dir, '.venv')
  const pip = (args: string[]): Step => ({
    kind: 'run',
    title: `installing ${args.join(' ')} with pip`,
    argv: [join(venv, 'bin/python3'), '-m', 'pip', 'install', '--disable-pip-version-check', '--no-compile', '--no-input', ...args],
    cwd: dir,
    env: { PIP_CACHE_DIR: join(cache, 'pip') },
  })
  const requirements = await readSource(dir, 'requirements.txt')
  const asks = requirements === null ? [] : meaningfulLines(requirements)
  const asPackage = requirements === null && ((await hasFile(dir, 'pyproject.toml')) || (await hasFile(dir, 'setup.py')))
  if (asks.length === 0 && !asPackage) {
    return [
      { kind: 'say', text: 'no requirements: nothing to install' },
      { kind: 'run', title: `making a virtual environment (Python ${python.version})`, argv: [python.path, '-m', 'venv', '--copies', '--without-pip', venv], cwd: dir },
      { kind: 'relocate-venv', venv, builtAt: dir },
    ]
  }
  const install: Step[] = [
    { kind: 'run', title: `making a virtual environment (Python ${python.version})`, argv: [python.path, '-m', 'venv', '--copies', venv], cwd: dir },
    pip(asPackage ? ['.'] : ['-r', 'requirements.txt']),
    // Byte code that is valid whatever the files' times say, since a slug has none.
    { kind: 'run', title: 'compiling', argv: [join(venv, 'bin/python3'), '-m', 'compileall', '-q', '--invalidation-mode', 'unchecked-hash', join(venv, 'lib')], cwd: dir },
    { kind: 'relocate-venv', venv, builtAt: dir },
  ]
  // What lies in local paths is not in the hash of the requirements.
  if (asPackage || asks.some((line) => /^-e|^--editable|^\.{0,2}\/|file:|@ \.|\.whl\b|\.tar\.gz\b|--find-links|^-f\b/.test(line))) return install
  const hash = createHash('sha256').update([python.path, python.version, await requirementFiles(dir)].join('\0'))
  const key = `venv-${hash.digest('hex').slice(0, 24)}`
  return [{ kind: 'restore', title: 'the requirements are unchanged: using the packages of the last build', key, to: venv, instead: [...install, { kind: 'save', key, from: venv }] }]
}

function meaningfulLines(requirements: string): string[] {
  return requirements.split(/\r?\n/).map((line) => line.replace(/(^|\s)#.*$/, '').trim()).filter((line) => line !== '')
}

/** requirements.txt may name others (-r, -c): all that look like such are part of the hash. */
async function requirementFiles(dir: string): Promise<string> {
  const names = (await readdir(dir)).filter((name) => /^(requirements|constraints).*\.txt$/.test(name)).sort()
  const inFolder = (await hasFolder(dir, 'requirements')) ? (await readdir(join(dir, 'requirements'))).filter((name) => name.endsWith('.txt')).sort().map((name) => join('requirements', name)) : []
  const texts = await Promise.all([...names, ...inFolder].map(async (name) => `${name}\0${(await readSource(dir, name)) ?? ''}`))
  return texts.join('\0')
}

/** What to run when neither a manifest nor a Procfile says it. */
async function defaultProcesses(dir: string): Promise<Record<string, string>> {
  for (const name of ['main.py', 'app.py', 'server.py']) if (await hasFile(dir, name)) return { web: `python3 ${name}` }
  if (await hasFile(dir, 'manage.py')) return { web: 'python3 manage.py runserver --noreload "0.0.0.0:$PORT"' }
  return {}
}
