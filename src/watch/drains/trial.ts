import { messageOf } from '#base/errors.ts'

export type Trial = { ok: boolean; because: string; tookMs: number }

/** One try at sending, however it ends: a refusal is its answer. Closes the sender. */
export async function tryOnce<Sender extends { close(): void }>(sender: Sender, send: (sender: Sender) => Promise<unknown>, taken: string): Promise<Trial> {
  const began = performance.now()
  const answer = (ok: boolean, because: string): Trial => ({ ok, because, tookMs: Math.round(performance.now() - began) })
  try {
    await send(sender)
    return answer(true, taken)
  } catch (error) {
    return answer(false, messageOf(error))
  } finally {
    sender.close()
  }
}
