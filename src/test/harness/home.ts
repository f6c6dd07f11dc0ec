import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A fresh folder that goes away with `await using`. Passable by other users, as a home must be where apps run unprivileged. */
export async function tempHome(prefix = 'nightshift-'): Promise<{ home: string } & AsyncDisposable> {
  const home = await mkdtemp(join(tmpdir(), prefix))
  await chmod(home, 0o711)
  return {
    home,
    async [Symbol.asyncDispose]() {
      await rm(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
    },
  }
}
