/**
 * What the browser tests run against. `preview`: the console's preview, whose HTTP surface is the real one and whose world is
 * made up, for states that are hard to reach. `real`: a whole Nightshift with the example shop deployed twice.
 */
import { join } from 'node:path'
import type { Client } from '#contract/client.ts'
import { bootNightshift } from '#test/harness/nightshift.ts'
import { until } from '#test/harness/wait.ts'
import type { SceneName } from '../../../scripts/preview/scene.ts'
import { type Preview, startPreview } from '../../../scripts/preview/server.ts'

export type ConsoleTarget = AsyncDisposable & {
  /** Base URL of the console. */
  url: string
  /** A link that signs in, once. */
  loginUrl: string
}

export async function bootPreview(scene: SceneName = 'night'): Promise<ConsoleTarget & Preview> {
  const preview = await startPreview({ scene })
  return { ...preview, [Symbol.asyncDispose]: () => preview.close() }
}

/** The shop as v1, and as v2 with `LOG_LEVEL=debug`. */
export async function bootConsoleTarget(): Promise<ConsoleTarget & { shopUrl: string; client: Client }> {
  const nightshift = await bootNightshift()
  try {
    const shop = join(import.meta.dirname, '../../../examples/shop')
    for (const args of [['deploy', shop, '--app', 'shop'], ['config', 'set', 'LOG_LEVEL=debug', '--app', 'shop']]) {
      const { code, stdout, stderr } = await nightshift.cli(args)
      if (code !== 0) throw new Error(`nightshift ${args.join(' ')} ended with ${code}: ${stdout}${stderr}`)
    }
    const isSwitched = async () => {
      const { rollout } = await nightshift.client.call('apps.read', { params: { app: 'shop' } })
      return rollout?.release === 2 && rollout.state === 'finished'
    }
    await until(isSwitched, { timeoutMs: 60_000, because: 'v2 of the shop serves' })
    return { url: nightshift.api, loginUrl: nightshift.loginUrl, shopUrl: nightshift.url('shop'), client: nightshift.client, [Symbol.asyncDispose]: () => nightshift[Symbol.asyncDispose]() }
  } catch (error) {
    await nightshift[Symbol.asyncDispose]()
    throw error
  }
}
