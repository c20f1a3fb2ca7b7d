import { generate } from 'selfsigned'
import { LOOPBACK } from '../src/listening.ts'

export interface Certificate {
  readonly certPem: string
  readonly keyPem: string
}

const DAY_MS = 24 * 60 * 60_000

/** A self-signed certificate for servers on this machine, valid for 30 days from yesterday (clocks differ). */
export async function selfSignedCertificate(domains: readonly string[] = []): Promise<Certificate> {
  const names = ['localhost', ...domains].map((value) => ({ type: 2 as const, value }))
  const addresses = [LOOPBACK, '::1'].map((ip) => ({ type: 7 as const, ip }))
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(Date.now() - DAY_MS),
    notAfterDate: new Date(Date.now() + 30 * DAY_MS),
    extensions: [
      // Clients trust this very certificate, so it has to be its own authority.
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'subjectAltName', altNames: [...names, ...addresses] },
    ],
  })
  return { certPem: cert, keyPem: key }
}
