/**
 * Reads what apps say of themselves in Prometheus' text format, where their manifest asks for it, and ships it. Near the instance, so that
 * nothing of it need be open to the network; bounded in size, time and series; what control does not take at once is a gap, not a queue.
 */
import http from 'node:http'
import { messageOf } from '#base/errors.ts'
import { parsePrometheusText } from '#base/prometheus-text.ts'
import { type ScrapeBatch, type ScrapeSample, scrapeBounds } from '#contract/scraping.ts'
import type { InstanceSpec } from '#contract/wire.ts'
import type { ControlClient } from '../../control-client.ts'
import type { TaskView } from '../identity.ts'
import type { Log } from '../log.ts'

const tickMs = 1_000
const mostAtOnce = 8

type Options = { machine: string; control: Pick<ControlClient, 'post'>; tasks(): readonly TaskView[]; specs(): readonly InstanceSpec[]; log: Log }
type Target = { view: TaskView; host: string; port: number; path: string; everyMs: number }

export function startScraping({ machine, control, tasks, specs, log }: Options): { close(): void } {
  const due = new Map<string, number>()
  const busy = new Set<string>()
  const said = new Map<string, string>()
  const closing = new AbortController()

  async function scrape(target: Target): Promise<void> {
    const { app, environment, service, name } = target.view.who
    const started = performance.now()
    const head = { machine, at: new Date().toISOString(), app, environment, service, instance: name }
    const read = await fetchText(target, closing.signal).then((text) => ({ text, error: null }), (error: unknown) => ({ text: null, error: messageOf(error) }))
    const parsed = read.text === null ? null : parsePrometheusText(read.text, scrapeBounds.samples)
    tell(target, read.error ?? (parsed?.beyond ? `${parsed.beyond} samples beyond ${scrapeBounds.samples} are left out` : ''))
    const samples = (parsed?.samples ?? []).flatMap(({ name: metric, labels, type, value }): ScrapeSample[] => (Number.isFinite(value) ? [[metric.slice(0, 200), labels, isCounter(metric, type) ? 'counter' : 'gauge', value]] : []))
    const batch: ScrapeBatch = { ...head, up: parsed !== null, tookMs: performance.now() - started, beyond: parsed?.beyond ?? 0, bad: parsed?.bad ?? 0, samples }
    await control.post('/internal/scrapes', batch, closing.signal).catch(() => {})
  }

  function tell({ view, path }: Target, problem: string): void {
    if ((said.get(view.who.instance) ?? '') === problem) return
    said.set(view.who.instance, problem)
    if (problem !== '') log.warn({ instance: view.who.instance, path, problem }, 'the metrics of an instance could not be read in full')
  }

  function tick(): void {
    const now = performance.now()
    const targets = targetsOf(tasks(), specs())
    const alive = new Set(targets.map(({ view }) => view.who.task))
    for (const task of due.keys()) if (!alive.has(task)) due.delete(task)
    for (const instance of said.keys()) if (!targets.some(({ view }) => view.who.instance === instance)) said.delete(instance)
    for (const target of targets) {
      const { task } = target.view.who
      // not all of them in the same second
      if (!due.has(task)) due.set(task, now + Math.random() * target.everyMs)
      if ((due.get(task) ?? 0) > now || busy.has(task) || busy.size >= mostAtOnce) continue
      due.set(task, (due.get(task) ?? now) + Math.ceil((now - (due.get(task) ?? now) + 1) / target.everyMs) * target.everyMs)
      busy.add(task)
      void scrape(target).finally(() => busy.delete(task))
    }
  }

  const timer = setInterval(tick, tickMs)
  return {
    close() {
      clearInterval(timer)
      closing.abort()
    },
  }
}

function targetsOf(tasks: readonly TaskView[], specs: readonly InstanceSpec[]): Target[] {
  const wanted = new Map(specs.flatMap((spec) => (spec.metrics ? [[spec.id, spec.metrics] as const] : [])))
  if (wanted.size === 0) return []
  return tasks.flatMap((view) => {
    const metrics = wanted.get(view.who.instance)
    const address = view.status.state === 'running' ? view.status.address : null
    if (!metrics || view.who.kind !== 'service' || !address) return []
    return [{ view, host: address.host, port: metrics.port ?? address.port, path: metrics.path, everyMs: metrics.everyMs }]
  })
}

/** What rises only: said by its type, or by its name where it has none. */
function isCounter(metric: string, type: string): boolean {
  if (type === 'counter') return true
  if (type === 'histogram') return true
  if (type === 'summary') return /_(count|sum)$/.test(metric)
  return type === 'untyped' && /_(total|bucket|count|sum)$/.test(metric)
}

function fetchText({ host, port, path }: Target, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const within = AbortSignal.any([signal, AbortSignal.timeout(scrapeBounds.timeoutMs)])
    const request = http.get({ host, port, path, signal: within, agent: false, headers: { accept: 'text/plain;version=0.0.4', 'user-agent': 'nightshift-agent' } }, (response) => {
      if (response.statusCode !== 200) {
        response.resume()
        return reject(new Error(`${path} answered ${response.statusCode}`))
      }
      const chunks: Buffer[] = []
      let size = 0
      response.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > scrapeBounds.bytes) request.destroy(new Error(`${path} says more than ${scrapeBounds.bytes} bytes`))
        chunks.push(chunk)
      })
      response.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')))
      response.on('error', reject)
    })
    request.on('error', reject)
  })
}
