/** The real git client against the real handler, with real builds. */
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, readdirSync, readlinkSync } from 'node:fs'
import { mkdir, readFile, readdir, rm, symlink } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { pino } from 'pino'
import { record } from '#kernel/journal.ts'
import { environmentSince } from '#run/apps/read.ts'
import { buildHouse, tempFolder, writeFiles, type BuildHouse, type Files } from '#run/builds/testing/harness.ts'
import { until } from '#test/harness/wait.ts'
import { createGitHandler, parseGitUrl, type GitHandler } from './handler.ts'
import { repoPath } from './repos.ts'

const token = 'nst_test-token'
type Result = { code: number; text: string }

describe('git push', { concurrency: 1 }, () => {
  let house: BuildHouse
  let handler: GitHandler
  let server: Server
  let base: string
  const settings = { deployBranch: 'main', allowForcePush: false }
  const pushes: string[] = []
  const closing = new AbortController()

  before(async () => {
    house = await buildHouse()
    house.builds.start()
    handler = createGitHandler({
      home: house.home, log: pino({ level: 'silent' }), builds: house.builds, signal: closing.signal,
      authorize: async (request) => (request.headers.authorization === `Basic ${Buffer.from(`any:${token}`).toString('base64')}` ? { kind: 'token', name: 'pusher' } : null),
      appSince: ({ app, environment }) => environmentSince(house.db, app, environment),
      async ensureApp({ app, environment }) {
        const now = new Date()
        await house.db.query('INSERT INTO apps (name, created_at) VALUES ($1, $2) ON CONFLICT DO NOTHING', [app, now])
        await house.db.query('INSERT INTO environments (app, name, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING', [app, environment, now])
      },
      getSettings: async () => settings,
      async *followRollout() {
        yield { step: 'released', detail: 'no release command', state: 'running', url: null }
        yield { step: 'done', detail: 'serving', state: 'done', url: 'http://shop.localhost/' }
      },
      async onPush({ app, environment }, actor, { because, accepted, commit }) {
        pushes.push(`${accepted ? 'accepted' : 'refused'}: ${because}`)
        await house.db.transaction((tx) => record(tx, { at: new Date(), kind: accepted ? 'git.pushed' : 'git.refused', actor, app, environment, summary: because, data: { commit } }))
      },
    })
    server = createServer((request, response) => void handler.handle(request, response)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    base = `http://any:${token}@127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  after(async () => {
    closing.abort()
    server.closeAllConnections()
    server.close()
    await handler.close()
    await house[Symbol.asyncDispose]()
  })

  function git(dir: string, ...args: string[]): Promise<Result> {
    const env = { PATH: process.env['PATH'], HOME: '/nonexistent', GIT_CONFIG_NOSYSTEM: '1', GIT_TERMINAL_PROMPT: '0', GIT_AUTHOR_NAME: 'a', GIT_AUTHOR_EMAIL: 'a@example.com', GIT_COMMITTER_NAME: 'a', GIT_COMMITTER_EMAIL: 'a@example.com' }
    return new Promise((resolve) => execFile('git', args, { cwd: dir, env }, (error, stdout, stderr) => resolve({ code: error === null ? 0 : ((error as { code?: number }).code ?? 1), text: stdout + stderr })))
  }

  async function commit(dir: string, files: Files, message = 'change'): Promise<string> {
    await writeFiles(dir, files)
    await git(dir, 'add', '-A')
    await git(dir, 'commit', '-q', '-m', message)
    return (await git(dir, 'rev-parse', 'HEAD')).text.trim()
  }

  async function clone(files: Files = { Procfile: 'web: sh run.sh\n', 'run.sh': 'echo 1\n' }): Promise<{ dir: string; head: string } & AsyncDisposable> {
    const folder = await tempFolder()
    await git(folder.dir, 'init', '-q', '-b', 'main')
    const head = await commit(folder.dir, files)
    return { dir: folder.dir, head, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
  }

  /** Backends that run for us now. */
  function gitChildren(): string[] {
    const pids = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8').trim().split(' ').filter(Boolean)
    return pids.filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('http-backend')
      } catch {
        return false
      }
    })
  }

  /** Whether a git process works in a repository. */
  function processesIn(path: string): boolean {
    return readdirSync('/proc').some((pid) => {
      try {
        return /^\d+$/.test(pid) && readlinkSync(`/proc/${pid}/cwd`).startsWith(path)
      } catch {
        return false
      }
    })
  }

  const branchOf = (app: string, ref = 'main') => git(repoPath(house.home, { app, environment: 'production' }), 'rev-parse', ref).then(({ text }) => text.trim())

  test('a push builds the commit, streams build and rollout to the pusher, and moves the branch', async () => {
    await using work = await clone()
    const result = await git(work.dir, 'push', `${base}/git/fresh.git`, 'main')
    assert.equal(result.code, 0, result.text)
    assert.match(result.text, /remote: -----> build bld_\w+ of fresh \(production\), queued by pusher, commit [0-9a-f]{12}/)
    assert.match(result.text, /remote: -----> built in .*: release v1/)
    assert.match(result.text, /remote: -----> done: serving/)
    assert.match(result.text, /remote: {8}http:\/\/shop\.localhost\//)
    assert.equal(await branchOf('fresh'), work.head)
    assert.equal(house.built.at(-1)?.commit, work.head)
    assert.equal(pushes.at(-1), 'accepted: v1')
    await using copy = await tempFolder()
    const cloned = await git(copy.dir, 'clone', '-q', `${base}/git/fresh.git`, 'copy')
    assert.equal(cloned.code, 0, cloned.text)
    assert.equal(await readFile(join(copy.dir, 'copy/run.sh'), 'utf8'), 'echo 1\n')
  })

  test('an environment has a repository of its own', async () => {
    await using work = await clone()
    const result = await git(work.dir, 'push', `${base}/git/shop@staging.git`, 'main')
    assert.equal(result.code, 0, result.text)
    assert.match(result.text, /of shop \(staging\)/)
    assert.equal(house.built.at(-1)?.environment, 'staging')
  })

  test('a build that fails refuses the push with its reason, and the branch stays', async () => {
    await using work = await clone()
    await git(work.dir, 'push', `${base}/git/failing.git`, 'main')
    const path = repoPath(house.home, { app: 'failing', environment: 'production' })
    const files = async () => (await readdir(join(path, 'objects'), { recursive: true })).filter((name) => name.includes('.') || /^..\//.test(name)).toSorted()
    const before = await files()
    await commit(work.dir, { 'package.json': '{"scripts":{"build":"echo it breaks; exit 4","start":"node x"}}', Procfile: 'web: node x\n' })
    const result = await git(work.dir, 'push', `${base}/git/failing.git`, 'main')
    assert.deepEqual(await files(), before, 'nothing of what was refused is kept')
    assert.equal((await git(path, 'for-each-ref', 'refs/nightshift')).text, '')
    assert.notEqual(result.code, 0)
    assert.match(result.text, /remote: {8}it breaks/)
    assert.match(result.text, /remote: {2}! {5}failed: running the build script: echo it breaks; exit 4: it exited with 4/)
    assert.match(result.text, /remote: refused: the build failed\. The branch stays where it was\./)
    assert.equal(result.text.match(/it exited with 4/g)?.length, 1, 'the reason is said once')
    assert.match(result.text, /! \[remote rejected\] main -> main \(pre-receive hook declined\)/)
    assert.equal(await branchOf('failing'), work.head)
    await commit(work.dir, { 'package.json': '{"scripts":{"start":"node x"}}' })
    assert.equal((await git(work.dir, 'push', `${base}/git/failing.git`, 'main')).code, 0, 'the repaired app is accepted')
  })

  test('a push that would lose deployed commits is refused unless the app allows it', async () => {
    await using work = await clone()
    await git(work.dir, 'push', `${base}/git/forward.git`, 'main')
    await git(work.dir, 'commit', '-q', '--amend', '-m', 'rewritten')
    const refused = await git(work.dir, 'push', '--force', `${base}/git/forward.git`, 'main')
    assert.match(refused.text, /refused: main would lose commits that are deployed \(not a fast-forward\)\. Pull first, or allow it/)
    assert.equal(await branchOf('forward'), work.head)
    settings.allowForcePush = true
    const allowed = await git(work.dir, 'push', '--force', `${base}/git/forward.git`, 'main')
    settings.allowForcePush = false
    assert.equal(allowed.code, 0, allowed.text)
    const deleted = await git(work.dir, 'push', `${base}/git/forward.git`, ':main')
    assert.notEqual(deleted.code, 0, 'the deploy branch cannot be deleted')
  })

  test('other branches and tags are stored and not deployed', async () => {
    await using work = await clone()
    const before = house.built.length
    const result = await git(work.dir, 'push', `${base}/git/other.git`, 'main:feature', 'HEAD:refs/tags/v1')
    assert.equal(result.code, 0, result.text)
    assert.match(result.text, /remote: feature is stored, not deployed: the deploy branch of other is main/)
    assert.equal(house.built.length, before)
    assert.equal(await branchOf('other', 'feature'), work.head)
    const odd = await git(work.dir, 'push', `${base}/git/other.git`, 'main:refs/notes/x')
    assert.match(odd.text, /refused: refs\/notes\/x is neither a branch nor a tag/)
  })

  test('strangers get the same 401 for every address', async () => {
    await using work = await clone()
    const answers = new Set<string>()
    const address = base.replace(`any:${token}@`, '')
    for (const path of ['/git/fresh.git/info/refs?service=git-receive-pack', '/git/nothing.git/info/refs?service=git-receive-pack', '/git/../etc/passwd', '/git/x.git/HEAD']) {
      for (const headers of [{}, { authorization: 'Basic eDp5' }, { authorization: 'Basic !!!' }]) {
        const response = await fetch(`${address}${path}`, { headers: headers as Record<string, string> })
        answers.add(`${response.status} ${response.headers.get('www-authenticate')} ${await response.text()}`)
      }
    }
    assert.deepEqual([...answers], ['401 Basic realm="Nightshift", charset="UTF-8" sign in with an API token that may deploy as the password (any user name)\n'])
    const push = await git(work.dir, 'push', address.replace('http://', 'http://any:wrong@') + '/git/fresh.git', 'main')
    assert.match(push.text, /Authentication failed/)
  })

  test('a fault of ours is answered without a path of the machine', async () => {
    settings.deployBranch = 'a..b' // as no setting is any more
    try {
      const response = await fetch(`${base.replace(`any:${token}@`, '')}/git/fresh.git/info/refs?service=git-receive-pack`, { headers: { authorization: `Basic ${Buffer.from(`any:${token}`).toString('base64')}` } })
      assert.deepEqual([response.status, await response.text()], [500, 'something broke in Nightshift; the details are in the log of control\n'])
    } finally {
      settings.deployBranch = 'main'
    }
  })

  test('only smart HTTP on a well-formed name is a repository', async () => {
    const refs = 'info/refs?service=git-upload-pack'
    assert.ok(parseGitUrl('GET', `/git/shop.git/${refs}`))
    for (const url of [`/git/../shop.git/${refs}`, `/git/Shop.git/${refs}`, `/git/shop/production.git/${refs}`, `/git/%2e%2e.git/${refs}`, `/git/-x.git/${refs}`, `/git/shop@.git/${refs}`, `/git/shop@Prod.git/${refs}`, `/git/${'a'.repeat(60)}.git/${refs}`, '/git/shop.git/HEAD', '/git/shop.git/objects/info/packs', '/git/shop.git/config', '/git/shop.git/info/refs', '/git/shop.git/info/refs?service=git-upload-archive', '/git/shop.git/git-upload-archive'])
      assert.equal(parseGitUrl('GET', url), null, url)
    assert.equal(parseGitUrl('PUT', `/git/shop.git/${refs}`), null)
    const response = await fetch(`${base.replace(`any:${token}@`, '')}/git/shop.git/HEAD`, { headers: { authorization: `Basic ${Buffer.from(`any:${token}`).toString('base64')}` } })
    assert.equal(response.status, 404)
  })

  test('of two pushes at once one is deployed after the other, and the one that came late is told to fetch', async () => {
    await using work = await clone()
    await git(work.dir, 'push', `${base}/git/race.git`, 'main')
    await using second = await tempFolder()
    await git(second.dir, 'clone', '-q', `${base}/git/race.git`, '.')
    await commit(work.dir, { 'run.sh': 'echo a\n' })
    await commit(second.dir, { 'run.sh': 'echo b\n' })
    const results = await Promise.all([git(work.dir, 'push', `${base}/git/race.git`, 'main'), git(second.dir, 'push', `${base}/git/race.git`, 'main')])
    assert.equal(results.filter((result) => result.code === 0).length, 1, results.map((result) => result.text).join('\n'))
    assert.match(results.find((result) => result.code !== 0)?.text ?? '', /moved by another push meanwhile|fetch first|cannot lock ref/)
    assert.equal(house.built.at(-1)?.commit, await branchOf('race'), 'what runs is what the branch says')
  })

  test('a pusher who hangs up does not stop the build, and the branch moves', async () => {
    await using work = await clone()
    await git(work.dir, 'push', `${base}/git/hangup.git`, 'main')
    const head = await commit(work.dir, { 'package.json': JSON.stringify({ scripts: { build: 'i=0; while [ $i -lt 20 ]; do sleep 0.1; i=$((i+1)); done', start: 'node x' } }) })
    const pusher = spawn('git', ['push', `${base}/git/hangup.git`, 'main'], { cwd: work.dir, stdio: ['ignore', 'ignore', 'pipe'], detached: true })
    let seen = ''
    pusher.stderr.on('data', (chunk: Buffer) => (seen += chunk.toString()))
    await until(() => seen.includes('running the build script'), { because: 'the build has begun' })
    process.kill(-(pusher.pid as number), 'SIGKILL')
    await until(async () => (await branchOf('hangup')) === head, { because: 'the branch has moved' })
    assert.equal(house.built.at(-1)?.commit, head)
  })

  test('an upload that breaks off leaves the repository as it was, and the next push works', async () => {
    await using work = await clone()
    await git(work.dir, 'push', `${base}/git/broken.git`, 'main')
    const { port } = server.address() as AddressInfo
    const socket = connect(port, '127.0.0.1')
    const auth = Buffer.from(`any:${token}`).toString('base64')
    socket.write(`POST /git/broken.git/git-receive-pack HTTP/1.1\r\nhost: x\r\nauthorization: Basic ${auth}\r\ncontent-type: application/x-git-receive-pack-request\r\ncontent-length: 100000\r\n\r\n00a8${work.head} ${'1'.repeat(40)} refs/heads/main\0 report-status`)
    await until(() => gitChildren().length > 0, { because: 'git has begun to read' })
    socket.destroy()
    await until(() => gitChildren().length === 0, { because: 'git has given up' })
    const head = await commit(work.dir, { 'run.sh': 'echo 2\n' })
    assert.equal((await git(work.dir, 'push', `${base}/git/broken.git`, 'main')).code, 0)
    assert.equal(await branchOf('broken'), head)
    assert.equal((await git(repoPath(house.home, { app: 'broken', environment: 'production' }), 'fsck', '--strict')).code, 0)
  })

  test('a link in the repository that leads out is refused like in an upload', async () => {
    await using work = await clone()
    await symlink('/etc/passwd', join(work.dir, 'passwd'))
    await commit(work.dir, {})
    const result = await git(work.dir, 'push', `${base}/git/links.git`, 'main')
    assert.match(result.text, /the source archive is refused: "passwd" is a link to the absolute path "\/etc\/passwd"/)
  })

  test('killing control in the middle of a push leaves the repository sane; the build goes on, and the branch follows it', async () => {
    await using other = await buildHouse()
    const start = async () => {
      const control = spawn(process.execPath, [join(import.meta.dirname, 'testing/control.ts'), other.url, other.home], { stdio: ['ignore', 'pipe', 'inherit'] })
      const [port] = (await once(control.stdout, 'data')) as [Buffer]
      return { control, url: `http://127.0.0.1:${port.toString().trim()}/git/shop.git` }
    }
    await using work = await clone()
    const first = await start()
    assert.equal((await git(work.dir, 'push', first.url, 'main')).code, 0)
    const built = await commit(work.dir, { 'package.json': JSON.stringify({ scripts: { build: 'sleep 2', start: 'node x' } }) })
    const pushing = git(work.dir, 'push', first.url, 'main')
    const path = repoPath(other.home, { app: 'shop', environment: 'production' })
    await until(async () => (await other.db.maybe(`SELECT 1 FROM builds WHERE state = 'running'`)) !== undefined, { because: 'the second build runs' })
    first.control.kill('SIGKILL')
    const refused = await pushing
    assert.notEqual(refused.code, 0)
    const now = async () => (await git(path, 'rev-parse', 'main')).text.trim()
    assert.equal(await now(), work.head, 'the branch did not move')
    await until(() => !processesIn(path), { because: 'no git of the push is left' })
    assert.equal((await git(path, 'fsck', '--strict')).code, 0)
    const left = join(path, 'objects', 'tmp_objdir-incoming-left')
    await mkdir(left)
    const second = await start()
    assert.deepEqual((await readdir(join(path, 'objects'))).filter((name) => name.includes('incoming')), [])
    await until(async () => (await now()) === built, { because: 'the branch has followed the build' })
    assert.equal((await other.db.query(`SELECT 1 FROM builds WHERE state = 'succeeded'`)).length, 2, 'the build of the killed control was finished')
    assert.equal((await git(path, 'fsck', '--strict')).code, 0)
    assert.match((await git(work.dir, 'push', second.url, 'main')).text, /up-to-date/)
    await until(async () => (await git(path, 'for-each-ref', 'refs/nightshift')).text === '', { because: 'nothing is kept any more' })
    await commit(work.dir, { 'run.sh': 'echo 3' })
    assert.equal((await git(work.dir, 'push', second.url, 'main')).code, 0)
    second.control.kill('SIGKILL')
    await once(second.control, 'exit')
  })

  test('an app of the same name does not inherit the repository of its predecessor', async () => {
    await using work = await clone()
    await git(work.dir, 'push', `${base}/git/fresh.git`, 'main:old')
    await house.db.query(`DELETE FROM apps WHERE name = 'fresh'`)
    const missing = await git(work.dir, 'ls-remote', `${base}/git/fresh.git`)
    assert.match(missing.text, /not found|nothing was pushed/)
    await rm(join(work.dir, '.git'), { recursive: true })
    await git(work.dir, 'init', '-q', '-b', 'main')
    await commit(work.dir, {}, 'anew')
    assert.equal((await git(work.dir, 'push', `${base}/git/fresh.git`, 'main')).code, 0)
    assert.doesNotMatch((await git(work.dir, 'ls-remote', `${base}/git/fresh.git`)).text, /refs\/heads\/old/)
  })

  test('nor does one that was made without a push', async () => {
    await using work = await clone()
    await git(work.dir, 'push', `${base}/git/heir.git`, 'main')
    await house.db.query(`DELETE FROM apps WHERE name = 'heir'`)
    await house.db.query(`INSERT INTO apps (name, created_at) VALUES ('heir', now())`)
    await house.db.query(`INSERT INTO environments (app, name, created_at) VALUES ('heir', 'production', now())`)
    const seen = await git(work.dir, 'ls-remote', `${base}/git/heir.git`)
    assert.match(seen.text, /not found|nothing was pushed/)
  })
})
