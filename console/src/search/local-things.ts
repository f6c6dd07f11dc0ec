/** What the console itself has to offer, ranked as the server ranks: rooms, parts of apps, things to do. Pure. */
import type { AppSummary } from '#contract/model.ts'
import { rank } from '#contract/ranking.ts'
import { appTabs, paths } from '../paths.ts'

export type AppPart = { app: string; environment: string; tab: string; href: string }

export function partsOf(apps: readonly AppSummary[], text: string, most = 8): AppPart[] {
  const parts = apps.flatMap(({ name, environment }) => appTabs.filter((tab) => tab !== 'overview').map((tab) => ({ app: name, environment, tab, href: paths.app(name, environment, tab) })))
  return rank(parts, text, (part) => ({ title: `${part.app} ${part.tab}`, context: [part.environment] })).slice(0, most).map(({ item }) => item)
}

export function restartable(apps: readonly AppSummary[], text: string, most = 5): AppSummary[] {
  return rank([...apps], text, (app) => ({ title: `restart ${app.name}`, context: [app.environment] })).slice(0, most).map(({ item }) => item)
}

/** With nothing typed, all of them. */
export function named<T extends { name: string }>(things: readonly T[], text: string): T[] {
  return text.trim() === '' ? [...things] : rank(things, text, ({ name }) => ({ title: name })).map(({ item }) => item)
}
