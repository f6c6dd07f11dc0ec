import { Activity, AppWindow, BellRing, ChartLine, ChartNoAxesGantt, CircleCheck, HeartPulse, Map as MapIcon, Moon, Rocket, ScrollText, Server, Settings } from 'lucide-react'
import { paths } from '../paths.ts'

/** The rooms, in the order of the rail; `key` follows `g`. The first four stand in a phone's bottom bar. */
export const rooms = [
  { name: 'Tonight', href: paths.tonight(), icon: Moon, key: 't' },
  { name: 'Apps', href: paths.apps(), icon: AppWindow, key: 'a' },
  { name: 'Healing', href: paths.healing(), icon: HeartPulse, key: 'h' },
  { name: 'Logs', href: paths.logs(), icon: ScrollText, key: 'l' },
  { name: 'Graphs', href: paths.graphs(), icon: ChartLine, key: 'x' },
  { name: 'Checks', href: paths.checks(), icon: CircleCheck, key: 'c' },
  { name: 'Alerts', href: paths.alerts(), icon: BellRing, key: 'e' },
  { name: 'Map', href: paths.map(), icon: MapIcon, key: 'm' },
  { name: 'Traces', href: paths.traces(), icon: ChartNoAxesGantt, key: 'r' },
  { name: 'Deploy', href: paths.deploy(), icon: Rocket, key: 'd' },
  { name: 'Journal', href: paths.journal(), icon: Activity, key: 'j' },
  { name: 'Machines', href: paths.machines(), icon: Server, key: 'n' },
  { name: 'Settings', href: paths.settings(), icon: Settings, key: 's' },
] as const

export const isIn = (href: string, pathname: string) => (href === '/' ? pathname === '/' : pathname === href || pathname.startsWith(`${href}/`))
