import type { CallInput } from '#contract/endpoints.ts'
import type { LogFilter } from '../paths.ts'

export type LogQuery = Pick<NonNullable<CallInput<'logs.list'>['query']>, 'app' | 'environment' | 'service' | 'instance' | 'text' | 'level'>

export const levels = ['debug', 'info', 'warn', 'error'] as const

/** The filter in the address as the API's question; what is not there is not asked. */
export function queryOf(filter: LogFilter): LogQuery {
  const level = levels.find((one) => one === filter.level)
  return {
    ...(filter.app === undefined ? {} : { app: filter.app, environment: filter.env ?? 'production' }),
    ...(filter.service === undefined ? {} : { service: filter.service }),
    ...(filter.instance === undefined ? {} : { instance: filter.instance }),
    ...(filter.q === undefined ? {} : { text: filter.q }),
    ...(level === undefined ? {} : { level }),
  }
}
