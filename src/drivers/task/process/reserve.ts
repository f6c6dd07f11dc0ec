/**
 * Room for bad times: a file that is nothing but full. When the disk is full it is given up, so that an app that ended can
 * be started again; once there is ample room it is made again.
 */
import { randomFillSync } from 'node:crypto'
import { open, stat, statfs, truncate } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isDiskFull } from '#base/disk-full.ts'

const stepBytes = 1024 * 1024
/** It is no more than this part of its disk. */
const mostOfDisk = 1 / 32

/** What others than root may still use of the disk that `path` lies on. */
export async function freeBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path)
  return bavail * bsize
}

export class Reserve {
  readonly #path: string
  readonly #bytes: number

  /** @param bytes  0: there is none */
  constructor(path: string, bytes: number) {
    this.#path = path
    this.#bytes = bytes
  }

  /** Does the work, on a full disk a second time with the reserve's room. It must leave nothing behind when it fails. */
  async withRoom<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (!isDiskFull(error) || !(await this.#giveUp())) throw error
      return work()
    }
  }

  /** Makes it (again) where there is ample room. Idempotent; called now and then. */
  async keep(): Promise<void> {
    if (this.#bytes === 0) return
    const { blocks, bsize } = await statfs(dirname(this.#path))
    const wanted = Math.min(this.#bytes, Math.floor(blocks * bsize * mostOfDisk))
    const missing = wanted - (await this.#size())
    if (missing <= 0 || (await freeBytes(dirname(this.#path))) < missing + 2 * wanted) return
    const file = await open(this.#path, 'a', 0o600)
    try {
      // no zeros: a file system that compresses would keep no room for them
      for (let left = missing; left > 0; left -= stepBytes) await file.appendFile(randomFillSync(Buffer.allocUnsafe(Math.min(left, stepBytes))))
    } finally {
      await file.close()
    }
  }

  async #size(): Promise<number> {
    return stat(this.#path).then(({ size }) => size, () => 0)
  }

  async #giveUp(): Promise<boolean> {
    if ((await this.#size()) === 0) return false
    await truncate(this.#path, 0)
    return true
  }
}
