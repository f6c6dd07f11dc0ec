import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { appFetch } from '#test/harness/fetch.ts'
import { type TestNightshift, bootNightshift } from '#test/harness/nightshift.ts'

const run = promisify(execFile)
const baseImage = 'nightshift/base:bookworm'

function hasImage(name: string): boolean {
  try {
    execFileSync('docker', ['image', 'inspect', name], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** The one app of all three ways; it tells how it runs. */
async function writeApp(folder: string, greeting: string): Promise<void> {
  await writeFile(path.join(folder, 'package.json'), JSON.stringify({ name: 'hello', private: true, scripts: { start: 'node server.js' } }))
  await writeFile(
    path.join(folder, 'server.js'),
    `require('node:http').createServer((request, response) => response.end(${JSON.stringify(greeting)} + ' from ' + process.env.NIGHTSHIFT_INSTANCE + ' ' + process.env.NIGHTSHIFT_RELEASE)).listen(process.env.PORT)\n`,
  )
}

async function read(nightshift: TestNightshift, app: string): Promise<string> {
  return (await appFetch(nightshift.url(app))).text()
}

test('the same Node app is deployed from a directory and by git push; a pushed failure changes nothing', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'ns-ways-'))
  try {
    await using nightshift = await bootNightshift()
    await writeApp(folder, 'hello')
    const direct = await nightshift.cli(['deploy', folder, '-a', 'by-directory'])
    assert.equal(direct.code, 0, direct.stdout + direct.stderr)
    assert.equal(await read(nightshift, 'by-directory'), 'hello from web.1 v1')

    const git = (...args: string[]) => run('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', ...args], { cwd: folder, env: { ...process.env, GIT_TERMINAL_PROMPT: '0' } })
    await git('init', '-q', '-b', 'main')
    await rm(path.join(folder, '.nightshift-app'), { force: true })
    await git('add', '.')
    await git('commit', '-q', '-m', 'first')
    const { secret } = await nightshift.client.call('tokens.create', { body: { name: 'ada', scope: 'deploy' } })
    const remote = `${nightshift.api.replace('http://', `http://ada:${secret}@`)}/git/by-git.git`
    const pushed = await git('push', remote, 'main')
    assert.match(pushed.stderr, /remote: .*built/)
    assert.match(pushed.stderr, /remote: .*by-git\.localhost/)
    assert.equal(await read(nightshift, 'by-git'), 'hello from web.1 v1')

    await writeApp(folder, 'good night')
    await git('commit', '-q', '-a', '-m', 'second')
    await git('push', remote, 'main')
    assert.equal(await read(nightshift, 'by-git'), 'good night from web.1 v2')

    await writeFile(path.join(folder, 'nightshift.yml'), 'services: { web: { comand: node server.js } }\n')
    await git('add', '.')
    await git('commit', '-q', '-m', 'a slip')
    const refused = await git('push', remote, 'main').then(() => assert.fail('a broken manifest was taken'), (error: { stderr: string }) => error.stderr)
    assert.match(refused, /did you mean `?command/)
    assert.equal(await read(nightshift, 'by-git'), 'good night from web.1 v2')

    await git('reset', '-q', '--hard', 'HEAD~2')
    await writeApp(folder, 'rewritten')
    await git('commit', '-q', '-a', '-m', 'other history')
    const rewritten = await git('push', '--force', remote, 'main').then(() => assert.fail('a forced push was taken'), (error: { stderr: string }) => error.stderr)
    assert.match(rewritten, /fast-forward|force/)
    const back = await nightshift.cli(['rollback', 'v1', '-a', 'by-git'])
    assert.equal(back.code, 0, back.stdout + back.stderr)
    assert.equal(await read(nightshift, 'by-git'), 'hello from web.1 v3')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test('the same Node app is built from its Dockerfile and runs in a container', { skip: !hasImage(baseImage) && `no container engine with the image ${baseImage}` }, async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'ns-dockerfile-'))
  const nodeImage = `nightshift/node-for-test-${process.pid}:latest`
  try {
    const context = path.join(folder, 'node-image')
    await cp(path.dirname(process.execPath), context, { recursive: true })
    await writeFile(path.join(context, 'Dockerfile'), `FROM ${baseImage}\nCOPY node /usr/local/bin/node\n`)
    await run('docker', ['build', '-q', '-t', nodeImage, context])

    await using nightshift = await bootNightshift({ driver: 'docker' })
    const app = path.join(folder, 'app')
    await cp(path.join(import.meta.dirname, '../../../examples/hello-node'), app, { recursive: true })
    await writeApp(app, 'hello')
    await writeFile(path.join(app, 'Dockerfile'), `FROM ${nodeImage}\nWORKDIR /app\nCOPY . .\nCMD ["node", "server.js"]\n`)
    const deployed = await nightshift.cli(['deploy', app, '-a', 'by-dockerfile'], { timeoutMs: 300_000 })
    assert.equal(deployed.code, 0, deployed.stdout + deployed.stderr)
    assert.match(deployed.stdout, /built with dockerfile/)
    assert.equal(await read(nightshift, 'by-dockerfile'), 'hello from web.1 v1')

    // the same source without a Dockerfile: a slug in a container of the base image
    await rm(path.join(app, 'Dockerfile'))
    const slug = await nightshift.cli(['deploy', app, '-a', 'by-slug'], { timeoutMs: 300_000 })
    assert.equal(slug.code, 0, slug.stdout + slug.stderr)
    assert.equal(await read(nightshift, 'by-slug'), 'hello from web.1 v1')
  } finally {
    execFileSync('sh', ['-c', 'docker image rm -f "$1" >/dev/null 2>&1 || true', 'sh', nodeImage])
    await rm(folder, { recursive: true, force: true })
  }
})
