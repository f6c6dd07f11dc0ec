/** What is checked without running anything: types and lint. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const tool = (name: string) => join(root, 'node_modules', '.bin', name)

export type Check = { name: string; ok: boolean; output: string; ms: number }

const checks: { name: string; command: string; args: string[] }[] = [
  { name: 'types', command: tool('tsc'), args: ['-p', '.', '--pretty', 'false'] },
  { name: 'types of the console', command: tool('tsc'), args: ['-p', 'console', '--pretty', 'false'] },
  { name: 'lint', command: tool('oxlint'), args: ['--type-aware', '--deny-warnings', 'src', 'scripts', 'console/src', 'bench', 'examples'] },
]

function run({ name, command, args }: (typeof checks)[number]): Promise<Check> {
  const startedAt = performance.now()
  return new Promise((resolve) => {
    execFile(command, args, { cwd: root, maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) =>
      resolve({ name, ok: error === null, output: `${stdout}${stderr}`.trim(), ms: performance.now() - startedAt }),
    )
  })
}

/** All of them at once. */
export function runChecks(): Promise<Check[]> {
  return Promise.all(checks.map(run))
}
