/**
 * The composition root of control: the only file that knows every capability and driver. It opens them in the order of
 * the floors, wires what one tells another, and starts the loops last. Nothing here decides anything.
 */
import path from 'node:path'
import { systemClock } from '#base/clock.ts'
import type { Actor } from '#contract/model.ts'
import type { TrafficBatch } from '#contract/wire.ts'
import { startRunner } from '#drivers/check/runner.ts'
import { createDockerImages } from '#drivers/image/docker.ts'
import { createProcessDriver } from '#drivers/task/process/driver.ts'
import { processConfig } from '#drivers/task/process/config.ts'
import { startBakes } from '#heal/bake/loop.ts'
import { bakeRoutes } from '#heal/bake/routes.ts'
import { pauseRoutes } from '#heal/pauses/routes.ts'
import { startForgetting } from '#heal/remediations/forget.ts'
import { startHealing } from '#heal/remediations/loop.ts'
import { healingRoutes } from '#heal/remediations/routes.ts'
import { whyRoutes } from '#heal/why/routes.ts'
import { createBell } from '#kernel/bell.ts'
import { openDatabase } from '#kernel/db/db.ts'
import { takeLease } from '#kernel/db/lease.ts'
import { migrate } from '#kernel/db/migrate.ts'
import type { Handlers } from '#kernel/handlers.ts'
import { journalChannel, record } from '#kernel/journal.ts'
import type { Logger } from '#kernel/log.ts'
import { keepLoopStatus } from '#kernel/loop-status.ts'
import { openSecretBox } from '#base/secretbox.ts'
import { accessRoutes } from '#people/access/routes.ts'
import { openAccess } from '#people/access/service.ts'
import { type Reach, readApp, unknownApps } from '#run/apps/read.ts'
import { appRoutes } from '#run/apps/routes.ts'
import { openApps } from '#run/apps/service.ts'
import { forgetBuilds } from '#run/builds/forget.ts'
import { pruneBuilds } from '#run/builds/prune.ts'
import { buildRoutes } from '#run/builds/routes.ts'
import { openBuilds } from '#run/builds/service.ts'
import type { FleetDeps } from '#run/fleet/desired.ts'
import { preparer } from '#run/fleet/prepare.ts'
import { startHousekeeping } from '#run/housekeeping/loop.ts'
import { machineRoutes } from '#run/machines/routes.ts'
import { inContainers } from '#run/machines/containers.ts'
import { releaseOfBuild } from '#run/releases/of-build.ts'
import { releaseRoutes } from '#run/releases/routes.ts'
import { newestConfig } from '#run/apps/read-config.ts'
import { startRollouts } from '#run/rollouts/loop.ts'
import { routingRoutes } from '#run/routing/routes.ts'
import { openDomains } from '#run/routing/service.ts'
import { createApi } from '#surfaces/api/server.ts'
import { systemRoutes } from '#surfaces/api/system-routes.ts'
import { openGitDoor } from '#surfaces/git/door.ts'
import { openGateway } from '#surfaces/internal/gateway.ts'
import { intakeDoor } from '#surfaces/internal/intake.ts'
import { pingDoor } from '#surfaces/pings/door.ts'
import { metricsDoor } from '#surfaces/metrics/door.ts'
import { openTerminals } from '#surfaces/terminals/terminals.ts'
import { openChecks } from '#watch/checks/checks.ts'
import { countLines } from '#watch/checks/count-lines.ts'
import { openArchive } from '#watch/logs/archive/kinds.ts'
import { openWatch } from '#watch/watch.ts'

export type ControlOptions = {
  home: string
  version: string
  log: Logger
  databaseUrl: string
  /** `clickhouse+http://…`: where sealed log lines go, if not into the database. */
  logStore?: string | undefined
  apiHost: string
  /** 0 = any free port. */
  apiPort: number
  /** Of the TLS proxy in front of the API, comma-separated: who signs in, and over what, is as it says. */
  trustedProxy?: string | undefined
  /** Where the ingress of this machine listens, for the URLs that people are shown. */
  httpPort: number
  httpsPort: number | null
  /** Of the machine that control itself runs on. */
  machine: string
  secretKey: string
  adminToken: string
  machineToken: string
}

/** Builds run as users that no app runs as. */
const buildUsers = { base: 66_000, count: 4000 }

export type Control = { apiPort: number; close(): Promise<void> }

export async function runControl(options: ControlOptions): Promise<Control> {
  const { home, log, version } = options
  const db = openDatabase(options.databaseUrl, { max: 20 })
  const lease = await takeLease(db, {
    onWaiting: () => {
      log.warn('another control works on this database; this one waits until that has ended')
      process.on('SIGTERM', leave).on('SIGINT', leave)
    },
    onLost: () => {
      log.fatal('another control works on this database now; this one ends')
      process.exit(1)
    },
  })
  process.off('SIGTERM', leave).off('SIGINT', leave)
  const applied = await migrate(db)
  if (applied.length > 0) log.info({ applied }, 'the database was migrated')
  const box = openSecretBox(options.secretKey)
  const changed = createBell()
  let apiPort = options.apiPort

  // people
  const access = openAccess({ db, adminToken: options.adminToken, machineToken: options.machineToken })

  // run
  const fleet: FleetDeps = {
    db, box, log,
    edgeHost: (machine) => gateway.facts(machine)?.edgeHost ?? '127.0.0.1',
    edgeHosts: () => [...new Set(['127.0.0.1', ...gateway.agents().map((facts) => facts.edgeHost)])].sort(),
    telemetryPort: (machine) => gateway.facts(machine)?.telemetryPort ?? null,
  }
  const gateway = openGateway({ db, fleet, isMachine: access.isMachine, changed, log, onTested: (message) => checks.tested(message) })
  const reach: Reach = {
    apiUrl: () => `http://${hostOf(options.apiHost)}:${apiPort}`,
    ingressUrl: () => `http://localhost:${gateway.proxies()[0]?.httpPort ?? options.httpPort}`,
    httpsPort: () => gateway.proxies()[0]?.httpsPort ?? options.httpsPort,
  }
  const apps = openApps({ db, box })
  const domains = openDomains({ db, box })
  const engineImages = createDockerImages()
  const builds = openBuilds({
    db, home, logger: log,
    driver: createProcessDriver(processConfig.parse({ dir: path.join(path.resolve(home), 'builds', 'tasks'), path: [path.dirname(process.execPath)], users: buildUsers })),
    onBuilt: releaseOfBuild,
    images: async () => ((await inContainers(db)) ? engineImages : null),
    buildEnv: (app, environment) => newestConfig(db, app, environment),
    lines: { machine: options.machine, send: (batches) => watch.intake.logs(batches) },
  })
  const ensureApp = (actor: Actor, app: string, environment: string) => apps.create({ app, environment, actor, now: systemClock.now() })

  // watch
  const archive = options.logStore === undefined ? undefined : openArchive(options.logStore)
  await archive?.prepare().catch((error: unknown) => log.error({ err: error }, 'the log store does not answer; sealed lines wait here until it does'))
  const watch = openWatch({ db, box, log, reach, changed, archive })
  const checks = openChecks({
    db, box, log, reach, startRunner, machine: options.machine, secretKey: options.secretKey, machineToken: options.machineToken, tools: { countLines: countLines(watch.lines) }, metrics: watch.metrics.write,
    machines: { names: () => gateway.agents().map((facts) => facts.machine), connection: gateway.facts, proxies: gateway.proxies, send: gateway.send },
  })
  const urlOf = async (app: string, environment: string) => (await readApp(db, reach, await watch.moment(app), app, environment)).url

  // heal
  /** Builds lie on the machine of control; every machine has unpacked slugs. */
  const prune = async (machine: string) => {
    const asked = gateway.send(machine, { t: 'prune' }) ? `the agent of ${machine} removes slugs that nothing runs` : null
    const freed = machine === options.machine ? await pruneBuilds(db, home, systemClock.now()) : null
    return [freed, asked].filter((one) => one !== null).join('; ') || null
  }

  const bakes = startBakes({ db, log })
  const judgedAtOnce = async (batch: TrafficBatch) => {
    await watch.intake.traffic(batch)
    if (batch.young) bakes.wake()
  }

  // surfaces
  const terminals = openTerminals({ db, fleet, gateway, access })
  const git = openGitDoor({ db, home, access, builds, apps, changed, log, urlOf })
  const handlers: Handlers = {
    ...systemRoutes({ db, version, reach, gateway }),
    ...accessRoutes({ access, consoleUrl: reach.apiUrl, unknownApps: (names) => unknownApps(db, names) }),
    ...appRoutes({ db, apps, reach, moment: watch.moment, choose: watch.choose }),
    ...releaseRoutes(db),
    ...routingRoutes({ db, domains, reach }),
    ...buildRoutes({ db, builds, changed, urlOf, ensureApp }),
    ...machineRoutes({ db, choose: watch.choose }),
    ...watch.handlers,
    ...checks.handlers,
    ...bakeRoutes(db),
    ...healingRoutes({ db, lines: watch.lines }),
    ...pauseRoutes(db),
    ...whyRoutes({ db, reach, moment: watch.moment, lines: watch.lines }),
    ...terminals.handlers,
  }
  const api = createApi({
    access, handlers, version, log,
    trustedProxy: options.trustedProxy?.split(',') ?? [],
    consoleDir: path.join(import.meta.dirname, '../console/dist'),
    doors: [watch.otlpDoor, metricsDoor({ access, text: watch.exposition, clock: systemClock }), pingDoor({ db, secret: options.secretKey, log }), intakeDoor({ intake: { ...watch.intake, traffic: judgedAtOnce }, checks, artifactsDir: path.join(home, 'artifacts'), isMachine: access.isMachine, log }), git.door],
    upgradeDoors: [gateway.upgrade, terminals.upgrade],
  })

  const woken = [gateway.start(), startRollouts({ db, log, placement: gateway.placement, prepare: preparer(db, home) }), builds.start()]
  const checkLoops = checks.start()
  const loops = [...woken, ...watch.start(), ...checkLoops, startHousekeeping({ db, log, forgetBuilds: (before) => forgetBuilds(db, home, before) }), bakes, startHealing({ db, log, prune }), startForgetting({ db, log })]
  const unlisten = db.listen(journalChannel, () => changed.ring())
  const wakeAll = async () => {
    while (!closing.signal.aborted) {
      await changed.next(60_000, closing.signal)
      for (const loop of woken) loop.wake()
    }
  }
  const closing = new AbortController()
  void wakeAll()
  const keeper = keepLoopStatus(db, loops)

  await git.open()
  await api.listen({ host: options.apiHost, port: options.apiPort })
  const address = api.server.address()
  if (address !== null && typeof address === 'object') apiPort = address.port
  await db.transaction((tx) => record(tx, { at: systemClock.now(), kind: 'control.started', actor: { kind: 'system', name: 'control' }, machine: options.machine, summary: `control ${version} started on ${options.machine}` }))
  log.info({ apiPort }, 'control listens')

  return {
    apiPort,
    async close() {
      closing.abort()
      unlisten()
      keeper.close()
      gateway.close()
      terminals.close()
      await git.close()
      await api.close()
      await Promise.all(loops.map((loop) => loop.close()))
      await checks.close()
      await builds.close()
      await watch.close()
      lease.release()
      await db.close()
    },
  }
}

/** Asked to end while it waits for another control: nothing is open that would have to be closed. */
const leave = () => process.exit(0)

/** As people write it in a URL. */
function hostOf(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost'
  return host.includes(':') ? `[${host}]` : host
}
