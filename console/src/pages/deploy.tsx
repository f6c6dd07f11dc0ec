import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { type FormEvent, type ReactNode, useState } from 'react'
import { OutLink } from '../components/a.tsx'
import { Button } from '../components/button.tsx'
import { Command } from '../components/copy.tsx'
import { Input, Select } from '../components/field.tsx'
import { Page, Section } from '../components/page.tsx'
import { FormProblem } from '../components/problem.tsx'
import { api } from '../data/api.ts'
import { queries } from '../data/queries.ts'
import { useSession } from '../data/use-session.ts'
import { commands } from '../lib/commands.ts'
import { RecentBuilds } from './recent-builds.tsx'

const route = getRouteApi('/signed-in/deploy')

export function Deploy() {
  const { app: chosen } = route.useSearch()
  const navigate = useNavigate({ from: '/deploy' })
  const apps = useQuery(queries.apps()).data ?? []
  const names = [...new Set(apps.map((one) => one.name))]
  const app = chosen ?? names[0]
  const choose = (name: string) => void navigate({ search: { app: name }, replace: true })
  return (
    <Page title="Deploy" lead="Three ways in. Each builds, makes a release, and replaces instances one after the other while the old ones still serve.">
      <div className="mb-8 flex flex-wrap items-end gap-x-4 gap-y-3">
        {names.length === 0 ? null : (
          <Select label="Into which app" value={app} onChange={(event) => choose(event.target.value)} className="min-w-44">
            {(app === undefined || names.includes(app) ? names : [app, ...names]).map((name) => (
              <option key={name}>{name}</option>
            ))}
          </Select>
        )}
        <NewApp onMade={choose} isFirst={names.length === 0} />
      </div>
      <Ways app={app ?? 'my-app'} exists={app !== undefined && names.includes(app)} />
      <Section title="Recent builds" aside={`of ${names.length === 0 ? 'no app yet' : 'all apps'}`}>
        <RecentBuilds apps={apps.map((one) => ({ app: one.name, env: one.environment }))} />
      </Section>
    </Page>
  )
}

function Ways({ app, exists }: { app: string; exists: boolean }) {
  const { driver } = useSession()
  const detail = useQuery({ ...queries.app({ app, env: 'production' }), enabled: exists }).data
  return (
    <div className="mb-(--section) grid gap-x-8 gap-y-8 md:grid-cols-3">
      <Way number="1" title="A directory" commands={[commands.deployDirectory(app)]}>
        Sends what .gitignore leaves in. Needs no git, and is the quickest way to see something run.
      </Way>
      <Way number="2" title="A git push" commands={[commands.gitRemote(app), commands.gitPush(detail?.settings.deployBranch)]}>
        The remote once, then a push each time; the build’s output comes back as the push runs.
      </Way>
      <Way number="3" title="A ready image" commands={[commands.deployImage(app)]}>
        {driver === 'docker' ? 'Pulled by the machine and run as it is, without a build.' : 'Needs the docker driver, which no machine here has: start a container engine, then Nightshift.'}
      </Way>
      {detail?.url == null ? null : (
        <p className="text-soft md:col-span-3">
          Served at <OutLink href={detail.url}>{detail.url}</OutLink>. Builders are found by what lies in the folder: package.json, requirements.txt, Dockerfile, Procfile, index.html; nightshift.yml says the rest.
        </p>
      )}
    </div>
  )
}

function Way({ number, title, commands: list, children }: { number: string; title: string; commands: readonly string[]; children: ReactNode }) {
  return (
    <section className="min-w-0 border-t border-rule-strong pt-3">
      <h2 className="flex items-baseline gap-3 text-lg">
        <span aria-hidden="true" className="num text-soft">
          {number}
        </span>
        {title}
      </h2>
      <p className="mt-1 mb-3 text-sm text-soft md:min-h-15">{children}</p>
      <div className="space-y-2">
        {list.map((one) => (
          <Command key={one}>{one}</Command>
        ))}
      </div>
    </section>
  )
}

function NewApp({ onMade, isFirst }: { onMade: (name: string) => void; isFirst: boolean }) {
  const { access } = useSession()
  const client = useQueryClient()
  const [name, setName] = useState('')
  const make = useMutation({
    mutationFn: () => api.call('apps.create', { body: { name } }),
    onSuccess: (made) => {
      setName('')
      void client.invalidateQueries({ queryKey: ['apps'] })
      onMade(made.name)
    },
  })
  const whyNot = access === 'read' ? 'needs deploy access, this session has read' : name === '' ? 'type a name' : null
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (whyNot === null) make.mutate()
  }
  return (
    <form onSubmit={submit} className="flex flex-wrap items-end gap-2">
      <Input label={isFirst ? 'Name your first app' : 'or a new one'} placeholder="my-app" value={name} onChange={(event) => setName(event.target.value.trim().toLowerCase())} className="[&_input]:font-mono" />
      <Button type="submit" busy={make.isPending} whyNot={whyNot} onClick={() => {}}>
        Make it
      </Button>
      <FormProblem error={make.error} />
    </form>
  )
}
