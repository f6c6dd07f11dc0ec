import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AppError } from '#base/errors.ts'
import { effectiveManifest } from './effective.ts'
import { parseManifest } from './parse.ts'

const faults: [what: string, yaml: string, message: string][] = [
  ['an unknown key, with the nearest one', 'services:\n  web:\n    command: node x\n    comand: y\n', 'unknown key `comand` in services.web at line 4, column 5 (did you mean `command`?)'],
  ['an unknown key with nothing near', 'services:\n  web:\n    stop: { zzzzzzz: 1 }\n', 'unknown key `zzzzzzz` in services.web.stop at line 3, column 13 (known keys: signal, grace)'],
  ['an unknown key at the top', 'services: { web: {} }\nversion: 3\n', 'unknown key `version` at line 2, column 1 (known keys: name, services, release, build, slo, deploy, logs, checks, rules, environments)'],
  ['a wrong type', 'services:\n  web:\n    scale: two\n', 'services.web.scale must be a number, not "two" at line 3, column 12'],
  ['a time-out of what has no requests', 'services:\n  db:\n    protocol: redis\n    timeout: 5s\n', 'services.db.timeout bounds requests, and redis is relayed connection by connection at line 4, column 14 (leave timeout out)'],
  ['copies of what has no answers', 'services:\n  db:\n    protocol: redis\n    cache: { stale_if_error: 5m }\n', 'services.db.cache keeps answers to requests, and redis is relayed connection by connection at line 4, column 5 (leave cache out)'],
  ['copies for ever', 'services:\n  web:\n    cache: { stale_if_error: 90d }\n', 'services.web.cache.stale_if_error must be from 1ms to 30d at line 3, column 30'],
  ['a time-out of nothing', 'services:\n  web:\n    timeout: 0s\n', 'services.web.timeout must be from 1ms to 24h at line 3, column 14'],
  ['a number out of range', 'services:\n  web:\n    scale: 101\n', 'services.web.scale must be at most 100, not 101 at line 3, column 12'],
  ['a word that is none of the allowed', 'services:\n  web:\n    build: { builder: nod }\n', 'services.web.build.builder must be auto, node, python, static, buildpack, dockerfile or none, not "nod" at line 3, column 23 (did you mean node?)'],
  ['a duration', 'services:\n  web:\n    health: { path: /up, interval: 2 seconds }\n', 'services.web.health.interval must be a time with its unit, not "2 seconds" at line 3, column 36 (such as 500ms, 30s, 5m or 2h)'],
  ['a size', 'services:\n  web:\n    resources: { memory: lots }\n', 'services.web.resources.memory must be a size with its unit, not "lots" at line 3, column 26 (such as 256MB or 2GB)'],
  ['a name of a service', 'services:\n  Web: {}\n', 'the name `Web` in services must start with a letter and hold only a-z, 0-9 and -, 30 characters at most at line 2, column 3'],
  ['no service', 'services: {}\n', 'services must name at least one service at line 1, column 11'],
  ['missing services', 'name: shop\n', 'services is missing at line 1, column 1'],
  ['an empty file', '', 'must be a map with a key `services`'],
  ['broken YAML', 'services:\n  web: [a\n', 'Flow sequence in block collection must be sufficiently indented and end with a ] at line 3, column 1'],
  ['a key that is there twice', 'services:\n  web: {}\n  web: {}\n', 'Map keys must be unique at line 3, column 3'],
  ['a domain that Nightshift gives', 'services:\n  web:\n    domains: ["*.localhost"]\n', '*.localhost: names under .localhost are given by Nightshift at line 3, column 15 (choose a domain of your own)'],
  ['a need that does not exist', 'services:\n  web:\n    needs: { apo: healthy }\n  api: {}\n', 'services.web needs `apo`, which is not a service here at line 3, column 14 (did you mean `api`?)'],
  ['a need of itself', 'services:\n  web:\n    needs: { web: healthy }\n', 'services.web needs itself at line 3, column 14'],
  ['needs in a circle', 'services:\n  a: { needs: { b: healthy } }\n  b: { needs: { c: healthy } }\n  c: { needs: { a: healthy } }\n', 'services need each other in a circle: a → b → c → a at line 2, column 17 (none of them could ever start first)'],
  ['a volume over the app', 'services:\n  web:\n    volumes: { all: /app }\n', 'volume all cannot be at /app: it would hide the app itself at line 3, column 21 (choose a folder inside, such as /app/data)'],
  ['volumes within each other', 'services:\n  web:\n    volumes: { a: /app/data, b: /app/data/b }\n', 'volumes a and b of services.web lie within each other (/app/data, /app/data/b) at line 3, column 33'],
  ['a volume path that climbs', 'services:\n  web:\n    volumes: { a: /app/../etc }\n', 'services.web.volumes.a must be an absolute path without .., not "/app/../etc" at line 3, column 19'],
  ['a root that climbs', 'services:\n  web:\n    root: ../other\n', 'services.web.root must be a path inside the app, without .., not "../other" at line 3, column 11'],
  ['PORT in env', 'services:\n  web:\n    env: { PORT: 3000 }\n', 'services.web.env.PORT is set by Nightshift at line 3, column 12 (use services.web.port)'],
  ['a secret that is in env too', 'services:\n  web:\n    env: { KEY: a }\n    secrets: [KEY]\n', 'KEY of services.web is both a secret and in env at line 4, column 15'],
  ['a public service without a port', 'services:\n  web: { port: false, domains: [shop.example.com] }\n', 'services.web is served to the public but listens on nothing (port: false) at line 2, column 16 (leave port out)'],
  ['two kinds of health', 'services:\n  web:\n    health: { path: /up, tcp: true }\n', 'services.web.health names path and tcp at line 3, column 5 (choose one)'],
  ['the same address twice', 'services:\n  web: { domains: [a.example.com] }\n  api: { domains: [a.example.com] }\n', 'a.example.com/ belongs to both web and api at line 3, column 20 (give one of them another path)'],
  ['an override of a service that is not there', 'services: { web: {} }\nenvironments: { staging: { services: { wbe: { scale: 1 } } } }\n', 'environments.staging overrides `wbe`, which is not a service here at line 2, column 40 (did you mean `web`?)'],
  ['two builders in one folder', 'services:\n  web: { build: { builder: node } }\n  api: { build: { builder: python } }\n', 'services.web and services.api share the folder . but want different builders (node, python) at line 3, column 28 (give one of them a root of its own)'],
  ['an alias bomb', `a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [${Array(10).fill('*a')}]\nc: &c [${Array(10).fill('*b')}]\nd: &d [${Array(10).fill('*c')}]\ne: [${Array(10).fill('*d')}]\n`, 'uses aliases that stand for more than 5000 values (or an alias within its own anchor)'],
  ['an alias within its own anchor', 'services: &s { web: *s }\n', 'uses aliases that stand for more than 5000 values (or an alias within its own anchor)'],
  ['a NUL', 'services:\n  web: { command: run, env: { A: "x\\0y" } }\n', 'holds a NUL or half a character in "x\\u0000y", which neither a command nor a variable can'],
  ['half a character', 'services:\n  web: { command: "run \\ud800" }\n', 'holds a NUL or half a character in "run \\ud800", which neither a command nor a variable can'],
  ['depth', '['.repeat(40) + ']'.repeat(40), 'is nested deeper than 30 levels'],
]

for (const [what, yaml, message] of faults) {
  test(`refused with its place: ${what}`, () => {
    assert.throws(() => parseManifest(yaml, 'nightshift.yml'), (error: AppError) => {
      assert.equal(error.code, 'invalid')
      assert.equal(error.message.replace(/^nightshift\.yml:? /, ''), message)
      return true
    })
  })
}

test('all faults are told at once, in the order of the file, each with its field', () => {
  assert.throws(() => parseManifest('services:\n  web:\n    scale: two\n    prot: 3000\n  api: { needs: { web: soon } }\n', 'nightshift.yml'), (error: AppError) => {
    assert.deepEqual(error.fields.map(({ path, line, column }) => ({ path, line, column })), [
      { path: 'services.web.scale', line: 3, column: 12 },
      { path: 'services.web.prot', line: 4, column: 5 },
      { path: 'services.api.needs.web', line: 5, column: 24 },
    ])
    assert.match(error.message, /^nightshift\.yml has 3 faults: /)
    return true
  })
})

test('a file that is too large is refused before it is parsed', () => {
  assert.throws(() => parseManifest(`# ${'x'.repeat(300_000)}\nservices: { web: {} }`, 'nightshift.yml'), /larger than 256 KB/)
})

test('x- keys are ignored at every level, anchors and merges work, JSON is YAML, and `web:` alone is a service', () => {
  const { manifest } = parseManifest('x-base: &base { env: { A: "1" }, x-note: hi }\nservices:\n  web: { <<: *base, x-color: red }\n  api:\n', 'nightshift.yml')
  assert.deepEqual(manifest.services['web']?.env, { A: '1' })
  assert.equal(manifest.services['api']?.restart.policy, 'permanent')
  assert.equal(parseManifest('{"services":{"web":{"command":["node","x.js"]}}}', 'nightshift.json').manifest.services['web']?.protocol, 'http')
})

test('a fixed port for several instances depends on whether each has an address of its own', () => {
  const yaml = 'services:\n  web: { port: 3000, scale: 2 }\n'
  assert.throws(() => parseManifest(yaml, 'nightshift.yml', { ownAddresses: false }), /services\.web insists on port 3000, so that only one of its 2 instances can have it at line 2, column 16/)
  assert.deepEqual(parseManifest(yaml, 'nightshift.yml', { ownAddresses: true }).notes, [])
  assert.match(parseManifest(yaml, 'nightshift.yml').notes[0] ?? '', /unless each runs in a container/)
})

test('a service that owns a volume has one instance, in every environment', () => {
  assert.throws(() => parseManifest('services:\n  db: { scale: 2, volumes: { data: /app/data } }\n', 'nightshift.yml'), /services\.db owns the volume data, which its 2 instances cannot share at line 2, column 16 \(scale it to 1\)/)
  assert.throws(() => parseManifest('services:\n  db: { volumes: { data: /app/data } }\nenvironments:\n  big: { services: { db: { scale: 3 } } }\n', 'nightshift.yml'), /its 3 instances cannot share at line 4/)
  assert.deepEqual(parseManifest('services:\n  db: { scale: 0, volumes: { data: /app/data } }\n', 'nightshift.yml').notes, [])
})

test('an environment lays its overrides over the services, and applying them twice changes nothing', () => {
  const { manifest } = parseManifest('services:\n  web: { scale: 3, env: { A: "1", B: "2" }, domains: [a.example.com], resources: { memory: 1GB } }\nenvironments: { staging: { services: { web: { scale: 1, env: { B: "3" }, domains: [], resources: { cpu: 0.5 } } } } }\n', 'nightshift.yml')
  const staging = effectiveManifest(manifest, 'staging')
  assert.deepEqual(effectiveManifest(staging, 'staging'), staging)
  const web = staging.services['web']
  assert.deepEqual([web?.scale, web?.env, web?.domains, web?.resources], [1, { A: '1', B: '3' }, [], { memory: '1GB', cpu: 0.5 }])
  assert.deepEqual(effectiveManifest(manifest, 'production').services, manifest.services)
})

test('a value of the wrong kind is told with how to write it', () => {
  const cases: [string, RegExp][] = [
    ['health: { path: /up, interval: 2 }', /interval must be a time with its unit, not 2 at .* \(write 2s\)/],
    ['resources: { memory: 256 }', /memory must be a size with its unit, not 256 at .* \(write 256MB\)/],
    ['resources: { memory: lots }', /must be a size with its unit, not "lots" .*such as 256MB or 2GB/],
    ['health: /up', /services\.web\.health must be a map, not "\/up" at .* \(write \{ path: \/up \}\)/],
    ['needs: [counter]', /needs must be a map, not \["counter"\] at .* \(write \{ counter: healthy \}\)/],
    ['env: { A: null }', /services\.web\.env\.A must be .*, not null at .* \(write "" for an empty value\)/],
    ['secrets: KEY', /secrets must be a list, not "KEY" at .* \(write \[KEY\]\)/],
  ]
  for (const [line, says] of cases) assert.throws(() => parseManifest(`services:\n  web:\n    ${line}\n`, 'nightshift.yml'), says)
})
