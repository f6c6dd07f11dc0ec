import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Signal, machineTarget, serviceTarget } from '#heal/signals/model.ts'
import { ago, change, dead, facts, instance, machine, service, signal } from '#heal/testing/samples.ts'
import { causeOf } from './cause-of.ts'

const of = (name: string) => serviceTarget('shop', 'production', name)
const why = (given: Parameters<typeof facts>[0], about: Signal = signal('down')) => {
  const { kind, of: other, release } = causeOf(about, facts(given))
  return [kind, other ?? release]
}

test('behind a sick need it is the need, and of a chain the last', () => {
  const services = [service('web', { needs: ['api'], instances: [dead('web.1')] }), service('api', { needs: ['db'], instances: [dead('api.1')] }), service('db', { instances: [dead('db.1')] })]
  assert.deepEqual(why({ services, changes: [change()] }), ['dependency', 'shop/production/db'])
})

test('a need that fails is sick though it is ready', () => {
  const services = [service('web', { needs: ['api'] }), service('api')]
  const failing = signal('failing', { target: of('api'), instances: [] })
  assert.deepEqual(why({ services, signals: [failing] }, signal('failing')), ['dependency', 'shop/production/api'])
  assert.deepEqual(why({ services, signals: [signal('degraded', { target: of('api') })] }, signal('failing')), ['unknown', null], 'one that lacks an instance still answers')
})

test('a need that is slow explains who is slow, not who is down', () => {
  const given = { services: [service('web', { needs: ['api'] }), service('api')], signals: [signal('slow', { target: of('api'), instances: [] })] }
  assert.deepEqual(why(given, signal('slow')), ['dependency', 'shop/production/api'])
  assert.deepEqual(why(given, signal('down')), ['unknown', null])
})

test('a need that was scaled to zero is the fault of who did it', () => {
  const scale = change({ kind: 'scale.changed', undo: { do: 'scale-back', from: { api: 0 }, to: { api: 1 } } })
  const services = [service('web', { needs: ['api'] }), service('api', { wanted: 0, instances: [] })]
  assert.deepEqual(why({ services, changes: [scale] }, signal('failing')), ['change', null])
})

test('on a sick machine it is the machine', () => {
  const full = signal('disk-filling', { target: machineTarget('m1'), instances: [] })
  assert.deepEqual(why({ services: [service('web', { instances: [dead('web.1')] })], signals: [full], changes: [change()] }), ['machine', 'machine:m1'])
})

test('a change just before is the first suspect, if it can be undone', () => {
  assert.deepEqual(why({ changes: [change()] }), ['change', 2])
  assert.deepEqual(why({ changes: [change({ undo: null })] }), ['unknown', null])
  assert.deepEqual(why({ changes: [change({ at: ago(110) })] }), ['unknown', null], 'it came after')
  assert.deepEqual(why({ changes: [change({ at: ago(3600) })] }), ['unknown', null], 'it is long ago')
  assert.deepEqual(why({ changes: [change({ app: 'blog' })] }), ['unknown', null], 'of another app')
  assert.deepEqual(why({ changes: [change({ event: 9, at: ago(200), undo: null }), change()] }), ['unknown', null], 'the newest counts: what healing undid is not undone again')
})

test('without a change, memory; without anything, nobody knows', () => {
  const fat = service('web', { instances: [dead('web.1', { outOfMemory: true })] })
  assert.deepEqual(why({ services: [fat] }), ['memory', null])
  assert.deepEqual(why({ services: [fat], changes: [change()] }), ['change', 2])
  assert.deepEqual(why({ services: [service('web', { instances: [instance('web.1', { outOfMemory: true })] })] }, signal('failing')), ['unknown', null], 'it is ready again')
})

test('needs in a circle end', () => {
  const services = [service('web', { needs: ['api'], instances: [dead('web.1')] }), service('api', { needs: ['web'], instances: [dead('api.1')] })]
  assert.deepEqual(why({ services }), ['dependency', 'shop/production/api'])
})

test('a machine is its own cause', () => assert.equal(causeOf(signal('machine-lost', { target: machineTarget('m1') }), facts({ machines: [machine('m1')] })).kind, 'unknown'))
