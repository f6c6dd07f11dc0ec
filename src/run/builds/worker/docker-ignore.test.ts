import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDockerIgnore } from './docker-ignore.ts'

const ignore = parseDockerIgnore('# comment\nnode_modules\n*.log\n**/*.tmp\n/dist/\ndocs/*\n!docs/keep.md\na?c\nweird.[name]\n')

test('patterns leave out what they match, and everything below it', () => {
  for (const path of ['node_modules', 'node_modules/a/b.js', 'x.log', 'deep/er/x.tmp', 'x.tmp', 'dist', 'dist/a', 'docs/a.md', 'abc', 'weird.[name]']) assert.equal(ignore.leavesOut(path), true, path)
})
test('a star stays within its folder, patterns count from the top, and ! takes back', () => {
  for (const path of ['deep/x.log', 'src/node_modules', 'src/dist', 'docs', 'docs/keep.md', 'abbc', 'weird.n']) assert.equal(ignore.leavesOut(path), false, path)
  assert.equal(ignore.mustLookInside, true)
  assert.equal(parseDockerIgnore('a\n').mustLookInside, false)
})
