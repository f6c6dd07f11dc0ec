/** What the apps of the preview say: log lines with levels, access lines, and the output of builds. */
import type { LogLine } from '#contract/model.ts'

export type Said = { level: LogLine['level']; stream: LogLine['stream']; text: string }

const paths = ['/', '/products/lamp', '/products/teapot', '/cart', '/checkout', '/api/stock/4711', '/assets/app-9d1c.js', '/search?q=lantern', '/account/orders', '/up']
const one = <T>(list: readonly T[], r: number) => list[Math.floor(r * list.length) % list.length] as T
const ms = (r: number) => (2 + r * r * 240).toFixed(r < 0.5 ? 1 : 0)

const speech: Record<string, (r: number, s: number) => Said> = {
  web: (r, s) =>
    r < 0.02
      ? { level: 'error', stream: 'stderr', text: `error: upstream api took ${1000 + Math.round(s * 3000)} ms, answered with the cached page instead` }
      : r < 0.07
        ? { level: 'warn', stream: 'stdout', text: `warn: cart of session ${Math.round(s * 1e9).toString(36)} has an item that is sold out` }
        : { level: 'info', stream: 'stdout', text: `${one(['GET', 'GET', 'GET', 'POST'], s)} ${one(paths, r * 7.3)} ${one([200, 200, 200, 304, 302, 404], s * 3.1)} ${ms(s)} ms` },
  api: (r, s) =>
    r < 0.015
      ? { level: 'error', stream: 'stderr', text: '\u001b[31mError\u001b[39m: stock of 4711 is negative\n    at reserve (api/stock.js:88:11)' .split('\n')[0] as string }
      : r < 0.15
        ? { level: 'debug', stream: 'stdout', text: `{"level":"debug","msg":"cache","key":"product:${Math.round(s * 9000)}","hit":${s > 0.3}}` }
        : { level: 'info', stream: 'stdout', text: `{"level":"info","msg":"answered","route":"${one(['/stock/:id', '/price/:id', '/order'], r * 5)}","status":200,"ms":${ms(s)}}` },
  worker: (r, s) => (r < 0.04 ? { level: 'warn', stream: 'stdout', text: `retrying mail ${Math.round(s * 1e6)} in 30 s: 421 try again later` } : { level: 'info', stream: 'stdout', text: `job ${Math.round(s * 1e7).toString(36)} ${one(['send-receipt', 'resize-image', 'reindex'], r * 4)} done in ${ms(s)} ms` }),
  db: (_, s) => ({ level: 'info', stream: 'stdout', text: `1:M * ${Math.round(s * 900)} changes in 60 seconds. Saving...` }),
}

const billingSpeech = (r: number, s: number): Said => (r < 0.3 ? { level: 'error', stream: 'stderr', text: `FATAL: JavaScript heap out of memory, ${Math.round(210 + s * 46)} MB of 256 MB` } : { level: 'info', stream: 'stdout', text: `POST /invoices ${one([201, 201, 500], s)} ${ms(s)} ms` })
const searchSpeech = (r: number): Said => (r < 0.6 ? { level: 'error', stream: 'stderr', text: 'Error: INDEX_KEY is not set (set it with: nightshift secrets set INDEX_KEY --app search)' } : { level: 'unknown', stream: 'stderr', text: '    at connect (/app/index.js:14:9)' })

export function say(app: string, service: string, r: number, s: number): Said {
  if (app === 'billing') return billingSpeech(r, s)
  if (app === 'search') return searchSpeech(r)
  return (speech[service] ?? (speech['web'] as (r: number, s: number) => Said))(r, s)
}

const dim = (text: string) => `\u001b[2m${text}\u001b[22m`
const green = (text: string) => `\u001b[32m${text}\u001b[39m`
const red = (text: string) => `\u001b[1;31m${text}\u001b[0m`
const cyan = (text: string) => `\u001b[36m${text}\u001b[39m`

export const goodBuild: readonly string[] = [
  '-----> Source: git main 9f31c0d “Gift cards at checkout”, 214 files, 1.1 MB',
  '-----> Builder: node, because package.json has a start script and package-lock.json is there',
  '       Node 26.10.0, npm 11.4.2 (cache of 6 d ago is used)',
  '-----> npm ci',
  dim('       added 312 packages in 4s'),
  dim('       41 packages are looking for funding'),
  '-----> npm run build',
  `       ${cyan('vite v8.3.8')} ${green('building for production...')}`,
  `       ${green('✓')} 284 modules transformed.`,
  `       dist/index.html                  ${dim('0.46 kB │ gzip:  0.30 kB')}`,
  `       dist/assets/${cyan('app-9d1c42.js')}         ${dim('182.10 kB │ gzip: 58.77 kB')}`,
  `       ${green('✓ built in 3.91s')}`,
  '-----> Process types: web, api, worker, db (nightshift.yml)',
  '-----> Artifact slug:91ab3f7d02c4…, 17.9 MB (3.2 MB new)',
  green('-----> Built in 21.4 s, released as v17'),
]

export const badBuild: readonly string[] = [
  '-----> Source: git main b4dc0de “Rank by freshness”, 88 files, 402 KB',
  '-----> Builder: node, because package.json has a start script and package-lock.json is there',
  '-----> npm ci',
  dim('       added 96 packages in 2s'),
  '-----> npm run build',
  dim('       > search@1.4.0 build'),
  dim('       > tsc -p .'),
  '',
  `       ${cyan('src/rank.ts')}:${cyan('41')}:${cyan('17')} - ${red('error')} ${dim('TS2322')}: Type 'string | undefined' is not assignable to type 'number'.`,
  '',
  '       41     const freshness: number = page.updatedAt',
  `                       ${red('~~~~~~~~~')}`,
  '',
  `       Found ${red('1 error')} in src/rank.ts`,
  red('-----> Failed: npm run build ended with code 2 after 3.4 s'),
]
