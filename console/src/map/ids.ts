/** Names of what stands on the map; they are also what `select` in the address says. */
export const groupId = (app: string, environment: string) => `${app}/${environment}`
export const serviceId = (app: string, environment: string, service: string) => `${app}/${environment}/${service}`
export const ingressId = (app: string, environment: string) => `${app}/${environment}/:ingress`
export const machineId = (name: string) => `machine/${name}`
/** The name under which a folded app stands in place of its services. */
export const folded = ':all'
