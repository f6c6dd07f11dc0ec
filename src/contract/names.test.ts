import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { branchName } from './names.ts'

test('a branch is what git takes as one, except the two that mean something else there', () => {
  const names = ['main', 'release/1.2', 'a@b', 'x#1', 'a+b', 'a..b', 'a/', '/a', 'x.lock', 'x.lock/y', 'a//b', 'a.', '.a', 'a/.b', 'a b', 'a~1', 'a^', 'a:b', 'a?', 'a*', 'a[b', 'a\\b', '@', 'a@{1}', '-a', 'HEAD', '', 'a\tb', 'feature/HEAD', 'a\u007f']
  for (const name of names) {
    const git = !['HEAD', '@'].includes(name) && spawnSync('git', ['check-ref-format', '--branch', name]).status === 0
    assert.equal(branchName.safeParse(name).success, git, JSON.stringify(name))
  }
})

test('a branch that is none is told with its value and the rules', () => {
  assert.match(branchName.safeParse('a b').error?.issues[0]?.message ?? '', /^"a b" is no name of a branch in git: no spaces/)
})
