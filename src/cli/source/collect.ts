/**
 * The files of a directory that make up its source, in a stable order. Symbolic links are kept as they are, never
 * followed; one that would lead out of the directory is refused, because it would mean something else where it arrives.
 */
import { lstat, readdir, readlink, realpath } from 'node:fs/promises'
import { isAbsolute, join, posix, relative, sep } from 'node:path'
import { AppError, messageOf } from '#base/errors.ts'
import { IgnoreRules, isEnvironmentFile } from './ignore-rules.ts'

export type SourceFile = { /** Relative, with `/`. */ path: string; kind: 'file' | 'folder' | 'link'; bytes: number }

export type Source = {
  root: string
  /** Folders stand before what is in them. */
  entries: SourceFile[]
  files: number
  bytes: number
  /** Files like .env that are there and left out. */
  environmentFiles: string[]
  /** Sockets, pipes and devices: they can't be deployed. */
  special: string[]
}

/** Throws `invalid` for what isn't a directory, can't be read, or links outside. */
export async function collectSource(folder: string): Promise<Source> {
  const root = await rootOf(folder)
  const source: Source = { root, entries: [], files: 0, bytes: 0, environmentFiles: [], special: [] }
  await walk(source, '', await IgnoreRules.at(root))
  if (source.files === 0) throw new AppError('invalid', `there is nothing to deploy in ${folder} (it is empty, or .gitignore and .nightshiftignore leave everything out)`)
  return source
}

async function rootOf(folder: string): Promise<string> {
  try {
    const root = await realpath(folder)
    if ((await lstat(root)).isDirectory()) return root
  } catch (error) {
    const absent = (error as NodeJS.ErrnoException).code === 'ENOENT'
    throw new AppError('invalid', absent ? `cannot deploy ${folder}: there is no such folder` : `cannot deploy ${folder}: ${messageOf(error)}`, { cause: error })
  }
  throw new AppError('invalid', `cannot deploy ${folder}: it is a file (name the folder it is in)`)
}

async function walk(source: Source, folder: string, rules: IgnoreRules): Promise<void> {
  const entries = await readdir(join(source.root, folder), { withFileTypes: true })
  entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const entry of entries) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (rules.leavesOut(path, entry.isDirectory())) {
      if (!entry.isDirectory() && isEnvironmentFile(path)) source.environmentFiles.push(path)
      continue
    }
    const absolute = join(source.root, path)
    if (entry.isDirectory()) {
      source.entries.push({ path, kind: 'folder', bytes: 0 })
      await walk(source, path, await rules.into(absolute, path))
    } else if (entry.isSymbolicLink()) {
      await refuseOutside(source.root, path)
      source.entries.push({ path, kind: 'link', bytes: 0 })
      source.files++
    } else if (entry.isFile()) {
      const { size } = await lstat(absolute)
      source.entries.push({ path, kind: 'file', bytes: size })
      source.files++
      source.bytes += size
    } else source.special.push(path)
  }
}

/** Both as text and as the file system resolves it, so that a link through another link is no way out either. */
async function refuseOutside(root: string, path: string): Promise<void> {
  const target = await readlink(join(root, path))
  const textual = posix.normalize(posix.join(posix.dirname(path), target.split(sep).join('/')))
  const reached = await realpath(join(root, path)).catch(() => undefined)
  const outside = isAbsolute(target) || textual === '..' || textual.startsWith('../') || (reached !== undefined && leaves(relative(root, reached)))
  if (outside) throw new AppError('invalid', `${path} is a symbolic link that leaves the directory (to ${target}): it would lead elsewhere on the machine that runs it (copy what it points to, make it relative, or name it in .nightshiftignore)`)
}

function leaves(path: string): boolean {
  return path === '..' || path.startsWith(`..${sep}`) || isAbsolute(path)
}
