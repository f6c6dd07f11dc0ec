/** When a domain's registration ends: RDAP (RFC 9083) at the registry that IANA's bootstrap file names, else WHOIS (RFC 3912). */
import type { CheckConfig } from '#contract/check-kinds.ts'
import { expiry } from '../expiry.ts'
import { request } from '../http/request.ts'
import { open, placeOf, readUntil } from '../net.ts'
import type { RunCheck, RunContext } from '../port.ts'

type Config = CheckConfig<'domain'>
const bootstrapUrl = 'https://data.iana.org/rdap/dns.json'
const bootstrapKeptMs = 24 * 3_600_000

export const runDomain: RunCheck<Config> = async (config, context) => {
  const server = config.server ?? (await rdapServer(config.name, context)) ?? `whois://${await whoisServer(config.name, context)}`
  const ends = server.startsWith('whois:') ? await byWhois(config.name, server, context) : await byRdap(config.name, server, context)
  if (ends === null) return { status: 'err', message: `${server} does not say when ${config.name} ends` }
  return expiry(config.name, ends, context.now(), config)
}

async function byRdap(name: string, server: string, context: RunContext): Promise<Date | null> {
  const answer = await request({ url: `${server.replace(/\/$/, '')}/domain/${name}`, method: 'GET', headers: { accept: 'application/rdap+json' }, redirects: 5, verify: true }, context)
  if (answer.status === 404) throw new Error(`${name} is not registered`)
  if (answer.status !== 200) throw new Error(`${server} answered ${answer.status}`)
  return readRdap(answer.body)
}

function readRdap(body: string): Date | null {
  const { events } = JSON.parse(body) as { events?: { eventAction?: string; eventDate?: string }[] }
  const found = events?.find((event) => event.eventAction === 'expiration')?.eventDate
  return found === undefined ? null : dateOf(found)
}

let bootstrap: { at: number; services: [string[], string[]][] } | undefined

async function rdapServer(name: string, context: RunContext): Promise<string | null> {
  const now = context.now().getTime()
  if (bootstrap === undefined || now - bootstrap.at > bootstrapKeptMs) {
    const { status, body } = await request({ url: bootstrapUrl, method: 'GET', headers: {}, redirects: 2, verify: true }, context)
    if (status !== 200) throw new Error(`${bootstrapUrl} answered ${status}`)
    bootstrap = { at: now, services: (JSON.parse(body) as { services: [string[], string[]][] }).services }
  }
  const labels = name.split('.')
  for (let from = 1; from < labels.length; from++) {
    const zone = labels.slice(from).join('.')
    const urls = bootstrap.services.find(([zones]) => zones.includes(zone))?.[1]
    const found = urls?.find((url) => url.startsWith('https:')) ?? urls?.[0]
    if (found !== undefined) return found
  }
  return null
}

async function whoisServer(name: string, context: RunContext): Promise<string> {
  const zone = name.split('.').at(-1) as string
  const found = /^(?:whois|refer):\s*([a-z0-9.-]+)\s*$/im.exec(await askWhois(zone, 'whois.iana.org', 43, context))?.[1]
  if (found === undefined) throw new Error(`IANA names neither an RDAP nor a WHOIS server for .${zone} (set server)`)
  return found
}

async function byWhois(name: string, server: string, context: RunContext): Promise<Date | null> {
  const { hostname, port } = new URL(server.replace(/^whois:/, 'http:'))
  return readWhois(await askWhois(name, hostname, port === '' ? 43 : Number(port), context))
}

function readWhois(text: string): Date | null {
  const found = /^[ \t]*(?:registry expiry date|registrar registration expiration date|expiry date|expiration date|expire date|expires(?: on)?|expire|paid-till|renewal date|validity)[ \t.]*:[ \t]*(\S.*?)[ \t]*\r?$/im.exec(text)?.[1]
  return found === undefined ? null : dateOf(found)
}

function dateOf(text: string): Date | null {
  const turned = /^(\d{2})[./-](\d{2})[./-](\d{4})/.exec(text)
  const date = new Date(turned ? `${turned[3]}-${turned[2]}-${turned[1]}` : text.replaceAll('.', '-').replace(/-(\d+)Z$/, '.$1Z'))
  return Number.isNaN(date.getTime()) ? null : date
}

async function askWhois(question: string, host: string, port: number, context: RunContext): Promise<string> {
  const socket = await open(await placeOf(host, port, context), null, context.signal)
  try {
    socket.write(`${question}\r\n`)
    return (await readUntil(socket, () => false)).toString('utf8')
  } finally {
    socket.destroy()
  }
}
