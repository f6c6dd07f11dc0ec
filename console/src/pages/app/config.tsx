import { useQuery } from '@tanstack/react-query'
import { Answer } from '../../components/answer.tsx'
import { Command } from '../../components/copy.tsx'
import { HealthMark } from '../../components/health.tsx'
import { Section } from '../../components/page.tsx'
import { queries } from '../../data/queries.ts'
import { commands } from '../../lib/commands.ts'
import { plural } from '../../lib/numbers.ts'
import { ConfigTable } from './config-table.tsx'
import { useApp } from './use-app.ts'

export function Config() {
  const { ref, query: app } = useApp()
  const config = useQuery(queries.config(ref))
  const manifest = useQuery(queries.manifest(ref))
  return (
    <Answer query={config} title="The config could not be read">
      {(data) => (
        <>
          {data.missingSecrets.length === 0 ? null : (
            <div role="alert" className="mb-8 max-w-180 rounded-lg border border-red-mark bg-red-wash px-4 py-3">
              <p className="flex items-center gap-2.5 font-medium">
                <HealthMark health="down" />
                {plural(data.missingSecrets.length, 'secret')} the manifest asks for {data.missingSecrets.length === 1 ? 'is' : 'are'} not set: {data.missingSecrets.join(', ')}
              </p>
              <p className="mb-2 text-soft">Services that need {data.missingSecrets.length === 1 ? 'it' : 'them'} do not start until then.</p>
              <Command>{commands.setSecret(data.missingSecrets[0] as string, ref.app, ref.env)}</Command>
            </div>
          )}
          <Section title="Config" aside="set by operators; a change makes a release">
            <ConfigTable kind="config" of={ref} entries={Object.entries(data.config).map(([name, value]) => ({ name, value, setAt: null }))} app={app.data} />
          </Section>
          <Section title="Secrets" aside="encrypted at rest; a value is never shown again">
            <ConfigTable kind="secret" of={ref} entries={data.secrets.map((one) => ({ name: one.name, value: null, setAt: one.setAt }))} app={app.data} />
          </Section>
          <Section title="From the manifest" aside={manifest.data?.source}>
            <ManifestEnv env={data.manifest} />
          </Section>
          {manifest.data === undefined || manifest.data.drift.length === 0 ? null : (
            <Section title="Drift" aside="set by operators, other than the manifest says; kept over deploys">
              <ul className="divide-y divide-rule">
                {manifest.data.drift.map((one) => (
                  <li key={one.path} className="row-y flex flex-wrap gap-x-4">
                    <code>{one.path}</code>
                    <span className="text-soft">
                      manifest <code>{one.manifest}</code>, now <code className="text-ink">{one.actual}</code>
                    </span>
                  </li>
                ))}
              </ul>
            </Section>
          )}
        </>
      )}
    </Answer>
  )
}

function ManifestEnv({ env }: { env: Record<string, Record<string, string>> }) {
  const rows = Object.entries(env).flatMap(([service, variables]) => Object.entries(variables).map(([name, value]) => ({ service, name, value })))
  if (rows.length === 0) return <p className="text-soft">The manifest sets none. Put what is the same everywhere under services.NAME.env in nightshift.yml.</p>
  return (
    <ul className="divide-y divide-rule">
      {rows.map((row) => (
        <li key={`${row.service}/${row.name}`} className="row-y grid grid-cols-[90px_minmax(0,1fr)] gap-x-4 sm:grid-cols-[120px_minmax(0,260px)_minmax(0,1fr)]">
          <span className="text-soft">{row.service}</span>
          <code>{row.name}</code>
          <code className="break-all text-soft max-sm:col-start-2">{row.value}</code>
        </li>
      ))}
    </ul>
  )
}
