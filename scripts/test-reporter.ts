/**
 * How `npm test` shows tests: one line a file, each failure in full where it happens, and at the end the skipped ones with
 * their reasons and the failed ones again, for whoever reads the last lines only. The counts go to the file that
 * NIGHTSHIFT_TEST_COUNTS names.
 */
import { writeFileSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { inspect } from 'node:util'
import { formatDuration } from '#base/units.ts'

export type Counts = { passed: number; failed: number; skipped: number }

type TestData = { name: string; nesting: number; file?: string; skip?: string | boolean; todo?: string | boolean; details: { type?: string; duration_ms?: number; error?: unknown } }
type FileData = { file?: string; counts: Record<string, number>; duration_ms: number; success: boolean }
type TestEvent = { type: 'test:pass' | 'test:fail'; data: TestData } | { type: 'test:summary'; data: FileData } | { type: 'test:stdout' | 'test:stderr'; data: { file: string; message: string } }

export default async function* report(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const total: Counts = { passed: 0, failed: 0, skipped: 0 }
  const skipped: string[] = []
  const failed: string[] = []
  const output = new Map<string, string>()
  for await (const { type, data } of source) {
    if (type === 'test:stdout' || type === 'test:stderr') {
      const file = fromRoot(data.file) // relative or absolute, as it was asked for
      output.set(file, `${output.get(file) ?? ''}${data.message}`.slice(-20_000))
    } else if (type === 'test:pass' || type === 'test:fail') {
      const file = data.file === undefined ? '' : fromRoot(data.file)
      const isSkipped = data.skip !== undefined && data.skip !== false
      if (isSkipped) skipped.push(`${file}: ${data.name}${typeof data.skip === 'string' && data.skip !== '' ? ` (${data.skip})` : ''}`)
      if (data.details.type !== 'suite') total[type === 'test:fail' ? 'failed' : isSkipped ? 'skipped' : 'passed']++
      if (type === 'test:fail' && !isOnlyBelow(data.details.error)) {
        const failure = `${file}: ${data.name}\n${describe(data.details.error)}\n`
        failed.push(failure)
        yield `\n✗ ${failure}`
        const said = output.get(file)
        if (said) yield `  it wrote:\n${said.replaceAll(/^/gm, '    ')}\n`
      }
    } else if (type === 'test:summary' && data.file !== undefined) {
      const { passed = 0, failed = 0, skipped: left = 0, cancelled = 0 } = data.counts
      const parts = [`${passed} passed`, ...(failed + cancelled > 0 ? [`${failed + cancelled} failed`] : []), ...(left > 0 ? [`${left} skipped`] : [])]
      yield `${data.success ? '✓' : '✗'} ${fromRoot(data.file).padEnd(62)} ${parts.join(', ')}  ${formatDuration(data.duration_ms)}\n`
    }
  }
  if (skipped.length > 0) yield `\nskipped:\n${skipped.map((each) => `  ${each}\n`).join('')}`
  if (failed.length > 0) yield `\nfailed:\n${failed.map((each) => `✗ ${each}`).join('')}`
  const counts = process.env['NIGHTSHIFT_TEST_COUNTS']
  if (counts) writeFileSync(counts, JSON.stringify(total))
}

const fromRoot = (file: string): string => relative(process.cwd(), resolve(file))

/** A suite that fails because a test in it did says nothing new. */
function isOnlyBelow(error: unknown): boolean {
  return (error as { failureType?: string } | undefined)?.failureType === 'subtestsFailed'
}

function describe(error: unknown): string {
  const cause = (error as { cause?: unknown } | undefined)?.cause ?? error
  return inspect(cause, { depth: 6, maxStringLength: 4000 }).replaceAll(/^/gm, '    ')
}
