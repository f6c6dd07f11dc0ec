/** What needs no store: files compressed by zstd -3, searched by ripgrep. It knows no apps, levels or times, and finds all, not the newest 100. */
import { execFile, execFileSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { promisify } from 'node:util'
import type { Contender, Stored } from './contender.ts'
import type { Corpus } from './corpus.ts'

const run = promisify(execFile)

export function openFiles(): Contender {
  let absent: string | null = null
  try {
    execFileSync('rg', ['--version'])
    execFileSync('zstd', ['--version'])
  } catch {
    absent = 'ripgrep or zstd is not installed (Debian: ripgrep zstd)'
  }
  let files: string[] = []
  return {
    name: 'zstd files, ripgrep',
    absent,
    async store(corpus: Corpus): Promise<Stored> {
      const began = performance.now()
      const { stderr } = await run('/bin/sh', ['-c', 'for f in "$@"; do zstd -q -3 -f -k "$f"; done; times >&2', 'sh', ...corpus.files])
      files = corpus.files.map((file) => `${file}.zst`)
      const cpu = [...stderr.matchAll(/(\d+)m([\d.]+)s/g)].reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0)
      return { seconds: (performance.now() - began) / 1000, cpuSeconds: cpu, bytesPerLine: files.reduce((sum, file) => sum + statSync(file).size, 0) / corpus.lines, notes: {} }
    },
    async search({ pattern, isRegex = false }) {
      if (pattern === null) return null
      const found = await run('rg', ['-z', '-i', ...(isRegex ? [] : ['-F']), '-c', '--no-filename', pattern, ...files]).catch((error: { code?: number; stdout?: string }) => (error.code === 1 ? { stdout: '' } : Promise.reject(error)))
      return (found.stdout ?? '').split('\n').reduce((sum, count) => sum + Number(count), 0)
    },
    close: async () => {},
  }
}
