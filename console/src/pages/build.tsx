import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import type { Build } from '#contract/model.ts'
import { buildRules, whyNot } from '#contract/rules.ts'
import { TextLink } from '../components/a.tsx'
import { Lasting } from '../components/ago.tsx'
import { Answer } from '../components/answer.tsx'
import { buildHealth, sourceOf } from '../components/build-words.ts'
import { Button } from '../components/button.tsx'
import { Confirm } from '../components/confirm.tsx'
import { HealthMark } from '../components/health.tsx'
import { Page, Section } from '../components/page.tsx'
import { Steps } from '../components/steps.tsx'
import { type AppRef, queries } from '../data/queries.ts'
import { useAction } from '../data/use-action.ts'
import { useSession } from '../data/use-session.ts'
import { formatSize } from '../lib/numbers.ts'
import { paths } from '../paths.ts'
import { BuildFailure } from './build-failure.tsx'
import { BuildLog } from './build-log.tsx'
import { TakesTraffic } from './takes-traffic.tsx'
import { useBuildLog, useProgress } from './use-build.ts'

const route = getRouteApi('/signed-in/apps/$app/builds/$build')

export function BuildPage() {
  const { app, build: id } = route.useParams()
  const { env = 'production' } = route.useSearch()
  const ref = { app, env }
  const build = useQuery(queries.build(ref, id))
  return (
    <Page
      documentTitle={`Build of ${app}`}
      title={
        <>
          Build of{' '}
          <TextLink href={paths.app(app, env)} className="text-ink">
            {app}
          </TextLink>
        </>
      }
      lead={build.data === undefined ? undefined : <Lead build={build.data} />}
      actions={build.data === undefined ? null : <Cancel of={ref} build={build.data} />}
    >
      <Answer query={build} title="This build could not be read">
        {(data) => <Body key={id} of={ref} build={data} />}
      </Answer>
    </Page>
  )
}

function Lead({ build }: { build: Build }) {
  return (
    <span className="flex items-baseline gap-2.5">
      <span className="self-start pt-1">
        <HealthMark health={buildHealth[build.state]} />
      </span>
      <span>
        {build.state}, {sourceOf(build)} by {build.by}
        {build.startedAt === null ? '' : ', '}
        {build.startedAt === null ? null : <Lasting from={build.startedAt} to={build.finishedAt} />}
        {build.builder === null ? '' : ` · ${build.builder}: ${build.because}`}
        {build.sizeBytes === null ? '' : ` · ${formatSize(build.sizeBytes)}`}
      </span>
    </span>
  )
}

function Body({ of, build }: { of: AppRef; build: Build }) {
  const log = useBuildLog(of, build.id)
  const progress = useProgress(of, build)
  const failed = progress.steps.find((step) => step.state === 'failed')
  return (
    <>
      <Section title="Steps" aside={progress.release === null ? undefined : `release v${progress.release}`}>
        <div className="py-2">
          {/* why one failed has more room below */}
          <Steps label="Build and rollout" steps={progress.steps.map((step) => (step.state === 'failed' ? { ...step, detail: '' } : step))} />
        </div>
        {progress.made === null ? <TakesTraffic of={of} release={progress.release} url={progress.url} /> : <p className="mt-2 max-w-[70ch]">{progress.made}</p>}
      </Section>
      {failed === undefined && build.state !== 'failed' ? null : <BuildFailure of={of} build={build} because={failed?.detail ?? build.because} step={failed?.name ?? 'built'} lines={log.lines} />}
      <Section title="Output" aside={log.ended ? `${log.lines.length} lines` : 'as it is written'}>
        <BuildLog log={log} queued={build.state === 'queued'} />
      </Section>
    </>
  )
}

function Cancel({ of, build }: { of: AppRef; build: Build }) {
  const { access } = useSession()
  const [asking, setAsking] = useState(false)
  const cancel = useAction('builds.cancel', { touches: ['builds'], done: 'The build is cancelled', onDone: () => setAsking(false) })
  const reason = whyNot(buildRules.cancel, build.state, access)
  if (reason !== null && access !== 'read') return null
  return (
    <>
      <Button whyNot={reason} onClick={() => setAsking(true)}>
        Cancel this build
      </Button>
      <Confirm open={asking} onOpenChange={setAsking} title="Cancel this build?" touches={['the build ends now and makes no release']} leaves={['what runs and serves', 'the cache of earlier builds']} action="Cancel it" tone="danger" busy={cancel.isPending} onConfirm={() => cancel.mutate({ params: { app: of.app, build: build.id }, query: { environment: of.env } })} />
    </>
  )
}
