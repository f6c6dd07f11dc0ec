import type { CheckConfig } from '#contract/check-kinds.ts'
import { withLatency } from '../latency.ts'
import { open, placeOf, readUntil, splitAddress } from '../net.ts'
import type { RunCheck } from '../port.ts'
import { brief, searchFor, textOf } from '../texts.ts'

const maxBannerBytes = 16_384

export const runTcp: RunCheck<CheckConfig<'tcp'>> = async (config, context) => {
  const { host, port } = splitAddress(config.address)
  const started = performance.now()
  const socket = await open(await placeOf(host, port, context), config.tls ? { name: host, verify: config.verify } : null, context.signal)
  try {
    const connectedMs = performance.now() - started
    if (config.send !== undefined) socket.write(config.send.replaceAll('\\r', '\r').replaceAll('\\n', '\n'))
    if (config.banner === undefined) return withLatency({ status: 'ok', message: 'it accepts connections' }, connectedMs, config)
    const wanted = config.banner
    const search = searchFor(wanted, context.signal)
    const text = textOf()
    let isRight = false
    const heard = (await readUntil(socket, async (_, chunk) => (isRight = await search.more(text(chunk))), maxBannerBytes)).toString('utf8')
    return withLatency({ status: isRight ? 'ok' : 'err', message: isRight ? brief(heard) : `it said "${brief(heard, 100)}", which does not hold ${wanted}` }, performance.now() - started, config)
  } finally {
    socket.destroy()
  }
}
