import type { GraphQLSchema } from 'graphql';
import type { Admission } from '../security/admission';
import { limits } from '../security/limits';
import { SubscriptionHub } from '../streams/subscriptionHub';
import { BurstBuffer } from './burstBuffer';
import { Connections } from './connections';
import { DocumentExecutor } from './documentExecutor';
import { Flusher } from './flusher';
import type { ServerParts } from './serverParts';
import type { SharedFrame } from './sharedFrame';
import { SocketAdmission } from './socketAdmission';
import { SocketIdentity } from './socketIdentity';
import { SocketOperations } from './socketOperations';
import { createSocketProtocol } from './socketProtocol';
import type { SocketServerParts } from './socketServer';
import { SubscriptionPlans } from './subscriptionPlan';

const { stream: streamLimits } = limits;

/** Puts together what serves the sockets. guarded: what the schema became with its guards. */
export function createSocketParts(
  parts: ServerParts,
  guarded: { readonly schema: GraphQLSchema; readonly admission: Admission },
): Omit<SocketServerParts, 'proxies'> {
  const { main, streams, services, tokens, lockdown, access, logger, metrics } = parts;
  const { caps } = streams;
  const connections = new Connections(caps);
  const admission = new SocketAdmission({ ...guarded, services, caps, logger, metrics });
  const hub = new SubscriptionHub<SharedFrame>({
    ringBounds: { maxEntries: streamLimits.maxReplayEvents, maxBytes: streamLimits.maxReplayBytes },
    keptBounds: { maxEntries: streamLimits.maxBehindEvents, maxBytes: streamLimits.maxBehindBytes },
    onPayerFull: () => {
      metrics.socketCapHits.inc({ cap: 'groupsPerUser' });
    },
    maxGroupsPerPayer: streamLimits.maxGroupsPerUser,
    onGroups: (count) => {
      metrics.streamGroups.set(count);
    },
  });
  const operations = new SocketOperations({
    admission,
    hub,
    plans: new SubscriptionPlans(main),
    executor: new DocumentExecutor(main.schema),
    table: main.table,
    settings: access,
    services,
    isShared: streams.sharedExecution,
    metrics,
  });
  const identity = new SocketIdentity({
    tokens,
    connections,
    lockdown,
    metrics,
    reassess: (connection) => {
      operations.reassess(connection);
    },
  });
  return {
    protocol: createSocketProtocol({ admission, identity }),
    connections,
    operations,
    identity,
    flusher: new Flusher(streams.flushWindowMs),
    burst: new BurstBuffer(),
    caps,
    clock: access.clock,
    logger,
    metrics,
    corsOrigins: parts.http.corsOrigins,
    securityHeaders: parts.http.headers,
    maxBehindMs: streamLimits.maxBehindMs,
    followAuthority: () => {
      const stops = [
        parts.authority.subscribe((change) => {
          identity.apply(change);
        }),
        lockdown.subscribe((level) => {
          if (level === 'FULL') identity.lock();
        }),
      ];
      return () => {
        for (const stop of stops) stop();
      };
    },
  };
}
