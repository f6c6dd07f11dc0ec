/** Commands on domains. A certificate is checked before it is kept: parses, belongs to its key, covers the host, is valid today. */
import { X509Certificate, createPrivateKey } from 'node:crypto'
import { AppError } from '#base/errors.ts'
import type { Actor } from '#contract/model.ts'
import { isOwnHost } from '#contract/names.ts'
import type { Database } from '#kernel/db/db.ts'
import { record } from '#kernel/journal.ts'
import type { SecretBox } from '#base/secretbox.ts'
import { lockEnvironment } from '#run/apps/commands.ts'
import { assertService } from '#run/apps/model.ts'
import { effectiveManifest } from '#run/manifest/effective.ts'
import { currentRelease } from '#run/releases/read.ts'
import * as commands from './commands.ts'
import { keyPlace } from './model.ts'

type Command = { app: string; environment: string; actor: Actor; now: Date }
export type NewDomain = { host: string; service: string; path: string; certificatePem?: string | undefined; keyPem?: string | undefined }
export type DomainService = ReturnType<typeof openDomains>

export function openDomains({ db, box }: { db: Database; box: SecretBox }) {
  return {
    async add({ app, environment, actor, now }: Command, domain: NewDomain): Promise<void> {
      const { host, service, path, certificatePem, keyPem } = domain
      if ((certificatePem === undefined) !== (keyPem === undefined)) throw new AppError('invalid', 'a certificate and its key go together; send both or neither')
      if (certificatePem !== undefined) checkCertificate(certificatePem, keyPem as string, host, now)
      if (isOwnHost(host)) throw new AppError('invalid', `${host}: names under .localhost are given by Nightshift; choose a domain of your own`)
      await db.transaction(async (tx) => {
        await lockEnvironment(tx, app, environment) // before the lock of domains, as a deploy does
        const release = await currentRelease(tx, app, environment)
        if (!release) throw new AppError('conflict', `${app} has no release in ${environment} to serve under ${host} yet (deploy it first: nightshift deploy)`)
        const known = effectiveManifest(release.manifest, environment).services
        assertService(Object.keys(known), service, app)
        await commands.insertDomain(tx, { host, path, app, environment, service, certificate_pem: certificatePem ?? null, sealed_key: keyPem === undefined ? null : box.seal(keyPem, keyPlace(host, path)), created_at: now })
        await record(tx, { at: now, kind: 'domain.added', actor, app, environment, service, summary: `${actor.name} put ${app}/${service} under ${host}${path}`, data: { host, path, certificate: certificatePem !== undefined } })
      })
    },
    async remove({ app, environment, actor, now }: Command, host: string): Promise<void> {
      await db.transaction(async (tx) => {
        if ((await commands.deleteDomain(tx, app, environment, host)) === 0) throw new AppError('not-found', `${app} has no domain ${host} that an operator added (see: nightshift domains -a ${app}; those of the manifest are changed there)`)
        await record(tx, { at: now, kind: 'domain.removed', actor, app, environment, summary: `${actor.name} took ${app} off ${host}`, data: { host } })
      })
    },
  }
}

function checkCertificate(certificatePem: string, keyPem: string, host: string, now: Date): void {
  let certificate: X509Certificate
  try {
    certificate = new X509Certificate(certificatePem)
  } catch (cause) {
    throw new AppError('invalid', 'the certificate is not PEM (it begins with -----BEGIN CERTIFICATE-----; put the chain after it)', { cause })
  }
  let matches: boolean
  try {
    matches = certificate.checkPrivateKey(createPrivateKey(keyPem))
  } catch (cause) {
    throw new AppError('invalid', 'the key is not a private key in PEM without a passphrase', { cause })
  }
  if (!matches) throw new AppError('invalid', 'the key does not belong to the certificate')
  const probe = host.startsWith('*.') ? `any.${host.slice(2)}` : host
  if (certificate.checkHost(probe) === undefined) throw new AppError('invalid', `the certificate does not cover ${host}; it is for ${certificate.subjectAltName ?? certificate.subject}`)
  if (new Date(certificate.validTo) < now) throw new AppError('invalid', `the certificate ended on ${certificate.validTo}`)
}
