import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { call, start } from './test/harness.ts'
import { entries, isHidden, sections } from './tree.ts'

describe('help', () => {
  test('lists every command, the processes of Nightshift too, and no internal one', async () => {
    for (const argv of [[], ['--help'], ['-h'], ['help']]) {
      const { code, stdout, stderr } = await call(argv)
      assert.equal(code, 0)
      assert.equal(stderr, '')
      for (const name of sections.flatMap((section) => Object.keys(section.entries))) assert.match(stdout, new RegExp(`^  ${name} `, 'm'))
      for (const name of ['up', 'down', 'status', 'control', 'agent', 'proxy']) assert.match(stdout, new RegExp(`^  ${name} `, 'm'))
      for (const [name, entry] of entries) if (isHidden(entry)) assert.doesNotMatch(stdout, new RegExp(`^  ${name} `, 'm'))
    }
  })

  test('of every command loads it, and shows its usage, its flags and --json', async () => {
    const without = new Set(['run', 'exec'])
    for (const [name, entry] of entries) {
      if (isHidden(entry) || entry.kind === 'process') continue
      for (const path of entry.kind === 'group' ? Object.keys(entry.verbs).map((verb) => [name, verb]) : [[name]]) {
        const { code, stdout } = await call([...path, '--help'])
        assert.equal(code, 0, path.join(' '))
        assert.match(stdout, new RegExp(`usage  nightshift ${path.join(' ')} \\[flags\\](?! ${path.join(' ')})`))
        if (!without.has(name)) assert.match(stdout, /--json/, path.join(' '))
      }
    }
  })

  test('of a noun lists its verbs', async () => {
    const { stdout } = await call(['help', 'tokens'])
    assert.match(stdout, /nightshift tokens \[list\]/)
    assert.match(stdout, /nightshift tokens revoke/)
  })

  test('after -- belongs to the command that is run', async () => {
    const { stderr, stdout } = await call(['run', 'ls', '--help'])
    assert.equal(stdout, '')
    assert.match(stderr, /which app\?/)
  })

  test('the version is that of package.json', async () => {
    assert.match((await call(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/)
  })
})

describe('a wrong call exits 2, on stderr, with the way out', () => {
  const cases: [argv: string[], says: RegExp][] = [
    [['deploi'], /^error: there is no command "deploi" \(did you mean: nightshift deploy\)\n$/],
    [['constructor'], /^error: there is no command "constructor"/],
    [['xyzzyplugh'], /see: nightshift --help/],
    [['revoke'], /did you mean: nightshift tokens revoke/],
    [['set'], /nightshift config set, or nightshift secrets set/],
    [['apps', 'crate'], /did you mean: nightshift apps create/],
    [['apps', 'zzz'], /one of: list, create, info, link, settings/],
    [['logs', '--folow'], /there is no flag --folow \(did you mean --follow\?/],
    [['logs', '-z'], /there is no flag -z/],
    [['logs', '--level', 'loud'], /--level is one of debug, info, warn, error, not "loud"/],
    [['logs', '-n', '-3'], /--number: must be a whole number from 0 to 20000, not "-3"/],
    [['logs', '-n', 'many'], /--number: must be a whole number from 0 to 20000, not "many"/],
    [['logs', '--since', 'yesterday'], /--since: "yesterday" is not a point in time \(write 30m/],
    [['logs', '--app'], /--app needs a value/],
    [['heal', 'pause', 'shop', '--because', 'x'], /--for must be said, with a value \(see: nightshift heal pause --help\)/],
    [['ps', 'web'], /"web" is one argument too many \(usage: nightshift ps \[flags\]\)/],
    [['apps', 'create'], /NAME is missing \(usage: nightshift apps create \[flags\] NAME\)/],
    [['config', 'set', '-a', 'shop'], /NAME=VALUE/],
    [['config', 'set', '-a', 'shop', 'X'], /"X" is not NAME=value \(write: nightshift config set LOG_LEVEL=debug\)/],
    [['config', 'set', '-a', 'shop', 'X=1', 'X=2'], /X is given twice, as "1" and as "2"/],
    [['scale', '-a', 'shop', 'web=1', 'web=2'], /web is given twice/],
    [['events', '--kind', 'instance.exit'], /--kind: there is no kind of event "instance\.exit" \(did you mean instance\.exited\?\)/],
    [['logs', '-a', 'shop', '--since', '1h', '--until', '2h'], /--since is not before --until/],
    [['--app', 'shop'], /--app needs a command/],
    [['rollback', 'twelve'], /RELEASE: must be a release, such as v12, not "twelve"/],
    [['deploy', '--image', 'x', '.'], /it takes no directory/],
    [['completion', 'tcsh'], /there is no script for "tcsh" \(one of bash, zsh, fish/],
    [['up'], /is a process of Nightshift itself/],
    [['map', '--al'], /did you mean --all\?/],
    [['rules', 'import', 'nowhere.yml'], /^error: there is no file nowhere\.yml\n$/],
    [['rules', 'add', 'x', '--file', '/'], /^error: \/ is a folder, and a file is asked for\n$/],
    [['dashboards', 'save', 'x', '/'], /^error: \/ is a folder/],
    [['checks', 'plugin', 'nowhere.py'], /^error: there is no file nowhere\.py\n$/],
    [['rules', 'add', 'x', '--metric', 'up', '--above', '5%'], /^error: --above: "5%" is not a number \(a share is written 0\.05\)\n$/],
    [['rules', 'add', 'x', '--metric', 'up', '--below', 'few'], /--below: "few" is not a number \(in the unit of the metric/],
    [['rules', 'add', 'x', '--metric', 'up', '--above', '1', '--window', '5'], /^error: --window: "5" is not a duration \(write 500ms/],
    [['rules', 'mode', 'x', 'off', '--for', 'long'], /^error: --for: "long" is not a duration/],
    [['checks', 'window', 'x', '--for', '30x'], /^error: --for: "30x" is not a duration/],
    [['checks', 'window', '-a', ',', '--for', '30m'], /name checks, or apps with -a/],
    [['checks', 'add', 'http', 'http://x', '--every', '5'], /^error: --every: "5" is not a duration/],
    [['metrics', 'query', 'up', '--top', '1000'], /^error: --top: "1000" is no number of lines \(1 to 100\)\n$/],
    [['traces', '--slower', 'long'], /^error: --slower: "long" is not a duration/],
    [['drains', 'add', 'http://x', '-e', 'staging'], /there is no flag -e/],
  ]
  for (const [argv, says] of cases) {
    test(argv.join(' '), async () => {
      const { code, stdout, stderr } = await call(argv, { env: { NIGHTSHIFT_URL: 'http://127.0.0.1:1', NIGHTSHIFT_TOKEN: 't' } })
      assert.match(stderr, says)
      assert.match(stderr, /^error: /)
      assert.equal(code, 2)
      assert.equal(stdout, '')
    })
  }
})

describe('as a real process', () => {
  test('a wrong call exits 2 and a failure 1', async () => {
    assert.equal((await start(['deploi']).ended).code, 2)
    const failed = await start(['apps', '--url', 'http://127.0.0.1:1', '--token', 'x']).ended
    assert.equal(failed.code, 1)
    assert.match(failed.stderr, /^error: no answer from Nightshift at http:\/\/127\.0\.0\.1:1 \(is it running\?/)
    assert.equal(failed.stdout, '')
  })

  test('a reader that has seen enough is no failure', async () => {
    const { child, ended } = start(['--help'])
    child.stdout?.destroy()
    const { code, stderr } = await ended
    assert.deepEqual([code, stderr], [0, ''])
  })
})
