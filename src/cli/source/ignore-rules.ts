/**
 * Which files of a folder are not part of its source, as git decides it: nested .gitignore files, the deepest word last,
 * and what is inside an ignored folder can't be brought back. `.nightshiftignore` stands beside .gitignore and comes after
 * it, so that `!dist` deploys what git leaves out. Above the folder, .gitignore files count up to the repository's root.
 */
import { readFile, stat } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import ignore, { type Ignore } from 'ignore'

/** Never part of a source, whatever a rule says: history, installed dependencies, our own data and link. */
const neverDeployed: ReadonlySet<string> = new Set(['.git', 'node_modules', '.nightshift', '.nightshift-app'])

/** Left out unless a rule brings them back: they hold secrets of a developer's own machine. */
const environmentFiles = ['.env', '.env.local', '.env.*.local']

/** The rules in force within one folder; immutable. All of them are one list, each written from the outermost folder. */
export class IgnoreRules {
  readonly #rules: Ignore
  /** From the outermost folder down to the deployed one: '' or `apps/web/`. */
  readonly #prefix: string

  private constructor(rules: Ignore, prefix: string) {
    this.#rules = rules
    this.#prefix = prefix
  }

  /** The rules at the top of a folder: its own and those of the repository around it. */
  static async at(folder: string): Promise<IgnoreRules> {
    const top = await repositoryOf(folder)
    const prefix = top === undefined || top === folder ? '' : `${relative(top, folder).split(sep).join('/')}/`
    const around = await rulesAround(folder, prefix)
    // A folder that git ignores, named all the same, is meant: `deploy dist`.
    if (prefix !== '' && around.ignores(prefix)) return new IgnoreRules(standardRules(), '').into(folder, '')
    return new IgnoreRules(around, prefix).into(folder, '')
  }

  /** These rules and those of one folder more; `path` is relative to the deployed one, with `/`. */
  async into(absolute: string, path: string): Promise<IgnoreRules> {
    const base = path === '' ? this.#prefix : `${this.#prefix}${path}/`
    const lines = [...(await linesOf(join(absolute, '.gitignore'))), ...(await linesOf(join(absolute, '.nightshiftignore')))]
    if (lines.length === 0) return this
    return new IgnoreRules(fresh().add(this.#rules).add(lines.map((line) => fromOutside(line, base))), this.#prefix)
  }

  leavesOut(path: string, isFolder: boolean): boolean {
    return neverDeployed.has(path.slice(path.lastIndexOf('/') + 1)) || this.#rules.ignores(`${this.#prefix}${path}${isFolder ? '/' : ''}`)
  }
}

export function isEnvironmentFile(path: string): boolean {
  return /(^|\/)\.env(\.local|\.[^/]+\.local)?$/.test(path)
}

function fresh(): Ignore {
  return ignore({ ignorecase: false })
}

function standardRules(): Ignore {
  return fresh().add(environmentFiles)
}

async function rulesAround(folder: string, prefix: string): Promise<Ignore> {
  const rules = standardRules()
  const names = prefix.split('/').slice(0, -1)
  for (const depth of names.keys()) {
    const parent = join(folder, ...names.slice(depth).map(() => '..'))
    const base = names.slice(0, depth).map((name) => `${name}/`).join('')
    rules.add((await linesOf(join(parent, '.gitignore'))).map((line) => fromOutside(line, base)))
  }
  return rules
}

/** A rule of the .gitignore in `base`, written so that it means the same from the outermost folder. */
function fromOutside(line: string, base: string): string {
  if (base === '') return line
  const negative = line.startsWith('!')
  const body = negative ? line.slice(1) : line
  const anchored = body.trimEnd().slice(0, -1).includes('/')
  return `${negative ? '!' : ''}/${base.replaceAll(/[\\*?[\]!# ]/g, String.raw`\$&`)}${anchored ? '' : '**/'}${body.replace(/^\//, '')}`
}

/** Rules of a file, without comments and empty lines. None where it isn't there. */
async function linesOf(file: string): Promise<string[]> {
  try {
    return (await readFile(file, 'utf8')).replace(/^\uFEFF/, '').split(/\r?\n/).filter((line) => line.trim() !== '' && !line.startsWith('#'))
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'EISDIR') return []
    throw error
  }
}

/** The root of the git repository around a folder; undefined outside one. */
async function repositoryOf(folder: string): Promise<string | undefined> {
  for (let at = folder; ; at = dirname(at)) {
    const found = await stat(join(at, '.git')).catch(() => undefined)
    if (found !== undefined) return at
    if (dirname(at) === at) return undefined
  }
}
