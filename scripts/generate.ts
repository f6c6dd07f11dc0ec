/** `npm run generate`: writes every file that is made from others. Tests say when one is stale. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cliReferencePage } from '#cli/reference.ts'
import { endpointTables } from '#contract/api-reference.ts'
import { callsSource } from '#contract/calls-source.ts'
import { withGeneratedPart } from '#contract/generated-part.ts'
import { manifestJsonSchema, manifestTables } from '#contract/manifest-reference.ts'

const root = join(import.meta.dirname, '..')

const generated: { file: string; make: () => Promise<string> | string }[] = [
  { file: 'docs/cli.md', make: cliReferencePage },
  { file: 'docs/manifest.schema.json', make: manifestJsonSchema },
  { file: 'docs/manifest.md', make: async () => withGeneratedPart(await current('docs/manifest.md'), 'keys', manifestTables()) },
  { file: 'docs/api.md', make: async () => withGeneratedPart(await current('docs/api.md'), 'endpoints', endpointTables()) },
  { file: 'src/contract/calls.ts', make: callsSource },
]

function current(file: string): Promise<string> {
  return readFile(join(root, file), 'utf8')
}

for (const { file, make } of generated) {
  await writeFile(join(root, file), await make())
  process.stdout.write(`wrote ${file}\n`)
}
