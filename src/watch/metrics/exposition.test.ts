import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePrometheusText } from '#base/prometheus-text.ts'
import { Exposition } from './exposition.ts'
import type { Sample } from './model.ts'
import { samplesOfScrape } from './scrapes.ts'

const now = new Date('2026-03-10T12:00:00Z')
const sample = (name: string, kind: Sample['kind'], value: number, labels: Record<string, string>, agoMs = 0): Sample => ({ name, kind, value, labels, atMs: now.getTime() - agoMs })
const read = (exposition: Exposition, apps: string[] | null = null) => parsePrometheusText(exposition.text(apps, now), 1000)

test('additions are summed, gauges are the newest, and what is old or not ours is not shown', () => {
  const exposition = new Exposition()
  exposition.note([sample('nightshift_http_requests_total', 'delta', 3, { app: 'a', class: '2xx' }, 10_000), sample('nightshift_machine_load1', 'gauge', 1, { machine: 'm"1' }, 10_000), sample('nightshift_old', 'gauge', 1, {}, 600_000), sample('foreign', 'gauge', 1, { app: 'a' })])
  exposition.note([sample('nightshift_http_requests_total', 'delta', 4, { app: 'a', class: '2xx' }), sample('nightshift_machine_load1', 'gauge', 2, { machine: 'm"1' })])
  const { samples, bad } = read(exposition)
  assert.equal(bad, 0)
  assert.deepEqual(samples.map(({ name, labels, value, type }) => [name, { ...labels }, value, type]), [
    ['nightshift_http_requests_total', { app: 'a', class: '2xx' }, 7, 'counter'],
    ['nightshift_machine_load1', { machine: 'm"1' }, 2, 'gauge'],
    ['nightshift_exposition_refused_total', {}, 0, 'counter'],
  ])
})

test('who may see some apps sees those, and nothing of machines', () => {
  const exposition = new Exposition()
  exposition.note([sample('nightshift_instance_cpu_cores', 'gauge', 1, { app: 'a' }), sample('nightshift_instance_cpu_cores', 'gauge', 1, { app: 'b' }), sample('nightshift_machine_load1', 'gauge', 1, { machine: 'm' })])
  assert.deepEqual(read(exposition, ['b']).samples.map(({ labels }) => ({ ...labels })), [{ app: 'b' }])
  assert.deepEqual(read(exposition, []).samples, [])
})

test('what an app says of itself cannot pass for another app, nor for Nightshift', () => {
  const batch = { machine: 'm', at: now.toISOString(), app: 'a', environment: 'production', service: 'web', instance: 'web.1', up: true, tookMs: 12, beyond: 0, bad: 0, samples: [['nightshift_check_up', { app: 'b', le: '1' }, 'gauge', 1], ['jobs_total', {}, 'counter', 2]] }
  const identity = { app: 'a', environment: 'production', service: 'web', instance: 'web.1' }
  assert.deepEqual(samplesOfScrape(batch, now).map(({ name, labels, kind, value }) => [name, labels, kind, value]), [
    ['nightshift_scrape_up', { ...identity, machine: 'm' }, 'gauge', 1],
    ['nightshift_scrape_duration_seconds', { ...identity, machine: 'm' }, 'gauge', 0.012],
    ['exported_nightshift_check_up', { ...identity, exported_app: 'b', le: '1' }, 'gauge', 1],
    ['jobs_total', identity, 'counter', 2],
  ])
  assert.throws(() => samplesOfScrape({ ...batch, samples: [['x', {}, 'gauge', 'one']] }, now), /malformed/)
})
