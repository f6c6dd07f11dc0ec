import { useQuery } from '@tanstack/react-query'
import { TextLink } from '../components/a.tsx'
import { Answer } from '../components/answer.tsx'
import { AppRows } from '../components/app-rows.tsx'
import { Empty } from '../components/empty.tsx'
import { NightStrip } from '../components/night-strip.tsx'
import { Section } from '../components/page.tsx'
import { Skeleton, SkeletonBlock } from '../components/skeleton.tsx'
import { queries } from '../data/queries.ts'
import { useNow } from '../data/use-now.ts'
import { NeedsPerson } from '../healing/needs-person.tsx'
import { commands } from '../lib/commands.ts'
import { clockTime, longDate } from '../lib/times.ts'
import { useTitle } from '../lib/use-title.ts'
import { paths } from '../paths.ts'

export function Tonight() {
  useTitle('Tonight')
  const tonight = useQuery(queries.tonight())
  return (
    <div className="mx-auto max-w-[1120px] px-4 pt-8 sm:px-8 sm:pt-14">
      <Today />
      <Answer query={tonight} loading={<Loading />} title="The night could not be read">
        {(view) => (
          <>
            <h1 className="mb-9 max-w-[26ch] text-[30px]/[37px] sm:text-[42px]/[50px]">{view.sentence}</h1>
            <div className="mb-(--section)">
              <NightStrip marks={view.marks} />
            </div>
            <NeedsPerson listed={view.needsPerson} />
            <Section title="Apps" aside={view.apps.length === 0 ? undefined : 'requests of the last hour'}>
              {view.apps.length === 0 ? <NoApps /> : <AppRows most={12} apps={view.apps} sparklines={Object.fromEntries(view.apps.map((app) => [`${app.name}/${app.environment}`, app.sparkline]))} />}
            </Section>
          </>
        )}
      </Answer>
    </div>
  )
}

function Today() {
  const iso = new Date(useNow()).toISOString()
  return (
    <p className="mb-2 text-soft">
      {longDate(iso)}, <span className="num">{clockTime(iso)}</span>
    </p>
  )
}

const NoApps = () => (
  <Empty title="Nothing runs here yet." command={commands.deployDirectory()}>
    Go into a folder with an app (Node, Python, static files, or anything with a Procfile) and type this. <TextLink href={paths.deploy()}>Deploy</TextLink> shows the other ways: a git push, or a ready image.
  </Empty>
)

const Loading = () => (
  <>
    <div className="skeleton mb-9 h-[100px] max-w-140" />
    <SkeletonBlock height={104} />
    <div className="mt-12">
      <Skeleton rows={4} />
    </div>
  </>
)
