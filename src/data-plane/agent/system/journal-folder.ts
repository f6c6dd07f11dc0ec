/** Whether a folder holds a journal that may be read: who is neither root nor in the group of the journal sees the folder, but not what is in it. */
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** `empty`: nothing is in it yet. */
export async function journalIn(folder: string): Promise<'absent' | 'empty' | 'closed' | 'readable'> {
  const machines = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? null : 'closed' as const))
  if (machines === null) return 'absent'
  if (machines === 'closed') return 'closed'
  let found: 'empty' | 'closed' = 'empty'
  for (const dir of ['', ...machines.filter((entry) => entry.isDirectory() && /^[0-9a-f]{32}$/.test(entry.name)).map(({ name }) => name)]) {
    const names = await readdir(join(folder, dir)).catch(() => 'closed' as const)
    if (names === 'closed') found = 'closed'
    // the journals of single users are theirs to read; that of the system counts
    else for (const name of names.filter((one) => /^(?!user-).*\.journal$/.test(one))) {
      if (await reads(join(folder, dir, name))) return 'readable'
      found = 'closed'
    }
  }
  return found
}

/** By opening it: `access` asks for the user that started the process, not for the one that it runs as. */
async function reads(path: string): Promise<boolean> {
  const file = await open(path).catch(() => null)
  await file?.close()
  return file !== null
}
