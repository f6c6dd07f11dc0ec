/** Cuts a stream into messages (RFC 6587): by counted octets where a frame begins with a number, else by line feeds. */
const maxMessageBytes = 64 * 1024

export class Frames {
  #rest: Buffer = Buffer.alloc(0)
  /** Of a message that is too long: how much of it is still to come; by line feeds, up to the next. */
  #skip = 0
  #skipLine = false

  /** Messages that are whole now. One that is too long is cut, and told once. */
  add(chunk: Buffer): string[] {
    let data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const messages: string[] = []
    for (;;) {
      if (this.#skip > 0) {
        const gone = Math.min(this.#skip, data.length)
        this.#skip -= gone
        data = data.subarray(gone)
      }
      if (this.#skipLine) {
        const end = data.indexOf(10)
        data = end === -1 ? data.subarray(data.length) : data.subarray(end + 1)
        this.#skipLine = end === -1
      }
      if (data.length === 0) break
      const counted = /^([1-9]\d{0,8}) /.exec(data.toString('latin1', 0, 12))
      if (counted !== null) {
        const from = counted[0].length
        const length = Number(counted[1])
        const kept = Math.min(length, maxMessageBytes)
        if (data.length < from + kept) break
        messages.push(data.toString('utf8', from, from + kept))
        data = data.subarray(from + kept)
        this.#skip = length - kept
        continue
      }
      // a number whose end is not there yet
      if (/^[1-9]\d{0,8}$/.test(data.toString('latin1', 0, 12))) break
      const end = data.indexOf(10)
      if (end === -1 && data.length <= maxMessageBytes) break
      const cut = end === -1 || end > maxMessageBytes ? maxMessageBytes : end
      messages.push(data.toString('utf8', 0, cut))
      this.#skipLine = cut !== end
      data = data.subarray(cut === end ? end + 1 : cut)
    }
    this.#rest = Buffer.from(data)
    return messages.filter((message) => message !== '')
  }

  /** What was not ended when the sender left. */
  end(): string[] {
    const rest = this.#rest.toString('utf8')
    this.#rest = Buffer.alloc(0)
    return rest === '' || /^[1-9]\d{0,8} /.test(rest) ? [] : [rest]
  }
}
