import { getRouteApi, useNavigate } from '@tanstack/react-router'
import type { AppDetail, ServiceSummary } from '#contract/model.ts'
import { OutLink, TextLink } from '../../components/a.tsx'
import { HealthMark, healthText, healthWords } from '../../components/health.tsx'
import { Tag } from '../../components/tag.tsx'
import { WhyPanel } from '../../healing/why.tsx'
import { paths } from '../../paths.ts'
import { InstanceDot } from './instance-dot.tsx'
import { Scale } from './scale.tsx'

/** States that need no explanation beyond their sentence. */
const plain: readonly ServiceSummary['health'][] = ['healthy', 'stopped', 'empty']

/** A service: is it well and why, each instance as a dot, how many there should be; when it is not well, or was not within the hour, the long answer on demand. */
export function ServiceRow({ app, service }: { app: AppDetail; service: ServiceSummary }) {
  const why = useWhy(service.name)
  return (
    <li className="row-y grid items-center gap-x-6 gap-y-2 grid-cols-[1fr_auto] md:grid-cols-[minmax(0,1fr)_minmax(120px,auto)_150px]">
      <div className="flex min-w-0 items-baseline gap-3 max-md:col-span-2">
        <span className="self-start pt-1">
          <HealthMark health={service.health} />
        </span>
        <div className="min-w-0">
          <p className="flex flex-wrap items-baseline gap-x-2.5">
            <span className="font-medium">{service.name}</span>
            {service.protocol === 'http' ? null : <Tag>{service.protocol}</Tag>}
            {service.needs.length === 0 ? null : <span className="text-sm text-soft">needs {service.needs.join(', ')}</span>}
            <TextLink href={paths.appLogs(app.name, app.environment, { service: service.name })} className="text-sm">
              logs<span className="sr-only"> of {service.name}</span>
            </TextLink>
          </p>
          <p className={`text-sm ${healthText[service.health]}`}>
            <span className="sr-only">{healthWords[service.health]}: </span>
            {service.because}
            {plain.includes(service.health) && !why.isOpen && !service.instances.some(hasJustEnded) ? null : (
              <>
                {' '}
                <button type="button" aria-expanded={why.isOpen} aria-controls={why.isOpen ? why.id : undefined} onClick={why.toggle} className="text-soft underline decoration-dotted underline-offset-3 hover:text-ink">
                  why?<span className="sr-only"> ({service.name})</span>
                </button>
              </>
            )}
          </p>
          <p className="flex flex-wrap gap-x-4 text-sm text-soft">
            {service.command === null ? null : <code className="max-w-80 truncate">{service.command}</code>}
            {service.volumes.length === 0 ? null : <span>volume {service.volumes.join(', ')}</span>}
            {app.health === 'stopped' ? null : service.urls.map((url) => (
              <OutLink key={url} href={url} className="text-sm">
                {url.replace(/^https?:\/\//, '')}
              </OutLink>
            ))}
          </p>
        </div>
      </div>
      <ul aria-label={`Instances of ${service.name}`} className="flex flex-wrap gap-1 max-md:ml-6 md:justify-end">
        {service.instances.map((instance) => (
          <li key={instance.id}>
            <InstanceDot app={app} instance={instance} />
          </li>
        ))}
      </ul>
      <div>
        <Scale app={app} service={service} />
      </div>
      {why.isOpen ? (
        <div className="col-span-full mb-2">
          <WhyPanel id={why.id} of={{ app: app.name, env: app.environment }} service={service.name} />
        </div>
      ) : null}
    </li>
  )
}

/** It is back, and there is something to tell. */
const hasJustEnded = ({ restarts, lastExit }: ServiceSummary['instances'][number]) => restarts > 0 && lastExit !== null && Date.now() - Date.parse(lastExit.at) < 3_600_000

const route = getRouteApi('/signed-in/apps/$app/')

/** The open answer is part of the address, so that it can be sent to somebody. */
function useWhy(service: string) {
  const { why } = route.useSearch()
  const navigate = useNavigate({ from: '/apps/$app/' })
  const isOpen = why === service
  return { isOpen, id: `why-${service}`, toggle: () => void navigate({ search: (now) => ({ ...now, why: isOpen ? undefined : service }), replace: true, resetScroll: false }) }
}
