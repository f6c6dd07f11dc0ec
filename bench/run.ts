/**
 * `npm run bench -- <name> [flags]`: measurements, never asserted in a test. What they gave is in RESULTS.md.
 * All traffic stays on loopback, all files are in temporary folders, and every process that is started is ended.
 */
import { hearInterrupts } from './rig/interrupt.ts'

const benches: Record<string, { what: string; run: (args: string[]) => Promise<void>; /** Ends by itself on Ctrl-C. */ cleansUp?: true }> = {
  ingress: { what: 'the proxy beside nginx, haproxy, caddy and Node proxies on one core', run: async (args) => (await import('./ingress.ts')).runIngress(args) },
  footprint: { what: 'memory of each process, time to ready, to deploy and to heal', run: async (args) => (await import('./footprint.ts')).runFootprint(args) },
  heal: { what: 'a process dies, freezes, hangs, is restarted or replaced under load: what callers see, beside peers', run: async (args) => (await import('./heal.ts')).runHeal(args), cleansUp: true },
  rollout: { what: 'a good release and every kind of broken one under load: what callers see, and who serves', run: async (args) => (await import('./rollout.ts')).runRollout(args), cleansUp: true },
  checks: { what: 'a thousand HTTP checks: CPU, how true to the schedule, how soon a fall is known, beside Prometheus with its blackbox exporter', run: async (args) => (await import('./checks.ts')).runChecks(args) },
  logs: { what: 'log lines stored and searched beside other ways to keep them, and what a whole Nightshift pays for them', run: async (args) => (await import('./logs.ts')).runLogs(args) },
  'log-scroll': { what: 'the log view of the console with 100 000 lines: frames while it scrolls', run: async () => (await import('./log-scroll.ts')).runLogScroll() },
}

const [name = '', ...args] = process.argv.slice(2)
const bench = Object.hasOwn(benches, name) ? benches[name] : undefined
if (bench === undefined) {
  const names = Object.entries(benches).map(([each, { what }]) => `  ${each.padEnd(10)} ${what}`)
  process.stderr.write(`usage: npm run bench -- <name> [flags]\n${names.join('\n')}\n`)
  process.exitCode = 2
} else {
  if (bench.cleansUp) hearInterrupts()
  await bench.run(args)
}
