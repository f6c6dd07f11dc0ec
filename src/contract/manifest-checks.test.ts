import assert from 'node:assert/strict'
import { test } from 'node:test'
import { declaredCheckSchema, declaredConfig } from './manifest-checks.ts'

const declared = (check: Record<string, unknown>) => declaredConfig(declaredCheckSchema.parse({ name: 'nightly', ...check }))
const faults = (check: Record<string, unknown>) => { const found = declared(check); return 'faults' in found ? found.faults : [] }

test('a heartbeat of a manifest may have a schedule with its time zone', () => {
  assert.deepEqual(declared({ heartbeat: { schedule: '0 3 * * mon-fri', timezone: 'Europe/Berlin', grace: '10m' } }), { kind: 'heartbeat', config: { schedule: '0 3 * * mon-fri', timezone: 'Europe/Berlin', grace: '10m' } })
  assert.deepEqual(declared({ heartbeat: '5m', expect: { schedule: '@daily' } }), { kind: 'heartbeat', config: { schedule: '@daily', grace: '5m' } })
})

test('what is wrong with a field stands at the field', () => {
  assert.deepEqual(faults({ heartbeat: { schedule: '0 3 * * *', timezone: 'Europe/Mars' } }), [{ path: ['heartbeat', 'timezone'], message: 'the check "nightly": timezone must be a time zone such as Europe/Berlin' }])
  assert.match(faults({ heartbeat: { schedule: '0 24 * * *' } })[0]?.message ?? '', /schedule must name the hour from 0 to 23, and names "24"/)
  assert.match(faults({ heartbeat: { timezone: 'UTC' } })[0]?.message ?? '', /timezone belongs to a schedule, and there is none/)
  assert.deepEqual(faults({ http: { url: '/up', body: '/(a)\\1/' } }).map(({ path }) => path), [['http', 'body']])
  assert.match(faults({ mysql: { address: 'db:3306', user: 'ro', password: 'x' } })[0]?.message ?? '', /holds password, and a manifest holds no secrets/)
})
