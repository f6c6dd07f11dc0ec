import type { Build } from '#contract/model.ts'
import { TextLink } from '../components/a.tsx'
import { Ansi } from '../components/ansi.tsx'
import { Command } from '../components/copy.tsx'
import { HealthMark } from '../components/health.tsx'
import type { AppRef } from '../data/queries.ts'
import { commands } from '../lib/commands.ts'
import { paths } from '../paths.ts'
import type { BuildLine } from './use-build.ts'

const lastLines = 8

/** What went wrong, the last it said, what still serves, and the way out. */
export function BuildFailure({ of, build, because, step, lines }: { of: AppRef; build: Build; because: string; step: string; lines: readonly BuildLine[] }) {
  const isBuild = step === 'built'
  return (
    <section aria-label="What went wrong" className="mb-(--section) rounded-lg border border-red-mark bg-red-wash px-5 py-4">
      <h2 className="flex items-center gap-2.5 text-lg">
        <HealthMark health="down" size={16} />
        {isBuild ? 'The build failed' : `The rollout failed: not ${step}`}
      </h2>
      <p className="mt-1">{because}</p>
      {!isBuild || lines.length === 0 ? null : (
        <pre aria-label="Last lines" tabIndex={0} className="my-3 overflow-x-auto rounded-md bg-well px-3 py-2 text-[12.5px] leading-5">
          {lines.slice(-lastLines).map((line) => (
            <div key={line.line}>
              <Ansi text={line.text === '' ? ' ' : line.text} />
            </div>
          ))}
        </pre>
      )}
      <p className="mb-3 text-soft">
        Nothing was switched: what ran before serves on. Fix it and deploy again
        {build.source.kind === 'git' ? ' with a new commit' : ''}
        {isBuild ? '; if the cache is to blame, build without it' : ', or look at what the new instances said: '}
        {isBuild ? '.' : <TextLink href={paths.app(of.app, of.env, 'logs')}>logs</TextLink>}
      </p>
      <Command>{build.source.kind === 'git' ? commands.gitPush(build.source.branch ?? 'main') : `${commands.deployDirectory(of.app)}${isBuild ? ' --clean' : ''}`}</Command>
    </section>
  )
}
