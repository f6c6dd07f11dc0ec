import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { levels } from './model.ts'
import { cleanText, levelOf, maxTextBytes } from './text.ts'

const cases: [string, string][] = [
  ['{"level":30,"msg":"pino"}', 'info'],
  ['{"level":"ERROR","msg":"x"}', 'error'],
  ['{"level":"50"}', 'error'],
  ['{"severity":"WARNING"}', 'warn'],
  ['{"severity":3}', 'error'],
  ['{"severity":300,"message":"google cloud notice"}', 'info'],
  ['{"severityNumber":17}', 'error'],
  ['{"log":{"level":"debug"},"message":"ecs"}', 'debug'],
  ['{"data":{"level":50},"msg":"inner"}', 'unknown'],
  ['{"level": broken ERROR', 'error'],
  ['ERROR something broke', 'error'],
  ['error something broke', 'error'],
  ['[info] server started', 'info'],
  ['2026-11-20T14:44:53.123Z INFO starting', 'info'],
  ['2026-11-20T14:44:53Z error: cannot', 'error'],
  ['[2026-11-20 14:00:01 +0000] [123] [INFO] Listening at: http://0.0.0.0:8000', 'info'],
  ['2026-11-20 14:44:53,123 WARNING django.request: Not Found', 'warn'],
  ['Nov 20 12:00:01 host app[123]: error: foo', 'error'],
  ['2026-11-20 14:44:53.123 UTC [12] LOG:  database system is ready', 'info'],
  ['2026-11-20 14:44:53.123 UTC [12] FATAL:  password failed', 'error'],
  ['ERROR:root:msg', 'error'],
  ['WARNING: This is a development server.', 'warn'],
  ['TypeError: x is not a function', 'error'],
  ['Traceback (most recent call last):', 'error'],
  ['E1120 14:44:53.000001       1 main.go:12] klog', 'error'],
  ['time="2026-11-20T14:44:53Z" level=warning msg="logfmt"', 'warn'],
  ['npm error code ENOENT', 'error'],
  ['npm warn deprecated foo@1', 'warn'],
  ['\x1b[32minfo\x1b[39m: winston', 'info'],
  ['TRACE very fine', 'debug'],
  ['12:01:02.345 [main] DEBUG com.example.App - hi', 'debug'],
  ['', 'unknown'],
  ['Started with no error', 'unknown'],
  ['10.0.0.1 - - "GET /error/info HTTP/1.1" 200', 'unknown'],
  ['user logged in', 'unknown'],
  ['log in failed for bob', 'unknown'],
  ['my-error-page was served', 'unknown'],
]

for (const [line, level] of cases)
  test(`the level of ${JSON.stringify(line)} is ${level}`, () => assert.equal(levels[levelOf(line)], level))

test('clean text can be stored as UTF-8 without NUL, is bounded, and clean text stays as it is', () =>
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom('\0', '\ud800', '\udc00', 'a', '€', '😀') }), fc.nat(maxTextBytes * 2).map((length) => '€'.repeat(length))), (text) => {
      const clean = cleanText(text)
      assert.ok(!clean.includes('\0') && clean.isWellFormed() && Buffer.byteLength(clean) <= maxTextBytes + 40)
      if (Buffer.byteLength(clean) <= maxTextBytes) assert.equal(cleanText(clean), clean)
      assert.doesNotThrow(() => levelOf(text))
    }),
  ))
