import type { Manifest } from '#contract/manifest.ts'

/** The manifest as it holds in one environment: `environments.<name>` is laid over the services. Pure; applying it twice changes nothing. */
export function effectiveManifest(manifest: Manifest, environment: string): Manifest {
  const overrides = manifest.environments[environment]?.services ?? {}
  const services = Object.fromEntries(
    Object.entries(manifest.services).map(([name, service]) => {
      const over = overrides[name]
      if (over === undefined) return [name, service]
      return [
        name,
        {
          ...service,
          ...(over.scale === undefined ? {} : { scale: over.scale }),
          ...(over.domains === undefined ? {} : { domains: over.domains }),
          env: { ...service.env, ...over.env },
          resources: { ...service.resources, ...over.resources },
        },
      ]
    }),
  )
  return { ...manifest, services }
}
