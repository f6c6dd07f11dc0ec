import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { hostnameOf, parseContentLength } from './grammar.ts'
import { isRefusal } from './refusal.ts'
import { parseRequestHead } from './request-head.ts'
import { parseResponseHead } from './response-head.ts'
import { routePath } from './route-path.ts'

test('a host is a name, an IPv4 or a bracketed IPv6 address, with or without a port', () => {
  for (const [authority, name] of [
    ['shop.localhost', 'shop.localhost'],
    ['SHOP.Localhost:8080', 'shop.localhost'],
    ['shop.localhost.', 'shop.localhost'],
    ['127.0.0.1:1', '127.0.0.1'],
    ['[::1]', '[::1]'],
    ['[2001:DB8::1]:443', '[2001:db8::1]'],
    ['a_b.localhost', 'a_b.localhost'],
  ] as const) assert.equal(hostnameOf(authority), name, authority)
  for (const authority of ['', '.', '..', 'a..b', '.a', ':80', 'a:', 'a:b', 'a:80:80', 'a:65536', 'a b', 'a/b', 'a@b', 'a?b', 'a#b', 'a\\b', '[::1', '::1', '[::1]x', '[g::1]', 'a%20b', 'a,b', 'é', 'x'.repeat(300)]) {
    assert.equal(hostnameOf(authority), null, authority)
  }
})

test('a path is compared decoded and without dot segments', () => {
  for (const [target, path] of [
    ['/a/b?c', '/a/b'],
    ['/', '/'],
    ['*', '*'],
    ['/a/../b', '/b'],
    ['/a/./b/', '/a/b/'],
    ['/a/b/..', '/a/'],
    ['/%61', '/a'],
    ['/%2e%2e', null],
    ['/a/%2E%2E/b', '/b'],
    ['/a%2Fb', '/a%2Fb'],
    ['/a%5cb', '/a%5cb'],
    ['/a%zz', '/a%zz'],
    ['//a///b', '/a/b'],
    ['/..', null],
    ['/%00', null],
    ['/?/../..', '/'],
  ] as const) assert.equal(routePath(target), path, target)
})

test('only a plain decimal number is a length', () => {
  assert.equal(parseContentLength('0'), 0)
  assert.equal(parseContentLength('007'), 7)
  assert.equal(parseContentLength('9007199254740991'), 9007199254740991)
  for (const text of ['', '-1', '+1', '1.0', '1e3', '0x1', ' 1', '1 ', '9007199254740993', '99999999999999999', '１']) assert.equal(parseContentLength(text), -1, text)
})

const rules = { secure: false, trustForwarded: false, trustTrace: false }

test('any bytes parse as a head or are refused, and what is passed on holds no line that was not there', () => {
  const line = fc.oneof(
    fc.string({ maxLength: 30, unit: 'binary-ascii' }),
    fc.tuple(fc.constantFrom('Host', 'Content-Length', 'Transfer-Encoding', 'Connection', 'X-Forwarded-For', 'Upgrade', 'X', 'Expect'), fc.string({ maxLength: 12 })).map(([name, value]) => `${name}: ${value}`),
  )
  fc.assert(
    fc.property(fc.constantFrom('GET / HTTP/1.1', 'POST /a?b HTTP/1.0', 'GET http://h/ HTTP/1.1', '/'), fc.array(line, { maxLength: 6 }), (first, lines) => {
      const text = `${[first, ...lines].join('\r\n')}\r\n`
      const head = parseRequestHead(text, rules)
      if (isRefusal(head)) return
      const sent = new Set(text.split('\r\n'))
      for (const kept of head.kept.split('\r\n').slice(0, -1)) {
        assert.ok(sent.has(kept))
        assert.match(kept, /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*$/)
        assert.doesNotMatch(kept, /^(host|content-length|transfer-encoding|connection|x-forwarded-for|upgrade|expect):/i)
      }
      assert.ok(head.kept === '' || head.kept.endsWith('\r\n'))
      assert.ok(!(head.chunked && head.contentLength !== -1))
    }),
    { numRuns: 3_000 },
  )
  fc.assert(
    fc.property(fc.constantFrom('HTTP/1.1 200 OK', 'HTTP/1.1 304', 'HTTP/1.0 500 x'), fc.array(line, { maxLength: 6 }), (first, lines) => {
      const head = parseResponseHead(`${[first, ...lines].join('\r\n')}\r\n`)
      if (!isRefusal(head)) assert.doesNotMatch(head.kept, /^(content-length|transfer-encoding|connection|upgrade):/im)
    }),
    { numRuns: 2_000 },
  )
})
