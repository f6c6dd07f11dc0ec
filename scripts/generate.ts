/** `npm run generate`: writes every file that is made from others. Tests beside the sources say when one is stale. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cliReferencePage } from '#cli/reference.ts'
import { callsSource } from '#contract/calls-source.ts'

const root = join(import.meta.dirname, '..')

const generated: { file: string; make: () => Promise<string> | string }[] = [
  { file: 'docs/cli.md', make: cliReferencePage },
  { file: 'src/contract/calls.ts', make: callsSource },
]

for (const { file, make } of generated) {
  await writeFile(join(root, file), await make())
  process.stdout.write(`wrote ${file}\n`)
}
