import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { GRAPHQL_TRANSPORT_WS_PROTOCOL } from 'graphql-ws';
import { WebSocketServer } from 'ws';
import { isOriginAllowed } from '../security/originPolicy';
import { closeCodes } from './closeCodes';
import type { Proxies } from './proxies';
import { headerLines, type SecurityHeaders } from './securityHeaders';
import { SocketSession, type SocketSessionParts } from './socketSession';
import { startSocketSweep } from './socketSweep';

export type SocketServerParts = SocketSessionParts & {
  readonly proxies: Proxies;
  readonly corsOrigins: readonly string[];
  readonly securityHeaders: SecurityHeaders;
  readonly maxBehindMs: number;
  /** From now on, whoever loses authority loses it on their sockets. Returns what stops it. */
  readonly followAuthority: () => () => void;
};

export interface SocketServer {
  /** Closes every socket with 1012, so that clients come back to the next process; resolves when all are gone. */
  close(): Promise<void>;
}

/**
 * graphql-transport-ws at /graphql of an HTTP server. The order of protection, from the door inwards:
 *   path, the address that a proxy tells, Origin                                 here
 *   sockets an address, sockets without `connection_init`, subprotocol           socketSession.ts, connections.ts
 *   payload, messages a minute, backlog                                          socketSession.ts
 *   credentials, lockdown, sockets a user                                                  socketIdentity.ts
 *   time to `connection_init`, tokens' ends, slow readers, dead connections      socketSweep.ts
 *   operation id, operations a socket                                            socketAdmission.ts
 *   text size, tokens, syntax, rules, trust, transport, introspection, cost      security/admission.ts
 *   permission and rate of each field, for every reader who joins a stream       the schema itself (security/applyPermissions.ts)
 *   streams that one user opens                                                  streams/subscriptionHub.ts
 *   permission again: for every event that is executed for one reader; when authority is lost, for all that is shared
 *   masking of errors                                                            socketAdmission.ts
 */
export function attachSocketServer(httpServer: Server, parts: SocketServerParts): SocketServer {
  const { caps, connections, metrics, proxies } = parts;
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: caps.maxPayloadBytes,
    perMessageDeflate: false,
    // Of others the first is taken up: a client whose offer is left unanswered gives up (RFC 6455, 4.1) before it can be told why.
    handleProtocols: (protocols) => {
      const [first = false] = protocols;
      return protocols.has(GRAPHQL_TRANSPORT_WS_PROTOCOL) ? GRAPHQL_TRANSPORT_WS_PROTOCOL : first;
    },
  });
  const stopFollowing = parts.followAuthority();
  const stopSweep = startSocketSweep({
    connections,
    clock: parts.clock,
    caps,
    maxBehindMs: parts.maxBehindMs,
    onCapHit: (cap) => {
      metrics.socketCapHits.inc({ cap });
    },
  });

  const onUpgrade = (request: IncomingMessage, stream: Duplex, head: Buffer): void => {
    stream.on('error', destroy);
    const { origin, host } = request.headers;
    const address = proxies.addressOf(request);
    if (request.url?.split('?')[0] !== '/graphql') {
      refuseUpgrade(stream, '404 Not Found', parts.securityHeaders);
    } else if (address === null) {
      metrics.refusals.inc({ code: 'BAD_REQUEST', transport: 'ws' });
      refuseUpgrade(stream, '400 Bad Request', parts.securityHeaders);
    } else if (!isOriginAllowed({ origin, host, isEncrypted: proxies.isEncrypted(request) }, parts.corsOrigins)) {
      metrics.refusals.inc({ code: 'ORIGIN_NOT_ALLOWED', transport: 'ws' });
      refuseUpgrade(stream, '403 Forbidden', parts.securityHeaders);
    } else {
      sockets.handleUpgrade(request, stream, head, (socket) => {
        // From here on `ws` looks after its errors; two listeners would be kept in a list for each connection.
        stream.off('error', destroy);
        SocketSession.open(socket, parts, { stream, address });
      });
    }
  };
  httpServer.on('upgrade', onUpgrade);

  return {
    async close() {
      httpServer.off('upgrade', onUpgrade);
      stopSweep();
      stopFollowing();
      const gone = [...sockets.clients].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
      connections.closeAll(closeCodes.restart);
      await Promise.all(gone);
      sockets.close();
    },
  };
}

/** Not an arrow where the request is in reach: it would be kept as long as its connection. */
function destroy(this: Duplex): void {
  this.destroy();
}

function refuseUpgrade(stream: Duplex, status: string, headers: SecurityHeaders): void {
  // Whoever keeps their half open would hold the connection, and the end of the server, for ever.
  stream.once('finish', destroy);
  const lines = [`HTTP/1.1 ${status}`, 'Connection: close', 'Content-Length: 0', ...headerLines(headers), '', ''];
  stream.end(lines.join('\r\n'));
}
