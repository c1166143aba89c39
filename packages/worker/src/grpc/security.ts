import { timingSafeEqual } from 'node:crypto'
import { credentials, Metadata, ServerCredentials, type ChannelCredentials } from '@grpc/grpc-js'
import { SqlState, VolleyError } from '@volley/core'

/** How peers prove who they are; needed beyond loopback. */
export interface PeerSecurity {
  /** A secret that all peers share. */
  readonly token?: string
  /** Mutual TLS, PEM. */
  readonly tls?: { readonly ca: Uint8Array; readonly cert: Uint8Array; readonly key: Uint8Array }
}

export function clientCredentials({ tls }: PeerSecurity): ChannelCredentials {
  if (tls === undefined) return credentials.createInsecure()
  return credentials.createSsl(Buffer.from(tls.ca), Buffer.from(tls.key), Buffer.from(tls.cert))
}

export function serverCredentials({ tls }: PeerSecurity): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure()
  const pair = { private_key: Buffer.from(tls.key), cert_chain: Buffer.from(tls.cert) }
  return ServerCredentials.createSsl(Buffer.from(tls.ca), [pair], true)
}

export function clientMetadata({ token }: PeerSecurity): Metadata {
  const metadata = new Metadata()
  if (token !== undefined) metadata.set('authorization', `Bearer ${token}`)
  return metadata
}

export function isAuthorized(metadata: Metadata, { token }: PeerSecurity): boolean {
  if (token === undefined) return true
  const given = Buffer.from(String(metadata.get('authorization')[0] ?? ''))
  const wanted = Buffer.from(`Bearer ${token}`)
  return given.byteLength === wanted.byteLength && timingSafeEqual(given, wanted)
}

/** @throws VolleyError for an address beyond loopback without a token or TLS. */
export function checkListenAddress(listen: string, security: PeerSecurity): void {
  const host = listen.replace(/:\d+$/, '')
  const loopback = host === 'localhost' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host)
  if (loopback || security.token !== undefined || security.tls !== undefined) return
  throw new VolleyError(`a worker that listens on ${host} needs a token or TLS`, {
    code: SqlState.invalidParameterValue,
    hint: 'beyond loopback, peers authenticate',
  })
}
