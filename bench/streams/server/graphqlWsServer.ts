import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { OperationCost } from '../../../src/security/requestContext';
import type { GraphqlContext } from '../../../src/graphql/context';
import { applyPermissions } from '../../../src/security/applyPermissions';
import { authenticate, rateKeyOf } from '../../../src/security/authentication';
import { Lockdown } from '../../../src/security/lockdown';
import type { Assembly } from './assembly';
import { benchTable, buildBenchSchema } from './schema';

/** graphql-ws as its documentation sets it up, over the same schema; `isGuarded`: with the same tokens, rules and rates. */
export function startGraphqlWsServer(assembly: Assembly, isGuarded: boolean): Promise<number> {
  const { services, rateLimiter, costLimiter, tokens } = assembly;
  const access = { publicMarketData: false, introspection: true, clock: Date.now };
  const denials = { record: () => Promise.resolve() };
  const lockdown = new Lockdown({ clock: Date.now });
  const schema = buildBenchSchema();
  const http = createServer();
  const wss = new WebSocketServer({ server: http, path: '/graphql', perMessageDeflate: false });
  const nobody = { principal: null, rateKey: 'ip:127.0.0.1' };
  useServer<{ readonly authorization?: string }, { identity?: Pick<GraphqlContext, 'principal' | 'rateKey'> }>(
    {
      schema: isGuarded
        ? applyPermissions(schema, { table: benchTable, settings: access, rateLimiter, costLimiter, lockdown, denials })
        : schema,
      onConnect: async ({ connectionParams, extra }) => {
        const request = {
          ip: '127.0.0.1',
          method: 'GET',
          path: '/graphql',
          headers: { ...connectionParams },
          body: null,
        };
        const principal = isGuarded ? await authenticate(request, tokens) : null;
        extra.identity = { principal, rateKey: rateKeyOf(principal, '127.0.0.1') };
      },
      context: ({ extra }): GraphqlContext => ({
        ...(extra.identity ?? nobody),
        ip: '127.0.0.1',
        userAgent: null,
        transport: 'ws',
        requestId: randomUUID(),
        cost: new OperationCost(),
        services,
      }),
    },
    wss,
  );
  return new Promise((resolve) => {
    http.listen(0, '127.0.0.1', () => {
      resolve((http.address() as AddressInfo).port);
    });
  });
}
