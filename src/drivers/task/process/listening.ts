/** Which TCP ports processes listen on, from /proc (proc_net(5)): for saying what a program does instead of what it should. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import type { Listening } from '../port.ts'

const listenState = '0A'

/** Of these processes alone, or (`null`) of everything in the network namespace of `pid`. Empty where one may not look. */
export function listeningOf(pid: number, members: readonly number[] | null): Listening[] {
  const inodes = members && new Set(members.flatMap(socketsOf))
  const found = ['tcp', 'tcp6'].flatMap((table) => parseTable(read(`/proc/${pid}/net/${table}`)))
  const own = found.filter((socket) => inodes === null || inodes.has(socket.inode))
  return [...new Map(own.map(({ port, loopback }) => [`${port} ${loopback}`, { port, loopback }])).values()].sort((a, b) => a.port - b.port)
}

/** Lines of /proc/net/tcp and tcp6: `sl local_address rem_address st …`, addresses as little-endian hex words. */
export function parseTable(text: string): (Listening & { inode: string })[] {
  return text.split('\n').slice(1).flatMap((line) => {
    const [, local, , state, , , , , , inode] = line.trim().split(/\s+/)
    const [address, port] = local?.split(':') ?? []
    if (state !== listenState || address === undefined || port === undefined || inode === undefined) return []
    return [{ port: Number.parseInt(port, 16), loopback: isLoopback(address), inode }]
  })
}

/** 127.0.0.0/8, ::1, and IPv4 written as IPv6. */
function isLoopback(hex: string): boolean {
  if (hex.length === 8) return hex.endsWith('7F')
  return hex === '00000000000000000000000001000000' || (hex.startsWith('0000000000000000FFFF0000') && hex.endsWith('7F'))
}

function socketsOf(pid: number): string[] {
  const folder = `/proc/${pid}/fd`
  try {
    return readdirSync(folder).flatMap((fd) => /^socket:\[(\d+)\]$/.exec(linkOf(`${folder}/${fd}`))?.[1] ?? [])
  } catch {
    return [] // it ended, or is another user's
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
