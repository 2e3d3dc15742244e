/** TLS 1.3 with the cluster key as pre-shared key, and with nothing else: no certificate is presented or accepted. */
import type { Socket } from 'node:net';
import {
  type ConnectionOptions,
  connect,
  createSecureContext,
  TLSSocket,
  type TLSSocketOptions,
} from 'node:tls';
import { type ClusterKey, derivedKey } from './key.ts';

const PSK_IDENTITY = 'vmft';

/** Shared by all sockets: making one takes 1 ms. Without certificates, whose loading takes 30 ms. */
const secureContext = createSecureContext({
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  ciphers: 'TLS_AES_128_GCM_SHA256',
  ca: [],
});

/** The server's end of TLS on an accepted socket. */
export function secureAccepted(socket: Socket, key: ClusterKey): TLSSocket {
  const psk = derivedKey(key, 'links');
  // What tls.Server does with each socket; the types lack the callback.
  const options: TLSSocketOptions & { pskCallback(socket: TLSSocket, identity: string): Uint8Array | null } =
    {
      isServer: true,
      secureContext,
      pskCallback: (_, identity) => (identity === PSK_IDENTITY ? psk : null),
    };
  return new TLSSocket(socket, options);
}

/** Connects to an address; `secureConnect` is emitted once both ends have shown that they have the key. */
export function secureConnect(address: string, port: number, key: ClusterKey): TLSSocket {
  const psk = derivedKey(key, 'links');
  const options: ConnectionOptions = {
    host: address,
    port,
    secureContext,
    servername: '',
    pskCallback: () => ({ psk, identity: PSK_IDENTITY }),
    // An environment variable can change the default.
    rejectUnauthorized: true,
    // A server that presents a certificate, valid or not, has not shown the key.
    checkServerIdentity: (_, certificate) =>
      Object.keys(certificate ?? {}).length > 0
        ? new Error('the peer presents a certificate in place of the key')
        : undefined,
  };
  return connect(options);
}

const IN_WORDS: Readonly<Record<string, string>> = {
  // The server's and the client's view of the same failure.
  ERR_SSL_BINDER_DOES_NOT_VERIFY: 'the peer has another cluster key',
  ERR_SSL_SSLV3_ALERT_ILLEGAL_PARAMETER: 'the peer has another cluster key',
  ERR_SSL_NO_SUITABLE_SIGNATURE_ALGORITHM: 'the peer offers no cluster key',
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: 'the peer does not take a cluster key',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the peer does not speak TLS',
  ERR_SSL_HTTP_REQUEST: 'the peer speaks HTTP',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'the peer does not speak TLS 1.3',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'the peer does not speak TLS 1.3',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the peer presents a certificate in place of the key',
  SELF_SIGNED_CERT_IN_CHAIN: 'the peer presents a certificate in place of the key',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the peer presents a certificate in place of the key',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the peer presents a certificate in place of the key',
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the peer closed the connection',
  ETIMEDOUT: 'the peer does not answer',
  EHOSTUNREACH: 'there is no route to the address',
  ENETUNREACH: 'there is no route to the address',
  ENOTFOUND: 'there is no such address',
};

/** Why a socket failed, for users. Codes without words of their own are given as they are. */
export function socketErrorInWords(error: NodeJS.ErrnoException & { reason?: string }): string {
  if (/^Client network socket disconnected/.test(error.message)) return 'the peer closed the connection';
  const { code = error.message, reason } = error;
  return IN_WORDS[code] ?? (code.startsWith('ERR_SSL_') ? `TLS failed: ${reason ?? code}` : code);
}
