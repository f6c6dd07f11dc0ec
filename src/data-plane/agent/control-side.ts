/**
 * The agent's connection with control: which machine this is, what it sees, what it is told. Control hears of the machine
 * once its driver can say under which address instances reach it: without that no edge would lead anywhere.
 */
import { join } from 'node:path'
import type { AgentToControl, ControlToAgent, MachineFacts, ObservedInstance } from '#contract/wire.ts'
import { wireVersion } from '#contract/wire.ts'
import { sleep } from '#base/clock.ts'
import { messageOf } from '#base/errors.ts'
import type { TaskDriver } from '#drivers/task/port.ts'
import type { ControlClient } from '../control-client.ts'
import { type Link, openLink } from '../link.ts'
import { ClockWatch } from './clock-watch.ts'
import type { Log } from './log.ts'
import { laneOfKey } from './shipping/telemetry-lanes.ts'
import { type TelemetryListener, openTelemetryListener } from './shipping/telemetry.ts'
import type { AgentState } from './state.ts'

export type ControlSide = {
  /** Lost when it is not connected: what matters is told again after the next connect. */
  send(message: AgentToControl): void
  connected(): boolean
  clock: ClockWatch
  /** Told when it differs from what was told. */
  observed(instances: ObservedInstance[]): void
  lastObserved(): ObservedInstance[]
  /** Resolves when it begins to connect, which it does again whenever it is cut off. Once `signal` aborts nothing is begun any more. */
  connect(controlUrl: string, on: { message(message: ControlToAgent): void; cut(): void }, signal: AbortSignal): Promise<void>
  close(): Promise<void>
}

export type ControlSideOptions = {
  home: string
  token: string
  state: Pick<AgentState, 'desired'>
  driver: Pick<TaskDriver, 'hostAddress'>
  control: Pick<ControlClient, 'forward'>
  /** What is known of the machine but for its address and its port for telemetry. */
  facts(): Omit<MachineFacts, 'edgeHost' | 'telemetryPort'>
  log: Log
}

const heartbeatMs = 10_000
/** Apps wait for control's word after it has started: look for it often. */
const reconnectMs = 1_000

export function createControlSide(options: ControlSideOptions): ControlSide {
  const { state, log } = options
  let link: Link<AgentToControl> | undefined
  let telemetry: TelemetryListener | null = null
  let heartbeat: NodeJS.Timeout | undefined
  const send = (message: AgentToControl) => void link?.send(message)
  const clock = new ClockWatch((asked) => send({ t: 'clock', asked }))
  const report = reporter(state, send)
  const beat = () => {
    report.again()
    clock.ask()
  }

  return {
    send,
    connected: () => link?.connected() ?? false,
    clock,
    observed: report.observed,
    lastObserved: report.last,
    async connect(controlUrl, on, signal) {
      const edgeHost = await edgeHostOf(options.driver, log, signal)
      if (edgeHost === null) return
      const opened = await openTelemetry(options, edgeHost)
      if (signal.aborted) return opened?.close()
      telemetry = opened
      heartbeat = setInterval(beat, heartbeatMs)
      link = openLink<ControlToAgent, AgentToControl>({
        url: new URL('/internal/agent', controlUrl).href,
        token: options.token,
        backoffMaxMs: reconnectMs,
        onOpen() {
          send({ t: 'hello', wireVersion, facts: { ...options.facts(), edgeHost, telemetryPort: telemetry?.port ?? null }, desiredGeneration: state.desired().generation })
          beat()
        },
        onMessage: on.message,
        onClose: on.cut,
        log: (level, message) => log[level]({}, message),
      })
    },
    async close() {
      clearInterval(heartbeat)
      link?.close()
      await telemetry?.close()
    },
  }
}

/** The address under which instances reach this machine, asked until the driver can say it; null once `signal` aborts. */
async function edgeHostOf(driver: ControlSideOptions['driver'], log: Log, signal: AbortSignal): Promise<string | null> {
  let said = ''
  while (!signal.aborted) {
    try {
      const address = await driver.hostAddress({})
      return signal.aborted ? null : address
    } catch (error) {
      const because = messageOf(error)
      if (because !== said) log.warn({ error: because }, 'this machine has no address for its instances yet; control is told of it when it has')
      said = because
    }
    await sleep(reconnectMs, signal).catch(() => {})
  }
  return null
}

async function openTelemetry({ home, state, control, log }: ControlSideOptions, host: string): Promise<TelemetryListener | null> {
  return openTelemetryListener({ host, folder: join(home, 'agent', 'telemetry'), control, log, laneOfKey: (key) => laneOfKey(key, state.desired().instances) }).catch((error: unknown) => {
    log.error({ error: messageOf(error) }, 'this machine takes no telemetry of its instances')
    return null
  })
}

/** Tells control what is seen when it differs from what was told, and all of it after a reconnect. */
function reporter(state: ControlSideOptions['state'], send: (message: AgentToControl) => void) {
  let last: { desiredGeneration: number; instances: ObservedInstance[] } | null = null
  let told = ''
  const tell = () => {
    if (last) send({ t: 'observed', at: new Date().toISOString(), ...last })
  }
  return {
    observed(instances: ObservedInstance[]) {
      last = { desiredGeneration: state.desired().generation, instances }
      const text = JSON.stringify(last)
      if (text === told) return
      told = text
      tell()
    },
    again: tell,
    last: () => last?.instances ?? [],
  }
}
