import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { argvBecoming, becoming } from './shell-line.ts'

test('a line of one command becomes that command, with the same words', () => {
  for (const line of ['node server.js', '  node -e "console.log(1); setTimeout(() => {}, 1)"', "sh -c 'sleep 1; exit 3'", './bin/start --port $PORT', 'python3 -m http.server "$PORT" # serves', 'node . --port "${PORT:-8080}" --host "$(hostname)"', 'printenv "A\\"B"']) {
    assert.equal(becoming(line), `exec ${line.trimStart()}`)
  }
  const said = (line: string) => execFileSync('/bin/sh', ['-c', line], { encoding: 'utf8', env: { ...process.env, WORDS: 'a b' } })
  for (const line of ['/bin/echo "$WORDS" $WORDS \'$WORDS\' x=1 # no more', '/bin/echo "a;b|c" \'(d)\' ~']) assert.equal(said(becoming(line)), said(line))
})

test('of commands that follow each other while they succeed, the last is become', () => {
  assert.equal(becoming('cd web && node .'), 'cd web && exec node .')
  assert.equal(becoming('npm run migrate&&A="&& x" true && node .'), 'npm run migrate&&A="&& x" true && exec node .')
  for (const line of ['a && b; c', 'a || b && c', 'a && b &', 'a && B=1 c', 'a && (b)', 'a &&& b', 'a && cd b', 'a &&', 'a "$(echo "x && y")"', 'a "${X:-"b && c"}"']) assert.equal(becoming(line), line)
})

test('whatever is more than one command, or the shell\'s own, stays', () => {
  for (const line of ['', 'a && b || c', 'a; b', 'a | b', 'a &', 'a\nb', 'A=1 node server.js', 'cd web; node .', 'cd web', 'exec node .', 'trap x TERM', 'if true', '! a', '"my program" x', 'a $(b)', 'a `b`', 'a "`b`"', 'a > file', "a 'b", '{ a', 'a \\; b', '[ -f x ]'])
    assert.equal(becoming(line), line)
})

test('only a last shell of an argv becomes its program', () => {
  assert.deepEqual(argvBecoming(['/bin/sh', '.nightshift/launch', '/bin/sh', '-c', 'node .']), ['/bin/sh', '.nightshift/launch', '/bin/sh', '-c', 'exec node .'])
  for (const argv of [[], ['node'], ['node', '-c', 'a b'], ['/bin/sh', '-c', 'a; b'], ['/bin/sh', '-c', 'a', 'b']]) assert.deepEqual(argvBecoming(argv), argv)
})
