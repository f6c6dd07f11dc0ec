import type { Objective, Slo } from '#contract/alerting.ts'

/** `99.9 % of requests succeed`, `99 % of answers within 500 ms`. */
export function objectiveWords({ kind, target, thresholdMs }: Pick<Objective, 'kind' | 'target' | 'thresholdMs'>): string {
  const share = `${Number((target * 100).toFixed(3))} %`
  return kind === 'availability' ? `${share} of requests succeed` : `${share} of answers within ${thresholdMs} ms`
}

/** `shop`, `shop/staging`, `shop/web`. */
export function sloName({ app, environment, service }: Pick<Slo, 'app' | 'environment' | 'service'>): string {
  return [app, ...(environment === 'production' ? [] : [environment]), ...(service === null ? [] : [service])].join('/')
}
