import { Minus, Plus } from 'lucide-react'
import { useEffect, useState } from 'react'
import type { AppDetail, ServiceSummary } from '#contract/model.ts'
import { appRules, whyNot } from '#contract/rules.ts'
import { Button, IconButton } from '../../components/button.tsx'
import { Tip } from '../../components/tip.tsx'
import { useAction } from '../../data/use-action.ts'
import { useSession } from '../../data/use-session.ts'

/** How many instances there should be. A setting here stays over deploys, so what differs from the manifest is shown. */
export function Scale({ app, service }: { app: AppDetail; service: ServiceSummary }) {
  const { access } = useSession()
  const [count, setCount] = useState(service.wanted)
  useEffect(() => setCount(service.wanted), [service.wanted])
  const scale = useAction('apps.scale', { touches: ['app', 'apps', 'manifest'], done: ({ services }) => `${service.name} is scaled to ${services[service.name] ?? count}` })
  const reason = whyNot(appRules.scale, app.health, access)
  const apply = () => scale.mutate({ params: { app: app.name }, query: { environment: app.environment }, body: { services: { [service.name]: count } } })
  return (
    <div className="flex flex-wrap items-center justify-end gap-1">
      <IconButton label={`One instance of ${service.name} less`} size="icon" className="size-7" whyNot={reason} onClick={() => reason === null && setCount(Math.max(0, count - 1))}>
        <Minus size={14} aria-hidden />
      </IconButton>
      <span className="num min-w-12 text-center" aria-live="polite">
        <span className="sr-only">{service.name}: </span>
        {service.ready}/{count}
      </span>
      <IconButton label={`One instance of ${service.name} more`} size="icon" className="size-7" whyNot={reason} onClick={() => reason === null && setCount(Math.min(100, count + 1))}>
        <Plus size={14} aria-hidden />
      </IconButton>
      {count !== service.wanted ? (
        <Button size="sm" tone="main" busy={scale.isPending} onClick={apply}>
          Set {count}
        </Button>
      ) : service.wanted !== service.manifestScale && app.health !== 'stopped' ? (
        <Tip text={`The manifest says ${service.manifestScale}; an operator has set ${service.wanted}, and it stays so over deploys.`}>
          <span className="w-full text-right text-xs text-soft">
            manifest says {service.manifestScale}
          </span>
        </Tip>
      ) : null}
    </div>
  )
}
