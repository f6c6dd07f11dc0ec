/** The one place that knows xterm. Loaded when a terminal is opened. */
import { FitAddon } from '@xterm/addon-fit'
import { type ITheme, Terminal } from '@xterm/xterm'
import '@xterm/xterm/css/xterm.css'
import { useEffect, useRef } from 'react'
import { messageOf } from '#base/errors.ts'
import type { TerminalToClient, TerminalToServer } from '#contract/terminal.ts'
import { api } from '../data/api.ts'
import { onLookChange, resolveColor } from '../lib/theme.ts'
import type { TerminalState } from './terminal.tsx'

type Props = { app: string; env: string; instance: string; onState: (state: TerminalState) => void }

export default function TerminalScreen({ app, env, instance, onState }: Props) {
  const holder = useRef<HTMLDivElement>(null)
  const tell = useRef(onState)
  tell.current = onState
  useEffect(() => {
    const screen = openScreen(holder.current as HTMLDivElement)
    let socket: WebSocket | undefined
    let over = false
    const end = (state: TerminalState) => {
      if (over) return
      over = true
      tell.current(state)
    }
    const send = (frame: TerminalToServer) => socket?.readyState === WebSocket.OPEN && socket.send(JSON.stringify(frame))
    const connect = async () => {
      const { cols, rows } = screen.terminal
      const opened = await api.call('terminals.open', { params: { app }, query: { environment: env }, body: { instance, command: ['sh'], tty: { cols, rows } } })
      if (over) return
      socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${opened.path}`)
      socket.binaryType = 'arraybuffer'
      socket.onopen = () => {
        tell.current({ word: 'open', detail: '' })
        screen.terminal.focus()
        send({ t: 'resize', cols: screen.terminal.cols, rows: screen.terminal.rows })
      }
      socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
        if (typeof data !== 'string') return screen.terminal.write(new Uint8Array(data))
        const frame = JSON.parse(data) as TerminalToClient
        end(frame.code === null ? { word: 'failed', detail: frame.error ?? 'it was lost' } : { word: 'ended', detail: `code ${frame.code}` })
      }
      socket.onclose = () => end({ word: 'ended', detail: 'the connection was closed' })
    }
    const encoder = new TextEncoder()
    screen.terminal.onData((text) => socket?.readyState === WebSocket.OPEN && socket.send(encoder.encode(text)))
    screen.terminal.onResize(({ cols, rows }) => send({ t: 'resize', cols, rows }))
    connect().catch((error: unknown) => end({ word: 'failed', detail: messageOf(error) }))
    return () => {
      over = true
      socket?.close()
      screen.close()
    }
  }, [app, env, instance])
  return <div ref={holder} role="group" aria-label={`Terminal in ${app}/${instance}`} className="h-[calc(100dvh-260px)] min-h-80 overflow-hidden rounded-lg border border-rule bg-well p-3" />
}

function openScreen(element: HTMLElement): { terminal: Terminal; close: () => void } {
  const terminal = new Terminal({ fontFamily: '"IBM Plex Mono", ui-monospace, monospace', fontSize: 13, lineHeight: 1.25, cursorBlink: !matchMedia('(prefers-reduced-motion: reduce)').matches, theme: themeOf(), scrollback: 5000, screenReaderMode: true, minimumContrastRatio: 4.5 })
  const fit = new FitAddon()
  terminal.loadAddon(fit)
  terminal.open(element)
  fit.fit()
  // a keyboard user must be able to leave: everything else belongs to the shell
  terminal.attachCustomKeyEventHandler((event) => {
    if (!(event.key === 'F6' && event.ctrlKey)) return true
    terminal.blur()
    document.getElementById('main')?.focus()
    return false
  })
  const resize = new ResizeObserver(() => fit.fit())
  resize.observe(element)
  const unlook = onLookChange(() => requestAnimationFrame(() => (terminal.options.theme = themeOf())))
  return {
    terminal,
    close() {
      resize.disconnect()
      unlook()
      terminal.dispose()
    },
  }
}

function themeOf(): ITheme {
  const c = resolveColor
  return {
    background: c('well'), foreground: c('ink'), cursor: c('accent'), cursorAccent: c('well'), selectionBackground: c('accent-wash'),
    black: c('ink-soft'), brightBlack: c('ink-soft'), white: c('ink'), brightWhite: c('ink'), red: c('red'), brightRed: c('red'), green: c('healthy'), brightGreen: c('healthy'),
    yellow: c('amber'), brightYellow: c('amber'), blue: c('accent'), brightBlue: c('accent'), cyan: c('accent'), brightCyan: c('accent'), magenta: c('violet'), brightMagenta: c('violet'),
  }
}
