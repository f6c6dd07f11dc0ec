/**
 * The worker as a slug of its own: our files that it imports, its two libraries and the Node that runs it, in a folder
 * that a build's unprivileged user can be lent. (This project itself may lie where that user may not look, such as below /root.)
 *
 * All of it is below a folder that task drivers share between tasks instead of copying it, so that a worker starts from
 * the same files each time and what was compiled once is used again. That folder is not node_modules, because Node takes
 * the types off a file only outside of it.
 */
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { access, copyFile, cp, link, mkdir, readFile, readdir, realpath, rename, rm, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, extname, join } from 'node:path'

const project = join(import.meta.dirname, '../../..')
const ours = ['src/base', 'src/contract', 'src/run/manifest', 'src/run/builds']
const libraries = ['yaml', 'zod']

const shared = '.venv/worker'
export const bundledNode = `./${shared}/bin/node`
export const bundledMain = `./${shared}/src/run/builds/worker/main.ts`

/** The folder, made if this version has none yet. Idempotent, also when two do it at once. */
export async function ensureBundle(home: string): Promise<string> {
  const files = (await Promise.all(ours.map((folder) => sources(folder)))).flat().sort()
  const hash = createHash('sha256').update(process.version)
  for (const file of files) hash.update(file).update(await readFile(join(project, file)))
  for (const name of libraries) hash.update(await readFile(join(libraryFolder(name), 'package.json')))
  const dir = join(home, 'builds', 'worker', hash.digest('hex').slice(0, 16))
  if (await access(dir).then(() => true, () => false)) return dir
  const unfinished = `${dir}.${process.pid}`
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(join(home, 'builds', 'worker'), { recursive: true, mode: 0o711 })
  for (const file of files) {
    await mkdir(dirname(join(unfinished, shared, file)), { recursive: true })
    await copyFile(join(project, file), join(unfinished, shared, file))
  }
  await copyFile(join(project, 'package.json'), join(unfinished, shared, 'package.json'))
  for (const name of libraries) await cp(libraryFolder(name), join(unfinished, shared, 'node_modules', name), { recursive: true, dereference: true, filter: (path) => !/\.(ts|cts|mts|map|md)$/.test(path) })
  await placeNode(join(unfinished, bundledNode))
  await rename(unfinished, dir).catch(async (error: NodeJS.ErrnoException) => {
    await rm(unfinished, { recursive: true, force: true })
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error // another control was faster
  })
  await removeOld(join(home, 'builds', 'worker'), dir)
  return dir
}

/** Bundles of earlier versions; a day later than any build that was begun with them. */
async function removeOld(folder: string, current: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    if (path !== current && Date.now() - (await stat(path)).mtimeMs > 24 * 60 * 60_000) await rm(path, { recursive: true, force: true })
  }
}

async function sources(folder: string): Promise<string[]> {
  const found: string[] = []
  for (const entry of await readdir(join(project, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory() && entry.name !== 'testing') found.push(...(await sources(path)))
    else if (['.ts', '.js'].includes(extname(path)) && !path.endsWith('.test.ts')) found.push(path)
  }
  return found
}

function libraryFolder(name: string): string {
  return dirname(createRequire(import.meta.url).resolve(`${name}/package.json`))
}

/** A link where everybody can reach our Node; else the same file under a second name, or a copy. */
async function placeNode(to: string): Promise<void> {
  const from = await realpath(process.execPath)
  await mkdir(dirname(to), { recursive: true })
  if (await isOpenToAll(from)) return symlink(from, to)
  await link(from, to).catch(() => copyFile(from, to, constants.COPYFILE_FICLONE))
}

async function isOpenToAll(path: string): Promise<boolean> {
  for (let at = dirname(path); ; at = dirname(at)) {
    if (((await stat(at)).mode & 0o001) === 0) return false
    if (at === dirname(at)) return true
  }
}
